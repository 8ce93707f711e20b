"""Which addresses we may talk to, and what is wrong with one that somebody entered. Opens no connection."""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

from rules.texts.text import safe_url

# Inside the real Internet's half of IPv6, these carry an IPv4 address in disguise (6to4, Teredo). Python calls 6to4 and
# NAT64 (64:ff9b::/96) global; NAT64 lies outside 2000::/3, as do mapped and compatible addresses.
_UNICAST = ipaddress.ip_network("2000::/3")
_DISGUISES = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
# Nobody's: the relays of 6to4 (RFC 7526), and addresses of documents (RFC 9637), which Python calls global.
_NOWHERE = (ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("3fff::/20"))
# What the hosts file of many a machine calls itself, beside localhost.
_ITSELF = ("localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "loopback")
_DOTS = "\u3002\uff0e\uff61"  # IDNA reads these as dots
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)


WEB, UNPRIVILEGED = (80, 443), 1024  # what people enter may not make us knock at a mail server


class ForbiddenAddress(Exception):
    """The name leads where we do not go: into a private network."""


def private_hosts(env: Mapping[str, str]) -> frozenset[str]:
    """The hosts that the administrator named as ours: private addresses and plain http are fine there."""
    names = re.split(r"[,\s]+", env.get("NABAT_ALLOW_PRIVATE_HOSTS", ""))
    return frozenset(plain_host(name) for name in names if name)


def plain_host(host: str) -> str:
    """A host's name as two writings of it compare: small letters, no brackets, no last dot."""
    return host.strip("[]").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Whether the name itself says: this machine."""
    try:
        return ipaddress.ip_address(plain_host(host)).is_loopback
    except ValueError:
        return plain_host(host) == "localhost" or plain_host(host).endswith(".localhost")


def is_public(address: str) -> bool:
    """Whether the address is somewhere on the Internet, in no disguise."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if parsed not in _UNICAST or any(parsed in disguise for disguise in _DISGUISES):
            return False
    if any(parsed in nowhere for nowhere in _NOWHERE):
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def permitted(
    host: str, addresses: list[str], *, allow_private: Collection[str] = (), loopback: bool = True
) -> list[str]:
    """The addresses, if all of them may be talked to. `loopback` is false for what people enter."""
    if plain_host(host) in allow_private:
        return addresses
    for address in addresses:
        own = loopback and is_loopback(host) and ipaddress.ip_address(address).is_loopback
        if not own and not is_public(address):
            raise ForbiddenAddress(f"{host} is a private address; name it in NABAT_ALLOW_PRIVATE_HOSTS to allow it")
    return addresses


def check_url(url: str, *, allow_private: Collection[str] = (), loopback: bool = False) -> str:
    """What is wrong with a web address that somebody entered, in words; empty if nothing. Connects to nothing."""
    if not safe_url(url):
        return "this is not a web address: https://host/path is wanted, without spaces"
    parts = urlsplit(url)
    host = plain_host(parts.hostname or "")
    trusted = host in allow_private or (loopback and is_loopback(host))
    wrong = _check_parts(parts) or _check_host(host, trusted) or _check_scheme(parts, trusted)
    return wrong or ("" if trusted or loopback else _check_port(parts.port or 443))


def _check_parts(parts: SplitResult) -> str:
    if "@" in parts.netloc:
        return "a user name or password does not belong into the address"
    if parts.netloc.endswith(":") or parts.port == 0:
        return "the port is a number from 1 to 65535"
    return ""


def _check_port(port: int) -> str:
    return "" if port in WEB or port >= UNPRIVILEGED else "this port belongs to another service than the web"


def _check_scheme(parts: SplitResult, trusted: bool) -> str:
    if parts.scheme != "https" and not trusted:
        return "the address must begin with https:// (http:// only for hosts named in NABAT_ALLOW_PRIVATE_HOSTS)"
    return ""


def _check_host(host: str, trusted: bool) -> str:
    if any(dot in host for dot in _DOTS) or unicodedata.normalize("NFKC", host) != host:
        return "the host name has letters that only look like others"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _check_name(host, trusted)
    return "" if trusted or is_public(host) else "this is a private address; NABAT_ALLOW_PRIVATE_HOSTS can allow it"


def _check_name(host: str, trusted: bool) -> str:
    # Old programs read 2130706433, 0x7f.1 and 127.1 as addresses; a name never ends in a number.
    last = host.rpartition(".")[2]
    if last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last, re.ASCII):  # decimal: of any script
        return "an address in numbers is written as four of them: 192.0.2.1"
    try:
        name = host.encode("idna").decode()
    except UnicodeError:
        return "this is not a host name"
    if not _HOST_NAME.fullmatch(name):
        return "this is not a host name"
    if not trusted and (is_loopback(host) or host in _ITSELF):
        return "this name means the gateway's own machine; NABAT_ALLOW_PRIVATE_HOSTS can allow it"
    return ""
