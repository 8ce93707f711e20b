"""The description of HTTP for programs (OpenAPI 3.1), room by room, as data."""
