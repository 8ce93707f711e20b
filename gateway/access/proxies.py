"""What a proxy in front of us says about the visitor, believed only of the proxies that are named in the settings."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

NETWORK = 64  # bits of an IPv6 address that name the network; the rest everybody chooses freely
Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


class TrustedProxies:
    """WSGI middleware: puts the visitor's own address, scheme and host in the place of a trusted proxy's."""

    def __init__(self, app: Wsgi, trusted: Iterable[str]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(one, strict=False) for one in trusted]

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if self._networks and self._is_trusted(environ.get("REMOTE_ADDR", "")):
            self._believe(environ)
        return self._app(environ, start_response)

    def _believe(self, environ: Environ) -> None:
        """The address nearest to us that is no proxy of ours: what stands before it the visitor may have made up."""
        chain = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        for address in reversed(chain):
            if not _is_address(address):
                break
            environ["REMOTE_ADDR"] = address
            if not self._is_trusted(address):
                break
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[-1].strip()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = environ.get("HTTP_X_FORWARDED_HOST", "").split(",")[-1].strip()
        if host:
            environ["HTTP_HOST"] = host

    def _is_trusted(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def visitor(address: str) -> str:
    """What one visitor has one of, for counting: an IPv4 address, but of IPv6 a network, since everybody has 2^64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found.packed, NETWORK), strict=False))


def _is_address(text: str) -> bool:
    """An IPv6 address may carry a zone (%eth0), which is any text at all: what comes over a network has none."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
