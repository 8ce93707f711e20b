"""What is pasted at a service desk is what we read: exactly that text, with its variables filled in."""

import json
import re

from tests.sources.test_pasted import HERE, PLACE, pasted, read


def filled(text, values):
    """As a desk fills its placeholders in; of those it does not know nothing is left."""
    return re.sub(r"\{\{([a-z_.]+)\}\}", lambda found: json.dumps(values.get(found[1], ""))[1:-1], text)


def body_of(kind):
    head, _, body = pasted(kind).partition("\n\n")
    assert head.splitlines()[:2] == [f"POST {HERE}/ingest/{kind}", f"Authorization: Bearer {PLACE}"]
    return body


def test_freshdesk():
    values = {
        "triggered_event": "{ticket_action:created}", "ticket.id": "12", "ticket.subject": 'Disk "C:" is full',
        "ticket.description": '<p class="x">Since <b>noon</b></p>', "ticket.priority": "Urgent",
        "ticket.status": "Open",
        "ticket.agent.email": "ira@desk.example", "ticket.requester.name": "Pavel", "ticket.group.name": "Retail",
        "ticket.requester.email": "pavel@client.example", "ticket.url": "https://acme.freshdesk.com/a/tickets/12",
    }  # fmt: skip
    opened = read("freshdesk", json.loads(filled(body_of("freshdesk"), values)))
    over = read("freshdesk", json.loads(filled(body_of("freshdesk"), values | {"ticket.status": "Closed"})))
    assert (opened.firing, over.firing, opened.fingerprint, over.fingerprint) == (True, False, "12", "12")
    assert (opened.title, opened.severity, opened.labels["group"]) == ('Disk "C:" is full', "critical", "Retail")
    assert opened.annotations["description"] == "Since noon"
    assert opened.url == values["ticket.url"]
    assert opened.ticket.requester == {"name": "Pavel", "email": "pavel@client.example"}
    assert (opened.ticket.assignee, opened.ticket.event, opened.ticket.comment) == ("ira@desk.example", "created", {})
