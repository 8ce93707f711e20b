"""Demo data (`./nabat up --demo`): an invented firm and its last 30 days, played through the real flows."""
