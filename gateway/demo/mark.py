"""What invented people and a filled database are known by; nothing is ever really sent to such a person."""

# .example is reserved (RFC 2606): nobody can be reached there, so nobody real has such an address.
DOMAIN = "nabat-demo.example"
FACT = "demo"  # the row of `fact` that says a database was filled, and when


def is_invented(who: str) -> bool:
    """Whether a recipient, given by e-mail address, belongs to the demo data."""
    host = who.lower().rpartition("@")[2]
    return host == DOMAIN or host.endswith(f".{DOMAIN}")
