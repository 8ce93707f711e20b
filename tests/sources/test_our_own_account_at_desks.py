"""What our own account does at a desk is no news, and what it closes is over: as each kind of desk names who did it."""

from datetime import UTC, datetime

import pytest

from gateway import sources
from gateway.sources import Heard
from tests.integration.test_our_own_account import BODIES

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
USER = {"id": 9, "login": "nabat-bot", "mail": "bot@desk.example", "email": "bot@desk.example"}
CHANGED = {  # by whom it is told to be, a change and an end
    "freshdesk": [{"ticket_id": 1, "by": "bot@desk.example", "status": status} for status in (2, 4)],
    "glpi": [
        {"event": "new", "item": {"id": 5, "tickets_id": 1, "user": {"id": 9, "name": "nabat-bot"}},
         "parent_item": {"id": 1, "status": status}} for status in (2, 5)
    ],
    "otrs": [{"Ticket": {"TicketNumber": "1", "StateType": kind, "ChangeBy": "9"}} for kind in ("open", "closed")],
    "redmine": [
        {"payload": {"action": "updated", "journal": {"author": USER}, "issue": {"id": 1, "status": {"name": name}}}}
        for name in ("New", "Closed")
    ],
    "servicenow": [{"number": "INC1", "sys_updated_by": "nabat-bot", "state": state} for state in ("2", "6")],
    "zammad": [{"ticket": {"id": 1, "state_id": state, "updated_by": USER}} for state in (2, 4)],
}  # fmt: skip


def test_no_kind_of_desk_is_forgotten():
    assert CHANGED.keys() | BODIES.keys() == {kind for kind in sources.names() if sources.habits(kind).is_desk}


@pytest.mark.parametrize("kind", CHANGED)
def test_our_own_change_is_no_news_and_our_own_end_is_one(kind):
    parse, (change, end) = sources.find(kind).parse, CHANGED[kind]
    ours = Heard("desk", NOW, own=frozenset(["9", "nabat-bot", "bot@desk.example"]))
    assert parse(change, ours).alerts == []
    assert [(one.firing, one.ticket.event) for one in parse(end, ours).alerts] == [(False, "solved")]
    others = Heard("desk", NOW, own=frozenset(["somebody else"]))
    assert [len(parse(body, others).alerts) for body in (change, end)] == [1, 1]
