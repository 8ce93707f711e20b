"""The way out: what a message looks like, and how a connection to somebody else's server is opened."""
