"""One request over one connection to addresses that were checked: what `requests` does for us, led by us."""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from gateway import crashpoint
from gateway.outward.dialing import SILENCE, Deadline, trust, words_of


class Unfit(ValueError):
    """No request can be made of this; nothing was sent."""


class NoAnswer(Exception):
    """The connection was not made, or broke off before a status came."""


@dataclass(slots=True)
class Way:
    """Checked addresses, and until when one of them is to answer."""

    found: list[str]
    limit: Deadline
    connected: bool = False  # from then on the provider may have acted


class Call:
    """`content` is what `requests` names json, data, auth and params. Raises Unfit."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str], content: Mapping[str, Any]) -> None:
        try:
            self._request = requests.Request(method, url, headers=dict(headers), **content).prepare()
            # the connection goes by this, so the check does too
            target = urllib3.util.parse_url(str(self._request.url))
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as problem:
            raise Unfit(words_of(problem)) from problem
        self.host, self.port = str(target.host), target.port or (443 if target.scheme == "https" else 80)

    def carry_out(self, way: Way, room: int) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and at most `room` bytes of the body. Raises NoAnswer."""
        patience = min(SILENCE, way.limit.left())
        try:
            response = _Adapter(way).send(self._request, stream=True, timeout=patience)
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as problem:
            reason = f"no answer from {self.host}" if way.connected else f"cannot connect to {self.host}"
            raise NoAnswer(f"{reason}: {words_of(problem)}") from problem
        with response:
            return response.status_code, CaseInsensitiveDict(response.headers), _read(response, room)


def _read(response: requests.Response, room: int) -> bytes:
    """The beginning of the body as it was sent, never unpacked; what breaks off is as good as what ends."""
    body = bytearray()
    try:
        while len(body) < room:
            piece = response.raw.read1(room - len(body), decode_content=False)
            if not piece:
                break
            body += piece
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError):
        return bytes(body)  # the status has come: the provider has decided
    return bytes(body)


class _Adapter(HTTPAdapter):
    def __init__(self, way: Way) -> None:
        super().__init__(max_retries=0)
        self._way = way

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> HTTPConnectionPool:
        target = urllib3.util.parse_url(str(request.url))
        if target.scheme == "https":
            return _SecurePool(str(target.host), target.port, ssl_context=trust(), way=self._way)
        return _PlainPool(str(target.host), target.port, way=self._way)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to do: the pool's TLS context verifies, always."""


class _ToChecked:
    """A connection that goes to a checked address, whatever its host's name would resolve to now."""

    def __init__(self, *place: Any, way: Way, **options: Any) -> None:
        super().__init__(*place, **options)
        self._way = way

    def _new_conn(self) -> socket.socket:
        return self._way.limit.connect(self.port, self._way.found)  # type: ignore[attr-defined]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._way.connected = True

    def getresponse(self) -> Any:
        crashpoint.passing("sent")
        return super().getresponse()  # type: ignore[misc]


class _Plain(_ToChecked, HTTPConnection):
    pass


class _Secure(_ToChecked, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure
