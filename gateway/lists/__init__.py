"""Lists of incidents: what one is asked for, what that means today, and which incidents it means."""
