"""What keeps us quiet: silences, maintenance windows, and bigger alerts that inhibit smaller ones."""
