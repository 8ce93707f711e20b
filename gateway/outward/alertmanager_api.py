"""Alertmanager's own API: all that fires there, silenced or not, and since when it is up. Read whole or not at all."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from gateway.loader import BadJson, load
from gateway.outward.outbound import Answer, How, TemporaryFailure, ask, judge

DEADLINE = 30.0  # seconds for one request: a list of many thousands takes its time
ROOM = 32 * 1024 * 1024  # bytes of a list: some 30,000 alerts
ROOM_OF_STATUS = 4 * 1024 * 1024  # its whole configuration stands in it
ALL = "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true"
SETTLED = ("ready", "disabled")  # states of its cluster in which it knows what its peers know


@dataclass(frozen=True, slots=True)
class Seen:
    """What one Alertmanager says."""

    alerts: list[dict[str, Any]]
    up_for: timedelta | None  # by its own clock; none if it does not say
    settled: bool


def look(url: str, secret: Mapping[str, str], allow_private: Collection[str], deadline: float = DEADLINE) -> Seen:
    """Raises TemporaryFailure or PermanentFailure. `secret`: a bearer token, or user and password, or nothing."""

    def get(path: str, room: int) -> tuple[Answer, Any]:
        headers = {"Authorization": f"Bearer {secret['bearer']}"} if "bearer" in secret else {}
        auth: Any = {"auth": (secret["user"], secret["password"])} if "user" in secret else {}
        answer = judge(
            ask(url.rstrip("/") + path, how=How("GET", room), allow_private=allow_private, loopback=False,
                deadline=deadline, headers=headers, **auth),
            quote=False,
        )  # fmt: skip
        try:
            return answer, load(answer.body)
        except BadJson as problem:
            raise TemporaryFailure(f"{path.partition('?')[0]}: the answer cannot be read") from problem

    answer, status = get("/api/v2/status", ROOM_OF_STATUS)  # first: a list must not be older than what vouches for it
    _, alerts = get(ALL, ROOM)
    if not isinstance(status, dict) or not isinstance(alerts, list) or not all(map(_is_alert, alerts)):
        raise TemporaryFailure("this is not Alertmanager's API")
    cluster = status.get("cluster")
    state = cluster.get("status") if isinstance(cluster, dict) else None
    return Seen(alerts, _up_for(status.get("uptime"), answer),
                state in SETTLED)  # fmt: skip


def _is_alert(item: Any) -> bool:
    name = item.get("fingerprint") if isinstance(item, dict) else None
    return isinstance(name, str) and re.fullmatch(r"[0-9A-Za-z]{1,64}", name) is not None


def _up_for(since: Any, answer: Answer) -> timedelta | None:
    """Both times are its own, so that a difference between its clock and ours plays no part."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")) - datetime.fromisoformat(since)
    except (ValueError, TypeError):  # no date, or none with a zone
        return None
