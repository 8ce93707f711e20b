"""Doors for machines: bytes come in, are checked, and are answered. What they mean is decided further down."""
