"""The public status page as rows: whether there is one, its components, and what was published."""
