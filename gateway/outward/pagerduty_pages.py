"""Where PagerDuty shows one of its incidents to people: an address that it gave, and that is really its own."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

HOME = "https://api.pagerduty.com"
SERVED = ("api.", "events.")  # what an address for programs has before the name that accounts are under
LONGEST = 300  # characters
_PLAIN = re.compile(r"https://[A-Za-z0-9.-]+/[A-Za-z0-9/._~-]+")


def page_of(given: object, env: Mapping[str, str]) -> str:
    """The address if it is https and under the name at which we ask PagerDuty; else nothing.

    >>> page_of("https://acme.pagerduty.com/incidents/Q2F7X1", {})
    'https://acme.pagerduty.com/incidents/Q2F7X1'
    >>> page_of("https://acme.pagerduty.com.evil.example/incidents/Q2F7X1", {})
    ''
    """
    if not isinstance(given, str) or len(given) > LONGEST or not _PLAIN.fullmatch(given):
        return ""
    host = urlsplit(given).hostname or ""
    home = _home(env.get("NABAT_PAGERDUTY_API_URL") or HOME)
    return given if home and (host == home or host.endswith(f".{home}")) else ""


def _home(address: str) -> str:
    """pagerduty.com of https://api.pagerduty.com, eu.pagerduty.com of https://api.eu.pagerduty.com."""
    host = urlsplit(address).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return next((host.removeprefix(one) for one in SERVED if host.startswith(one)), host)
    return ""
