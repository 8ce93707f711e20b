"""Jira: which issue a webhook is about, and what happened to it."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from prometheus_client import REGISTRY

from gateway.sources import BadPayload, Heard
from gateway.sources.jira import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"webhookEvent": "jira:issue_created", "issue": []},
        {"comment": {"self": "/x"}},
        {"webhookEvent": "comment_deleted", "comment": {"self": "https://jira.example.net/rest/api/2/comment/7"}},
    ],
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


def remark(number, comment="7", **more):
    place = f"https://jira.example.net/rest/api/2/issue/{number}/comment/{comment}"
    said = {"self": place, "id": comment, "body": "still so", **more}
    return {"webhookEvent": "comment_created", "timestamp": 1_796_429_100_000, "comment": said}


def test_comments_on_issues_that_nobody_has_heard_of_open_an_incident_each(world):
    first, second = (world.post(remark(number), "jira").json["incidents"] for number in ("31001", "31002"))
    assert len({*first, *second}) == 2
    issue = {"id": "31002", "key": "OPS-2", "fields": {"summary": "Scale is stuck"}}
    late = {"webhookEvent": "jira:issue_updated", "timestamp": 1_796_429_101_000, "issue": issue}
    assert world.post(late, "jira").json["incidents"] == second
    assert [one.title for one in world.incidents()] == ["31001", "Scale is stuck"]


def comments(world, number):
    return [one for one in world.entries("ticket commented") if one.incident_id == number]


def test_a_comment_that_also_comes_as_a_change_of_its_issue_is_written_down_once(world):
    status = {"name": "Offen", "statusCategory": {"key": "new"}}
    issue = {"id": "31003", "key": "OPS-3", "fields": {"summary": "No light", "status": status}}
    (number,) = world.post({"webhookEvent": "jira:issue_created", "issue": issue}, "jira").json["incidents"]
    both = [remark("31003"), {**remark("31003"), "webhookEvent": "jira:issue_updated", "issue": issue}]
    for body in (*both, *both):
        assert world.post(body, "jira").json["incidents"] == [number]
    assert len(comments(world, number)) == 1
    assert "id" not in comments(world, number)[0].detail["comment"]
    world.post(remark("31003", "8"), "jira")
    world.post(remark("31003", ""), "jira")
    world.post(remark("31003", ""), "jira")  # without a number nothing says that it is the same one
    assert len(comments(world, number)) == 4


def test_a_comment_number_of_another_issue_is_another_comment(world):
    for number in ("31004", "31005"):
        (incident,) = world.post(remark(number), "jira").json["incidents"]
        assert len(comments(world, incident)) == 1


@pytest.mark.parametrize(
    ("fields", "firing"),
    [({"status": {"name": "Закрыт"}, "resolution": {"name": "Fixed"}}, False),
     ({"status": "Закрыт", "resolution": "Fixed"}, False),
     ({"status": {"name": "Закрыт", "statusCategory": {"key": "new"}}, "resolution": {"name": "Fixed"}}, True),
     ({"status": {"name": "Закрыт"}, "resolution": None}, True)],
)  # fmt: skip
def test_without_a_category_the_resolution_says_whether_it_is_over(fields, firing):
    body = {"webhookEvent": "jira:issue_updated", "issue": {"id": "5", "key": "A-5", "fields": fields}}
    body["changelog"] = {"items": [{"field": "status", "toString": "Закрыт"}]}
    assert [one.firing for one in parse(body, HEARD).alerts] == [firing]


def test_a_priority_and_a_status_may_be_plain_texts():
    issue = {"key": "A-1", "fields": {"priority": "Minor", "status": "In Progress", "summary": "x"}}
    (alert,) = parse({"webhookEvent": "jira:issue_created", "issue": issue}, HEARD).alerts
    assert (alert.ticket.priority, alert.ticket.guessed, alert.ticket.status) == ("low", False, "In Progress")


def test_a_mention_a_link_and_an_emoji_are_read_in_a_document():
    line = [
        {"type": "mention", "attrs": {"id": "5b1", "text": "@Olga"}}, {"type": "text", "text": " see "},
        {"type": "inlineCard", "attrs": {"url": "https://x.example/1"}}, {"type": "hardBreak"},
        {"type": "emoji", "attrs": {"shortName": ":fire:"}}, {"type": "media", "attrs": ["none"]},
    ]  # fmt: skip
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": line}]}
    issue = {"key": "A-1", "fields": {"description": document}}
    (alert,) = parse({"webhookEvent": "jira:issue_created", "issue": issue}, HEARD).alerts
    assert alert.annotations["description"] == "@Olga see https://x.example/1\n:fire:"


def test_a_comment_without_a_time_of_its_own_has_the_comments(world):
    said = {**remark("5", created="2026-12-05T00:01:00.000+0000"), "timestamp": None}
    assert [one.starts_at for one in parse(said, HEARD).alerts] == [datetime(2026, 12, 5, 0, 1, tzinfo=UTC)]


def test_an_event_that_is_yet_to_come_and_names_no_issue_is_passed_over_and_counted(world):
    def counted():
        found = REGISTRY.get_sample_value("nabat_ingest_passed_over_total", {"source": "jira"})
        return found or 0

    before = counted()
    for event in ("issue_property_set", "jira:version_released", "worklog_updated"):
        answer = world.post({"webhookEvent": event, "property": {"key": "x"}}, "jira")
        assert (answer.status_code, answer.json["accepted"]) == (202, 0)
    assert counted() - before == 3
    assert world.incidents() == []


def test_no_order_of_events_leaves_a_done_issue_open(world):
    def said(number, event, minute, category, **more):
        at = int(datetime(2026, 12, 4, 23, minute, tzinfo=UTC).timestamp() * 1000)
        status = {"name": "…", "statusCategory": {"key": category}}
        issue = {"id": number, "key": f"OPS-{number}", "fields": {"summary": f"{number} at {minute}", "status": status}}
        return {"webhookEvent": event, "timestamp": at, "issue": issue, **more}

    changed = {"items": [{"field": "resolution", "toString": "Done"}, {"field": "status", "toString": "…"}]}
    expected = []
    for number, order in enumerate(permutations(range(4)), 31100):
        events = [
            said(str(number), "jira:issue_created", 1, "new"),
            said(str(number), "comment_created", 2, "new", comment={"id": "9", "body": "hm"}),
            said(str(number), "jira:issue_updated", 3, "indeterminate"),
            said(str(number), "jira:issue_updated", 4, "done", changelog=changed),
        ]
        assert {world.post(events[place], "jira").status_code for place in order} == {202}
        expected += [(f"{number} at 4", "resolved")] if order[0] != 3 else []  # what was over at first opens nothing
    assert [(one.title, one.status) for one in world.incidents()] == expected
