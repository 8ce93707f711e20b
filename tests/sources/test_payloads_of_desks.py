"""What other people's receivers heard of service desks: each that names a ticket is taken in and understood."""

from datetime import UTC, datetime

import pytest

from gateway import sources
from gateway.loader import load
from gateway.sources import BadPayload, Heard
from tests.conftest import SHARED
from tests.databases import missing

HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
SAID = {  # of each: its ticket, whether that is open (None: says nothing of it), how urgent, and its title
    "freshdesk-create": ("123", True, "low", "Ticket Subject"),
    "freshdesk-acknowledge": ("123", None, "low", "Ticket Subject"),
    "freshservice-create": ("123", True, "low", "Ticket Subject"),
    "freshservice-resolve": ("123", False, "low", "Ticket Subject"),
    "redmine-plugin-issue-opened": ("191", True, "normal", "Found a bug"),
    "servicenow-table-incident-list-row": ("INC0010001", True, "high", "Test incident 1"),
    "servicenow-table-incident-new": ("INC0010001", True, "high", "Server is down"),
    "zammad-webhook-default-1": ("10081", True, "normal", "Webhook-Test"),
}
NO_TICKET = {  # and why they are refused, or passed over
    "freshservice-public-note-template": "did not fill in",
    "servicenow-api-create-min": "is missing",
    "servicenow-api-create-oneuptime": "is missing",
    "servicenow-table-journal-worknote": "a line of a journal does not say the number of its task",
}
PASSED_OVER = ("a line of a journal does not say the number of its task",)
KINDS = {"freshservice": "freshdesk"}


def parsed(name):
    path = SHARED / "payloads" / f"{name}.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    kind = name.partition("-")[0]
    return sources.find(KINDS.get(kind, kind)).parse(load(path.read_bytes()), HEARD)


@pytest.mark.parametrize("name", SAID)
def test_it_is_understood(name):
    (alert,) = parsed(name).alerts
    firing = None if alert.touch else alert.firing
    assert (alert.ticket.key, firing, alert.ticket.priority, alert.title) == SAID[name]


@pytest.mark.parametrize("name", NO_TICKET)
def test_it_names_no_ticket(name):
    if NO_TICKET[name] in PASSED_OVER:
        assert (parsed(name).alerts, parsed(name).notes) == ([], [NO_TICKET[name]])
        return
    with pytest.raises(BadPayload, match=NO_TICKET[name]):
        parsed(name)


def test_none_is_forgotten():
    known = {*SAID, *NO_TICKET}
    kinds = {name.partition("-")[0] for name in known}
    there = {path.stem for path in (SHARED / "payloads").glob("*.json")}
    if not there:
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    assert {name for name in there if name.partition("-")[0] in kinds} == known
