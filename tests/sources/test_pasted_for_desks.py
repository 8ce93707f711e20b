"""What is pasted at a service desk is what we read: exactly that text, with its variables filled in."""

import json
import re

import yaml

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


def servicenow(values):
    """What the business rule posts: its fields, each by the expression that ServiceNow evaluates."""
    script = pasted("servicenow")
    assert f"setEndpoint('{HERE}/ingest/servicenow')" in script
    assert f"'Bearer {PLACE}'" in script
    fields = script.partition("  var body = {\n")[2].partition("\n  };")[0].split(",\n")
    named = dict(line.strip().split(": ", 1) for line in fields)
    assert set(values) <= set(named.values())
    return {name: values.get(expression, "") for name, expression in named.items()}


def test_servicenow():
    values = {
        "String(current.operation())": "insert", "current.getTableName()": "incident",
        "current.getValue('number')": "INC0010007", "current.getValue('short_description')": "Mail is down",
        "current.getValue('state')": "1", "current.getValue('active')": "1", "current.getValue('priority')": "2",
        "current.getDisplayValue('assignment_group')": "Operations", "String(current.assigned_to.email)": "undefined",
        "current.getDisplayValue('caller_id')": "Olga Owl", "String(current.caller_id.email)": "olga@client.example",
        "time('sys_updated_on')": "2026-12-05T00:01:02Z", "current.getDisplayValue('business_service')": "Mail",
    }  # fmt: skip
    opened = read("servicenow", servicenow(values))
    assert (opened.firing, opened.touch, opened.severity, opened.title) == (True, False, "error", "Mail is down")
    assert (opened.ticket.event, opened.labels["service"], opened.clock_suspect) == ("created", "Mail", False)
    assert (opened.ticket.requester, opened.ticket.assignee) == (
        {"name": "Olga Owl", "email": "olga@client.example"},
        "",
    )
    said = "2026-12-05 03:02:00 - Olga Owl (Additional comments)\nStill so\n\n"
    changed = {"String(current.operation())": "update", "said('comments')": said, "current.getValue('state')": "6"}
    over = read("servicenow", servicenow(values | changed))
    assert (over.firing, over.fingerprint, over.ticket.comment["text"]) == (False, opened.fingerprint, "Still so")


def test_otrs():
    made = yaml.safe_load(pasted("otrs"))["Requester"]
    config, (invoker,) = made["Transport"]["Config"], made["Invoker"].values()
    assert config["Host"] + config["InvokerControllerMapping"]["Nabat"]["Controller"] == f"{HERE}/ingest/otrs"
    assert (config["Authentication"]["AuthType"], config["Authentication"]["BasicAuthPassword"]) == ("BasicAuth", PLACE)
    assert (made["Transport"]["Type"], invoker["Type"]) == ("HTTP::REST", "Ticket::Generic")
    article = {"ArticleID": "2", "From": "Olga <olga@client.example>", "Body": "hm", "IsVisibleForCustomer": "1"}
    whole = {"TicketNumber": "9", "Title": "x", "StateType": "open", "Articles": [{"ArticleID": "1"}, article]}
    happened = {}
    for one in invoker["Events"]:
        event = {"Event": one["Event"], "TicketID": "1"} | (
            {"ArticleID": "2"} if one["Event"] == "ArticleCreate" else {}
        )
        happened[one["Event"]] = read("otrs", {"Ticket": whole, "Event": event}).ticket.event
    merged = {"Ticket": {**whole, "StateType": "merged"}, "Event": {"Event": "TicketMerge", "TicketID": "1"}}
    assert read("otrs", merged).firing is False  # the other one of the two goes on
    assert happened == {
        "TicketCreate": "created", "ArticleCreate": "commented", "TicketStateUpdate": "updated",
        "TicketPriorityUpdate": "updated", "TicketOwnerUpdate": "assigned", "TicketQueueUpdate": "updated",
        "TicketTitleUpdate": "updated", "TicketMerge": "updated",
    }  # fmt: skip
