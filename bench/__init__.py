"""How much Nabat takes in, measured: see README.md here."""
