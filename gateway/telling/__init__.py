"""What somebody is told, by which way instead, and why: from an incident to the facts of a message."""
