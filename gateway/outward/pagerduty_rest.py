"""PagerDuty's own library, led through our one way out, and what we ask its REST API for: to look and to change."""

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

import httpx2
from pagerduty import HttpError, RestApiV2Client

from gateway.outward.outbound import DEADLINE, LONGEST_BODY, How, TemporaryFailure, ask, judge, private_hosts
from rules.senders.drift import Theirs
from rules.texts.text import clean_text, cut, one_line

REAL = "https://api.pagerduty.com"
PAGE = 100  # incidents of one answer: the most there are
ROOM = 8 * 1024 * 1024  # bytes of one such answer
LONGEST_NAME = 100  # characters of a person's name
KEPT = ("Authorization", "Accept", "From", "Content-Type")  # headers of the library that go out
PERSONS = ("user", "user_reference")


class Transport(httpx2.BaseTransport):
    """Leads the library's requests through the one way out, which owns deadline, size, address check and verdict.

    So the library never sees a failure it would wait for and repeat, whatever its settings. `deadline` is for all
    requests together; one of them never takes longer than any other call of ours.
    """

    def __init__(self, base: str, env: Mapping[str, str], deadline: float, room: int = LONGEST_BODY) -> None:
        self._base = base.rstrip("/")
        self._allowed = private_hosts(env)
        self._end = time.monotonic() + deadline
        self._room = room

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TemporaryFailure("no answer in time")
        answer = judge(
            ask(
                self._base + request.url.raw_path.decode("ascii"),
                how=How(request.method, self._room),
                data=request.read(),
                headers={name: request.headers[name] for name in KEPT if name in request.headers},
                allow_private=self._allowed,
                deadline=min(left, DEADLINE),
            )
        )
        made = httpx2.Response(answer.status, content=json.dumps(answer.said()).encode())
        made.elapsed = timedelta(seconds=answer.seconds)  # the library reports it
        return made


def tame(client: Any) -> None:
    """Repeating belongs to us. The transport raises before any of this counts; 429: 0 would mean "for ever"."""
    client.max_network_attempts = 0
    client.max_http_attempts = -1
    client.retry = dict.fromkeys((429, 500, 502, 503, 504), 1)


class Rest:
    """A conversation with the REST API, `pace` seconds between requests. Raises TemporaryFailure, PermanentFailure."""

    def __init__(self, env: Mapping[str, str], deadline: float = DEADLINE, pace: float = 0.0) -> None:
        self._pace, self._asked = pace, False
        transport = Transport(env.get("NABAT_PAGERDUTY_API_URL") or REAL, env, deadline, ROOM)
        sender = env.get("NABAT_PAGERDUTY_FROM") or None
        key = env["NABAT_PAGERDUTY_API_KEY"]
        self._client = RestApiV2Client(key, default_from=sender, transport=transport, trust_env=False)
        tame(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._client.close()

    def open_ones(self, offset: int) -> tuple[list[Theirs], bool]:
        """A page of all that is open there, whosever it is, the newest first; whether there are more."""
        said = self._get(
            "/incidents",
            {"statuses[]": ["triggered", "acknowledged"], "date_range": "all", "sort_by": "created_at:desc"},
            limit=PAGE, offset=offset,
        )  # fmt: skip
        return _incidents(said), said.get("more") is True

    def of_key(self, key: str) -> list[Theirs]:
        """All with this deduplication key, whatever their state, one or more on each service that was told."""
        asked = {"incident_key": key, "date_range": "all", "include[]": ["escalation_policies"]}
        return _incidents(self._get("/incidents", asked, limit=PAGE))

    def keys_of(self, service: str) -> set[str]:
        """The integration keys of a service."""
        said = _map(self._get(f"/services/{service}", {"include[]": ["integrations"]}).get("service"))
        found = said.get("integrations")
        keys = [_map(one).get("integration_key") for one in found] if isinstance(found, list) else []
        return {key for key in keys if isinstance(key, str) and key}

    def change(self, incident: str, values: Mapping[str, Any]) -> None:
        """Status or escalation_level, both absolute, so that a repeat does nothing more."""
        self._ask("PUT", f"/incidents/{incident}", json={"incident": {"type": "incident_reference", **values}})

    def _get(self, path: str, params: dict[str, Any], **more: int) -> dict[str, Any]:
        return self._ask("GET", path, params={**params, **more})

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        if self._asked and self._pace:
            time.sleep(self._pace)
        self._asked = True
        try:
            said = self._client.request(method, path, **content).json()
        except HttpError as problem:  # the transport has judged already: this would be the library's own idea
            raise TemporaryFailure(f"PagerDuty's library gave up: {type(problem).__name__}") from problem
        if not isinstance(said, dict) or not said:
            raise TemporaryFailure("an answer that cannot be read")
        return said


def _incidents(said: Mapping[str, Any]) -> list[Theirs]:
    """What is no list of incidents is no answer: nobody may take it for "there is nothing"."""
    found = said.get("incidents")
    if not isinstance(found, list):
        raise TemporaryFailure("an answer without incidents")
    return [one for item in found if (one := _incident(_map(item))) is not None]


def _incident(item: Mapping[str, Any]) -> Theirs | None:
    id_, created = _word(item.get("id")), _moment(item.get("created_at"))
    if not id_ or created is None:
        return None
    status = _word(item.get("status"))
    changed, by = _moment(item.get("last_status_change_at")), _person(item.get("last_status_change_by"))
    if status == "acknowledged":
        changed, by = _acknowledged(item.get("acknowledgements")) or (changed, "")
    rules = _map(item.get("escalation_policy")).get("escalation_rules")
    return Theirs(
        id_, _word(_map(item.get("service")).get("id")), _text(item.get("incident_key")), status, created,
        changed or created, by, len(rules) if isinstance(rules, list) else 0,
        _text(item.get("html_url")),
    )  # fmt: skip


def _acknowledged(given: Any) -> tuple[datetime | None, str] | None:
    """When a person did, the last one, and who it was; acknowledgements of programs, ours too, are nobody's answer."""
    found = [_map(one) for one in given] if isinstance(given, list) else []
    by_persons = [(_moment(one.get("at")), _person(one.get("acknowledger"))) for one in found]
    return next((one for one in reversed(by_persons) if one[0] is not None and one[1]), None)


def _person(given: Any) -> str:
    whom = _map(given)
    if whom.get("type") not in PERSONS:
        return ""
    name = _text(whom.get("summary")) or _text(whom.get("name"))
    return cut(one_line(clean_text(name)), LONGEST_NAME) or "PagerDuty"


def _moment(given: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(given))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _map(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _text(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _word(given: Any) -> str:
    """An id or a state: it goes into addresses and comparisons, so it is plain or nothing."""
    found = _text(given)
    return found if found.isascii() and found.isalnum() and len(found) <= 40 else ""
