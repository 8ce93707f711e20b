"""A rule book is tried before it decides: explained, tested, compared, looked through for what is doubtful."""
