"""What Nabat does at a service desk under an account of its own comes back as no news; what others do there does."""

import pytest
from sqlalchemy import select

from gateway.store.db import db
from gateway.store.tables import Source
from tests.integration.test_ticket_pages import signed_in

CLIENT, OURS = "pyotr@client.example", "nabat@example.org"
NUMBERS = {CLIENT: "5c5f88", OURS: "5b10a2"}
STATES = {"new": "new", "closed": "done"}


def of_ticket(what, by, number, second):
    said = {"event": what, "id": number, "by": {"id": NUMBERS[by], "email": by.upper()}, "priority": "high"}
    said |= {"subject": "No mail", "updated_at": f"2026-12-05T00:00:{second:02}Z"}
    return {**said, "comment": {"author": "Nabat", "text": what, "public": True}} if what == "commented" else said


def of_jira(what, by, number, second):
    """The account is told by its number; what it is called is somebody's choice."""
    who = {"accountId": NUMBERS[by], "displayName": "Nabat"}
    status = {"name": "…", "statusCategory": {"key": "done" if what == "closed" else "new"}}
    fields = {"summary": "No mail", "status": status, "priority": {"name": "High"}}
    said = {
        "timestamp": 1_796_428_800_000 + second * 1000,
        "issue": {"id": number, "key": f"A-{number}", "fields": fields},
    }
    if what == "commented":
        comment = {"id": str(second), "author": who, "body": what, "jsdPublic": True}
        return {**said, "webhookEvent": "comment_created", "comment": comment}
    if what == "created":
        return {**said, "webhookEvent": "jira:issue_created", "user": who}
    field = {"assigned": "assignee", "closed": "status"}[what]
    return {**said, "webhookEvent": "jira:issue_updated", "user": who, "changelog": {"items": [{"field": field}]}}


def of_zendesk(what, by, number, second):
    events = {"created": "created", "commented": "comment_added", "assigned": "agent_assignment_changed"}
    status = "SOLVED" if what == "closed" else "OPEN"
    event = {"current": status, "previous": "OPEN"} if what == "closed" else {}
    if what == "commented":
        event = {"comment": {"id": str(second), "body": what, "is_public": True, "author": {"name": "Nabat"}}}
    detail = {"id": number, "subject": "No mail", "priority": "HIGH", "status": status, "actor_id": NUMBERS[by]}
    kind = f"zen:event-type:ticket.{events.get(what, 'status_changed')}"
    return {"type": kind, "time": f"2026-12-05T00:00:{second:02}Z", "event": event, "detail": detail}


def of_github(what, by, number, second):
    """The number of the account; its login is another."""
    who = {"id": NUMBERS[by], "login": f"{NUMBERS[by]}-bot"}
    at = f"2026-12-05T00:00:{second:02}Z"
    state = "closed" if what == "closed" else "open"
    about = {"id": int(number), "number": 7, "title": "No mail", "state": state, "updated_at": at}
    said = {"action": {"created": "opened"}.get(what, what), "issue": about, "sender": who}
    said["repository"] = {"full_name": "octo/shop", "private": False}
    if what != "commented":
        return said
    return {**said, "action": "created", "comment": {"id": second, "body": what, "user": who}}


def of_gitlab(what, by, number, second):
    """The same: its number is what it is known by."""
    who = {"id": NUMBERS[by], "name": "Nabat", "username": "somebody"}
    state, at = ("closed" if what == "closed" else "opened"), f"2026-12-05 00:00:{second:02} UTC"
    about = {"id": int(number), "iid": 7, "title": "No mail", "state": state, "author_id": 1, "updated_at": at}
    said = {"object_kind": "issue", "user": who, "project": {"path_with_namespace": "group/shop"}}
    if what == "commented":
        noted = {"id": second, "note": what, "author_id": 1, "noteable_type": "Issue", "updated_at": at}
        return {**said, "object_kind": "note", "event_type": "note", "object_attributes": noted, "issue": about}
    action = {"created": "open", "closed": "close"}.get(what, "update")
    changes = {"assignees": {}} if what == "assigned" else {}
    return {**said, "object_attributes": {**about, "action": action}, "changes": changes}


def of_linear(what, by, number, second):
    who = {"id": NUMBERS[by], "name": "Nabat", "email": by}
    data = {
        "id": number,
        "identifier": f"WEB-{number}",
        "title": "No mail",
        "updatedAt": f"2026-12-05T00:00:{second:02}Z",
    }
    if what == "commented":
        said = {
            "id": f"c-{second}",
            "body": what,
            "issueId": number,
            "issue": {"identifier": f"WEB-{number}"},
            "externalUser": {"name": "Nabat"},
        }
        return {"type": "Comment", "action": "create", "data": data | said, "actor": who}
    data["state"] = {"type": "completed" if what == "closed" else "started"}
    said = {"type": "Issue", "action": "create" if what == "created" else "update", "data": data, "actor": who}
    return {**said, "updatedFrom": {"assigned": {"assigneeId": None}, "closed": {"stateId": "s"}}.get(what, {})}


BODIES = {
    "ticket": of_ticket,
    "jira": of_jira,
    "zendesk": of_zendesk,
    "github": of_github,
    "gitlab": of_gitlab,
    "linear": of_linear,
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_what_we_do_there_ourselves_is_no_news_and_what_others_do_is(world, kind):
    seconds = iter(range(1, 60))

    def says(what, by, number="71"):
        answer = world.post(BODIES[kind](what, by, number, next(seconds)), kind)
        assert answer.status_code == 202, answer.text
        return answer.json["accepted"]

    def known():
        return world.timeline(), len(world.deliveries())

    assert says("created", CLIENT) == 1
    number = db.session.scalar(select(Source.id).where(Source.kind == kind))
    answer = signed_in(world).press(f"/sources/{number}/settings", account=f" {OURS}, {NUMBERS[OURS].upper()} ")
    assert answer.status_code == 302
    before = known()
    assert [says(what, OURS) for what in ("commented", "assigned")] == [0, 0]
    assert says("created", OURS, "72") == 0
    assert known() == before
    assert len(world.incidents()) == 1
    assert [says(what, CLIENT) for what in ("commented", "assigned")] == [1, 1]
    assert world.timeline()[-2:] == ["ticket commented", "ticket assigned"]
    assert len(world.deliveries()) > before[1]
    assert says("closed", OURS) == 1
    assert world.incident().status == "resolved"
    assert "ticket updated" not in world.timeline()
