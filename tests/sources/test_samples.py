"""Every sample in the folders beside this file: a body, and what we expect to understand of it."""

import dataclasses
import json
import pickle
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import sources
from gateway.sources import BadPayload, Heard
from gateway.store.types import to_json
from rules import book
from rules.texts.text import clean_text, one_line

HERE = Path(__file__).parent
SAMPLES = sorted(HERE.glob("*/*.json"))
HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
REST = """
version: 1
routes: [{name: all, urgency: ordinary, policy: all}]
policies: {all: {steps: [{notify: ["role:admin"], wait: 1h}]}}
"""


def plain(value):
    """Times as texts, like in the samples."""
    if dataclasses.is_dataclass(value):
        return plain(dataclasses.asdict(value))
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_understood(sample):
    said = json.loads(sample.read_text())
    expected = said["expect"]
    # A mapping has a name: that of the source.
    maps = book.parse({"book.yaml": said["book"] + REST}).mappings if "book" in said else {}
    heard = dataclasses.replace(HEARD, source=said.get("source", HEARD.source), mappings=maps)
    parsed = sources.find(sample.parent.name).parse(said["body"], heard)
    assert [one.place for one in parsed.quarantined] == expected.get("quarantined", [])
    assert parsed.truncated == expected.get("truncated", 0)
    assert len(parsed.alerts) == len(expected["alerts"])
    for alert, wanted in zip(parsed.alerts, expected["alerts"], strict=True):
        found = plain({name: getattr(alert, name) for name in alert.__struct_fields__})
        assert {name: found[name] for name in wanted} == wanted
        assert found["source"] == heard.source


@pytest.mark.parametrize("kind", sources.names())
def test_a_source_is_whole(kind):
    assert sources.find(kind).KIND_LABEL
    assert list((HERE / kind).glob("*.json")), f"no sample in tests/sources/{kind}"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800\x00\r\n")
WORDS = st.sampled_from(
    ["firing", "resolved", "created", "closed", "open", "high", "2026-12-05T00:00:00Z", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "2026-06-30T23:59:60Z", "x" * 70, "https://x.example", "http://[", "a@b.example"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["alerts", "labels", "annotations", "status", "startsAt", "endsAt", "fingerprint", "generatorURL", "externalURL",
     "truncatedAlerts", "version", "alertname", "severity", "summary", "id", "event", "priority", "subject",
     "requester", "assignee", "comment", "updated_at", "arrival_at", "url", "description", "email", "author", "text",
     "attachments"]
)  # fmt: skip
ANY = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
ALERT = st.fixed_dictionaries(
    {"labels": st.dictionaries(NAMES, ANY, min_size=1, max_size=4)},
    optional={
        "annotations": ANY,
        "status": ANY,
        "startsAt": ANY,
        "endsAt": ANY,
        "fingerprint": ANY,
        "generatorURL": ANY,
    },
)
ONE = SCALARS | WORDS
FEW = ONE | st.lists(ONE, max_size=2) | st.dictionaries(NAMES, ONE, max_size=2)  # what has a place of its own
OF_AN_EVENT = ("summary", "source", "severity", "component", "timestamp", "custom_details")
OF_AN_ALERT = (
    "message", "alias", "description", "priority", "tags", "details", "responders", "teams", "entity", "user", "note"
)  # fmt: skip
BODIES = {
    "pagerduty": st.fixed_dictionaries(
        {"event_action": st.sampled_from(["trigger", "acknowledge", "resolve"])},
        optional=dict.fromkeys(("dedup_key", "links", "images", "client", "client_url", "description"), FEW)
        | {"payload": st.fixed_dictionaries({}, optional=dict.fromkeys(OF_AN_EVENT, FEW))},
    ),
    "opsgenie": st.fixed_dictionaries({}, optional=dict.fromkeys(OF_AN_ALERT, FEW))
    | st.fixed_dictionaries(
        {"action": st.sampled_from(["close", "acknowledge", "notes", "tags"]), "identifier": FEW},
        optional={"body": st.fixed_dictionaries({}, optional={"user": FEW, "note": FEW})},
    ),
    "alertmanager": st.fixed_dictionaries({"alerts": st.lists(ALERT | ANY, max_size=4)}, optional={"status": ANY}),
    "ticket": st.dictionaries(NAMES, ANY, max_size=8).map(lambda body: {"id": "T", **body}),
}


@cache
def invented(kind=None):
    """Two hundred bodies for a kind that has a form of its own, or for all others, which would get the same each."""
    kept = []

    @settings(derandomize=True, max_examples=200, deadline=None)
    @given(ANY | BODIES.get(kind, ANY))
    def keep(body):
        kept.append(pickle.dumps(body))

    keep()
    return kept


@pytest.mark.parametrize("kind", sources.names())
def test_no_body_breaks_a_source(kind):
    parse, heard = sources.find(kind).parse, dataclasses.replace(HEARD, source=kind)
    for body in invented(kind if kind in BODIES else None):
        holds_of(pickle.loads(body), parse, heard)


def holds_of(body, parse, heard):
    try:
        parsed = parse(body, heard)
    except BadPayload:
        return
    for alert in parsed.alerts:
        assert alert.title
        assert alert.title == one_line(clean_text(alert.title))
        assert 0 < len(alert.fingerprint) <= 64
        assert alert.starts_at.tzinfo is UTC
        to_json(alert)  # the store will; half a surrogate pair would break it
    for item in parsed.quarantined:
        assert item.reason
        to_json(item)
