"""The rule book in force: its files, who wrote them, how they are looked at and tested."""
