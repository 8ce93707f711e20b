"""What providers tell us afterwards: receipts, and answers given there; each with its signature."""
