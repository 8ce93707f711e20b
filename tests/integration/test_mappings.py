"""JSON of any shape, through the door and into incidents: by a mapping that comes along, and by the rule book's own."""

import html
import json
import re

from sqlalchemy import select

from gateway.store.db import db
from gateway.store.tables import Incident, Payload, QuarantinedItem, Source
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_rule_book_reload import write
from tests.samples import BOOK

CRANES = """
mappings:
  crane:
    sender: The cranes' control
    each: events
    id: [crane, code]
    status: {from: phase, resolved: gone, acknowledged: seen}
    title: [crane, text]
    severity: {from: level, critical: "1"}
    at: when
    who: operator
    labels: {alertname: code, crane: crane}
  naumen:
    kind: ticket
    id: UUID
    subject: shortDescr
    status: {from: state, open: [registered], closed: [closed]}
    priority: {from: priority, critical: "1*", otherwise: normal}
"""


def cranes(*events):
    return {"events": [{"crane": "C4", "code": "E17", "text": "overload", "level": 1, **event} for event in events]}


def test_a_sender_of_a_shape_of_its_own_opens_and_ends_incidents(world_of):
    world = world_of(book=BOOK + CRANES)
    began, seen, over = (
        {"phase": "come", "when": "2026-12-05T03:10:00+03:00"}, {"phase": "seen", "operator": "Шамиль"},
        {"phase": "gone", "when": 1796429520},
    )  # fmt: skip
    answer = world.post(cranes(began, {"crane": None, "code": None}), "generic", "crane-north")
    assert (answer.status_code, answer.json["accepted"], answer.json["quarantined"]) == (202, 1, 1)
    incident = world.incident()
    assert (incident.title, incident.urgency, incident.status) == ("C4 overload", 0, "triggered")
    assert [item.place for item in db.session.scalars(select(QuarantinedItem))] == ["events[1]: id (crane, code)"]
    assert world.post(cranes(seen), "generic", "crane-north").status_code == 202
    assert world.incident().status == "acknowledged"
    assert world.post(cranes(over), "generic", "crane-north").json["incidents"] == [incident.id]
    assert world.incident().status == "resolved"

    desk = {"UUID": "serviceCall$1", "shortDescr": "Почта", "state": "registered", "priority": "1 - Критичный"}
    (number,) = world.post(desk, "generic", "naumen").json["incidents"]
    world.post({**desk, "state": "closed"}, "generic", "naumen")
    ticket = db.session.get(Incident, number, populate_existing=True)
    assert (ticket.kind, ticket.title, ticket.status) == ("ticket", "Почта", "resolved")

    refused = world.post({"events": "none"}, "generic", "crane-north")
    assert (refused.status_code, refused.json["detail"]) == (400, "events: is no list")
    kept = db.session.scalars(select(Payload).where(Payload.error == "events: is no list")).one()
    assert kept.size > 0
    assert world.post({"id": 1}, "generic", "nobody").status_code == 400


def test_a_changed_mapping_reads_the_next_body(world_of):
    world = world_of(book=BOOK + CRANES)
    write(world, BOOK + CRANES.replace("title: [crane, text]", "title: text"))
    assert world.app.extensions["gateway"].shelf.refresh()
    world.post(cranes({"phase": "come"}), "generic", "crane")
    assert world.incident().title == "overload"


def test_the_pages_of_a_source_say_which_mapping_reads_it_and_what_to_paste(world_of):
    world = world_of(book=BOOK + CRANES, NABAT_PUBLIC_URL="https://nabat.example.org")
    everybody_has_a_password()
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    offered = irina.get("/sources/new").text
    assert re.search(r"Any JSON.*appdynamics, .*, crane, .*naumen, .*uptimerobot", offered, re.S)
    page = irina.press("/sources/new", kind="generic", name="prtg (plant)").text
    assert re.search(r'mapping</dt><dd><span class="mono">prtg</span> <span class="mute">comes with Nabat', page)
    texts = [html.unescape(text) for text in re.findall(r'id="snippet-\d"[^>]*>(.*?)</pre>', page, re.S)]
    assert re.fullmatch(r"URL: https://nabat\.example\.org/ingest/generic/nabat_\S+", texts[0])
    assert json.loads(texts[1].partition("\n\n")[2])["sensorid"] == "%sensorid"
    own = irina.press("/sources/new", kind="generic", name="crane").text
    assert re.search(r'<span class="mono">crane</span> <span class="mute">book\.yaml:\d+: mappings\.crane', own)
    assert "The cranes&#39; control" in own
    none = irina.press("/sources/new", kind="generic", name="pigeon").text
    assert ("there is none of its name" in none, 'id="snippet-1"' in none) == (True, False)
    number = db.session.scalar(select(Source.id).where(Source.name == "prtg (plant)"))
    assert "YOUR-TOKEN" in irina.get(f"/sources/{number}").text
