"""Zendesk: triggers, whose template is somebody's own, and events."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.zendesk import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"ticket": {}}, {"type": "zen:event-type:ticket.created", "subject": "zen:user:1", "detail": []}],
)
def test_what_names_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


def test_a_placeholder_that_was_not_filled_in_is_no_ticket():
    with pytest.raises(BadPayload, match="did not fill in"):
        parse({"ticket": {"id": "{{ticket.id}}", "title": "{{ticket.title}}"}}, HEARD)


@pytest.mark.parametrize(
    ("word", "event", "firing"),
    [("create", "created", True), ("acknowledge", "updated", True), ("resolve", "solved", False),
     ("Reopen", "reopened", True), ("close", "closed", False), ("", "updated", True)],
)  # fmt: skip
def test_the_word_of_a_trigger_says_what_happened(word, event, firing):
    (alert,) = parse({"event_type": word, "id": "5"}, HEARD).alerts
    assert (alert.ticket.event, alert.firing) == (event, firing)


def test_an_event_names_its_ticket_in_its_subject_if_nowhere_else():
    (alert,) = parse({"type": "zen:event-type:ticket.tags_changed", "subject": "zen:ticket:77"}, HEARD).alerts
    assert (alert.fingerprint, alert.ticket.event) == ("77", "updated")
