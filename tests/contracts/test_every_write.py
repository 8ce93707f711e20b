"""Every operation that changes something, done: its answer is as described. What is invented is mostly refused."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest
from sqlalchemy import select, update

from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Payload, Source
from tests import described
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program
from tests.samples import PEOPLE, alert, group

ANNA, OLEG, IRINA = "anna@example.org", "oleg@example.org", "irina@example.org"
DAILY = """
  - {name: daily, team: infra, timezone: Europe/Moscow,
     layers: [{start: "2026-12-01T09:00", every: 1d, members: [oleg@example.org, irina@example.org]}]}
"""
ICAL = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
MATCHES, WHY = {"matchers": ["env=test"]}, {"reason": "x"}


class Doing(Program):
    """A program whose every answer is good, and as described: Program sees to the second."""

    done: ClassVar = set[str]()

    def do(self, call, said=None, **more):
        """`call`: "POST /teams". Returns what was answered."""
        method, path = call.split()
        answer = self.ask(method, path, **more, **({} if said is None else {"json": said}))
        assert answer.status_code == 200, (call, answer.text)
        self.done.add(described.operation_of(method, f"/api/v1{path}"))
        return answer.json


@pytest.fixture
def world(staffed_of):
    made = staffed_of(people=PEOPLE + DAILY)
    everybody_has_a_password()
    return made


@pytest.fixture
def admin(world):
    return Doing(world, "read", "act", "admin", person=IRINA, role="admin")


def test_every_operation_that_changes_something_answers_as_described(world, admin):
    Doing.done.clear()
    for part in (
        incidents, amended, of_a_ticket, on_call, swaps, silences, windows, sources, messages, people, teams,
        settings, oneself, contacts, views, reports, rules, status_page,
    ):  # fmt: skip
        part(world, admin)
    changing = {one for one in described.operations() if not one.startswith("GET")}
    assert changing - Doing.done == set()


def incidents(world, admin):
    one = admin.do("POST /incidents", {"title": "Smoke", "urgency": "emergency", "service": "cellar"})["incident"]
    for what, said in (
        ("acknowledge", {"for": "30m"}), ("snooze", {"for": "1h"}), ("wake", None), ("assign", {"to": OLEG}),
        ("note", {"text": "@anna look"}), ("escalate", {}),
    ):  # fmt: skip
        admin.do(f"POST /incidents/{one}/{what}", said)
    undo = admin.do(f"POST /incidents/{one}/resolve", {"mute": False, "fixed_by": "water"})["undo"]
    admin.do("POST /undo", {"undo": undo})
    for what, said in (("acknowledge", {}), ("snooze", {"for": "1h"}), ("wake", {}), ("assign", {"to": IRINA})):
        admin.do("POST /incidents/bulk", {"do": what, "incidents": [one], **said})
    admin.do("POST /incidents/bulk", {"do": "resolve", "query": "status=open", "sure": True})


def amended(world, admin):
    pair = group(alert(name="Slow", fingerprint="s1"), alert(name="Slow", fingerprint="s2"))
    (one,) = world.post(pair).json["incidents"]
    (two,) = world.alert(name="Down", fingerprint="d1")
    admin.do(f"POST /incidents/{one}/title", {"title": "Slow, all of it"})
    admin.do(f"POST /incidents/{one}/urgency", {"urgency": "emergency", "reason": "many ask"})
    alerts = [row["id"] for row in admin.get("/alerts", incident=one).json["alerts"]]
    admin.do(f"POST /incidents/{one}/split", {"alerts": alerts[:1]})
    admin.do(f"POST /incidents/{one}/merge", {"into": two})
    admin.do(f"POST /incidents/{two}/resolve")
    admin.do(f"POST /incidents/{two}/fixed", {"text": "a new disk"})
    admin.do(f"POST /incidents/{two}/verdict", {"verdict": "useful", "call": True})


def of_a_ticket(world, admin):
    ticket = {"event": "created", "id": "SD-1", "subject": "x", "requester": "p@example.org"}
    (number,) = world.post(ticket, kind="ticket").json["incidents"]
    source = number_of("ticket")
    admin.do(f"POST /sources/{source}/desk", {"url": "https://desk.example/hook", "bearer": "hush-hush"})
    admin.do(f"POST /incidents/{number}/assign", {"to": OLEG})
    admin.do(f"POST /incidents/{number}/desk", {})


def number_of(name):
    db.session.rollback()
    return db.session.scalar(select(Source.id).where(Source.name == name))


def on_call(world, admin):
    stand_in = {"schedule": "infra", "person": OLEG, "for": "6h"}
    admin.do("POST /oncall/overrides/preview", stand_in)
    made = admin.do("POST /oncall/overrides", {**stand_in, **WHY})["id"]
    admin.do(f"DELETE /oncall/overrides/{made}")
    schedule = admin.get("/schedules").json["schedules"][0]["id"]
    admin.do(f"POST /schedules/{schedule}/calendar")
    admin.do(f"DELETE /schedules/{schedule}/calendar")
    (key,) = admin.do(f"POST /schedules/{schedule}/imports", {"text": ICAL})["keys"]
    admin.do(f"DELETE /schedules/{schedule}/imports/{key}")


def swaps(world, admin):
    anna, oleg = (Doing(world, "read", "act", person=who) for who in (ANNA, OLEG))
    for day, by, what in (("08", oleg, "accept"), ("09", oleg, "decline"), ("10", anna, "withdraw")):
        times = {"gives_from": f"2026-12-{day}T12:00:00Z", "gives_to": f"2026-12-{day}T18:00:00Z"}
        made = anna.do("POST /oncall/swaps", {"schedule": "infra", "person": OLEG, **times, **WHY})["id"]
        by.do(f"POST /oncall/swaps/{made}/{what}")
    anna.do("POST /oncall/away", {"from": "2026-12-20T12:00:00Z", "to": "2026-12-20T13:00:00Z", "person": OLEG})


def silences(world, admin):
    admin.do("POST /silences/preview", MATCHES)
    made = admin.do("POST /silences", {**MATCHES, **WHY, "for": "1h"})["id"]
    admin.do(f"POST /silences/{made}/extend", {"for": "1h"})
    admin.do(f"DELETE /silences/{made}")
    admin.do(f"POST /silences/{made}/undo")


def windows(world, admin):
    window = {**MATCHES, "start": "2027-01-05T02:00", "length": "2h", "rule": "FREQ=WEEKLY"}
    admin.do("POST /maintenance/preview", window)
    made = admin.do("POST /maintenance", {**window, **WHY})["id"]
    admin.do(f"DELETE /maintenance/{made}")
    admin.do(f"POST /maintenance/{made}/undo")


def sources(world, admin):
    made = admin.do("POST /sources", {"kind": "alertmanager", "name": "berlin"})
    source, first = made["source"], made["token"]
    old = admin.get(f"/sources/{source}").json["tokens"][0]["id"]
    admin.do(f"POST /sources/{source}/token", {"old": old})
    admin.do(f"POST /sources/{source}/revoke", {"token": old, "confirm": first[-4:]})
    admin.do(f"POST /sources/{source}/settings", {"stale_after": "24h"})
    admin.do(f"POST /sources/{source}/alertmanagers", {"urls": ["https://am.example"], "bearer": "hush-hush"})
    admin.do(f"POST /sources/{source}/test")
    world.alert(name="Again", fingerprint="again")
    db.session.rollback()
    payload, of = db.session.execute(
        select(Payload.id, Payload.source_id).where(Payload.source_id == number_of("alertmanager"))
    ).first()
    admin.do(f"POST /sources/{of}/replay", {"payload": payload})


def messages(world, admin):
    world.alert(name="Lost", fingerprint="lost")
    query = select(Delivery.id).where(Delivery.who == ANNA).order_by(Delivery.id.desc())
    found = list(db.session.scalars(query.limit(2)))
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id.in_(found)).values(status="failed"))
    admin.do(f"POST /deliveries/{found[0]}/resend")
    admin.do("POST /deliveries/resend", {"deliveries": [found[1]]})


def people(world, admin):
    made = admin.do("POST /people", {"email": "new@example.org", "name": "New", "role": "responder"})["id"]
    path = f"/people/{made}"
    admin.do(f"POST {path}", {"role": "dispatcher", "teams": ["infra"]})
    kept = admin.do(f"POST {path}/contacts", {"channel": "sms", "address": "+79990001122"})["contacts"][-1]["id"]
    admin.do(f"POST {path}/contacts/{kept}/confirm")
    admin.do(f"POST {path}/remind")
    admin.do(f"DELETE {path}/contacts/{kept}")
    admin.do(f"POST {path}/sign-out")
    admin.do(f"POST {path}/leave", {"sure": True})
    admin.do(f"POST {path}/back")


def teams(world, admin):
    admin.do("POST /teams", {"name": "night"})
    admin.do("POST /teams/night", {"members": [OLEG, ANNA]})


def settings(world, admin):
    admin.do("POST /settings/test", {"channel": "email"})
    made = admin.do("POST /tokens", {"name": "ci", "scopes": ["read"], "days": 5})["token"]
    number = next(one["id"] for one in admin.get("/tokens").json["tokens"] if one["name"] == "ci")
    admin.do(f"POST /tokens/{number}/revoke", {"confirm": made[-4:]})


def oneself(world, admin):
    admin.do("POST /me", {"theme": "dark", "weekly": True})
    admin.do("POST /me/notifications", {"rules": {}, "quiet_hours": ""})
    admin.do("POST /me/calendar")
    admin.do("DELETE /me/calendar")
    for _ in range(2):
        Browser(world.app).sign_in(IRINA)
    admin.do(f"DELETE /me/sessions/{admin.get('/me/sessions').json['sessions'][0]['id']}")
    admin.do("POST /me/sessions/end")
    Doing(world, "read", person=IRINA, name="another")
    other = next(one["id"] for one in admin.get("/me/tokens").json["tokens"] if one["name"] == "another")
    admin.do(f"DELETE /me/tokens/{other}")


def contacts(world, admin):
    made = admin.do("POST /me/contacts", {"channel": "email", "address": "irina.two@example.org"})["contact"]
    admin.do(f"POST /me/contacts/{made}/code")
    admin.do(f"POST /me/contacts/{made}/test")
    admin.do(f"POST /me/contacts/{made}/confirm", {"did": "arrived"})
    admin.do(f"DELETE /me/contacts/{made}")


def views(world, admin):
    made = admin.do("POST /views", {"name": "Loud", "query": "urgency=emergency"})["id"]
    admin.do(f"POST /views/{made}", {"name": "Louder"})
    admin.do("POST /me/home", {"view": str(made)})
    anna = Doing(world, "act", person=ANNA)  # she has a phone that takes push
    anna.do("POST /views/watch", {"view": "assigned", "on": True})
    admin.do(f"DELETE /views/{made}")
    admin.do("POST /views/undo")


def reports(world, admin):
    world.clock.set(datetime(2026, 12, 12, 7, 0, tzinfo=UTC))
    admin.do("POST /reports/shift", {"schedule": "daily"})
    made = admin.do("POST /reports/guests", query_string="from=2026-11-23&to=2026-11-29")["id"]
    admin.do(f"POST /reports/guests/{made}/revoke")


def rules(world, admin):
    admin.do("POST /rules/explain", {"payload": group(alert()), "at": "2026-12-05T03:12:00+03:00"})
    admin.do("POST /rules/test")


def status_page(world, admin):
    admin.do("POST /status-page", {"on": True, "mail": True, "names": {"en": "Acme", "ru": "Акме"}})
    part = admin.do("POST /status-page/components", {"service": "mail", "names": {"en": "Mail"}})["id"]
    admin.do(f"POST /status-page/components/{part}", {"names": {"ru": "Почта"}})
    said = {"titles": {"en": "Mail"}, "texts": {"en": "Slow."}, "components": {f"{part}": "slow"}}
    assert admin.do("POST /notices", said) == {"published": False, "notice": None}
    number = admin.do("POST /notices", {**said, "publish": True})["notice"]
    admin.do(f"POST /notices/{number}/updates", {"stage": "monitoring", "texts": {"en": "Better."}, "publish": True})
    admin.do(f"POST /notices/{number}/undo")
    admin.do(f"DELETE /status-page/components/{part}")
