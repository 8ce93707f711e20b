"""Jira: which issue a webhook is about, and what happened to it."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.jira import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"webhookEvent": "jira:issue_created", "issue": []}, {"comment": {"self": "/x"}}]
)
def test_what_is_about_no_issue_that_can_be_found_again_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize("at", [True, -1, 10**30, 1.5, "1796429100000", None])
def test_a_moment_that_is_none_gives_way_to_the_issues_own(at):
    body = {"timestamp": at, "issue": {"key": "A-1", "fields": {"updated": "2026-12-05T00:01:00.000+0000"}}}
    (alert,) = parse(body, HEARD).alerts
    assert alert.starts_at == datetime(2026, 12, 5, 0, 1, tzinfo=UTC)
    assert (alert.fingerprint, alert.ticket.key) == ("A-1", "A-1")


def test_a_comment_that_names_the_issue_by_its_number_only_leaves_its_key_and_title(world):
    issue = {"id": "20501", "key": "OPS-9", "fields": {"summary": "Till is silent", "priority": {"name": "High"}}}
    said = {"webhookEvent": "jira:issue_created", "timestamp": 1, "issue": issue}
    (number,) = world.post(said, "jira").json["incidents"]
    place = "https://jira.example.net/rest/api/2/issue/20501/comment/7"
    comment = {"webhookEvent": "comment_created", "comment": {"self": place, "body": "still so"}}
    assert world.post(comment, "jira").json == {"accepted": 1, "quarantined": 0, "incidents": [number]}
    row = world.incident()
    assert row.title == "Till is silent"
    assert row.ticket["key"] == "OPS-9"
    assert row.ticket["comment"]["text"] == "still so"
