"""Addresses of services: their names come from senders and may be anything, so odd ones are written otherwise."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

PLAIN = re.compile(r"[^\W_][\w .:@+-]*")  # what browsers and proxies leave as it is


def slug(name: str) -> str:
    if PLAIN.fullmatch(name):
        return quote(name)
    return "~" + urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def name_of(text: str) -> str:
    """Empty for what no address of ours says."""
    if not text.startswith("~"):
        return text
    try:
        return urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)).decode()
    except (binascii.Error, ValueError):  # typed by hand
        return ""


def service_url(name: str) -> str:
    return f"/services/{slug(name)}"
