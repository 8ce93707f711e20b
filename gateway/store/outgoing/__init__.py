"""What goes out and what comes back of it: promised, leased, settled, received."""
