"""What people do, on pages and by programs, beside the few actions that every incident knows."""
