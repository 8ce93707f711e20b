"""E-mail addresses: what one may look like, how the network writes it, and which is ours."""

import re
from collections.abc import Mapping
from email.utils import parseaddr

from rules.texts.text import clean_text, one_line

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,255}")
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*", re.ASCII)


def check(address: str, _env: Mapping[str, str], /) -> str:
    if not _ADDRESS.fullmatch(address) or ".." in address or address.startswith("."):
        return "this is not an e-mail address: name@host is wanted"
    try:
        domain = plain_address(address).rpartition("@")[2]
    except UnicodeError:
        domain = ""
    return "" if _DOMAIN.fullmatch(domain) else "this is not an e-mail address: its host is none"


def sender_of(env: Mapping[str, str]) -> tuple[str, str]:
    """Our name and our address."""
    name, sender = parseaddr(env["NABAT_MAIL_FROM"])
    return one_line(clean_text(name)) or "Nabat", sender


def host_of(address: str) -> str:
    return plain_address(address).rpartition("@")[2]


def plain_address(address: str) -> str:
    """The address with its host as the network writes it: пример.рф is xn--e1afmkfd.xn--p1ai."""
    name, _, host = address.rpartition("@")
    return f"{name}@{host.encode('idna').decode()}"
