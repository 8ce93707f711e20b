"""How statements go to the database: many rows at once, several in one piece, one after another in one order."""
