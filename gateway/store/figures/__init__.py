"""Figures of a period: counted from rows or read from sums."""
