"""Watching our own work: the audit log, the ledger, signs of life."""
