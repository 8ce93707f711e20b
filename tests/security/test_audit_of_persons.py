"""What people do by tokens of their own leaves the same rows as on the pages; each with `api` as its way."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from gateway.store.db import db, transaction
from gateway.store.tables import Audit, ContactRow, Delivery
from tests.browsing import Browser, everybody_has_a_password
from tests.conftest import EVERYBODY
from tests.integration.test_machine_api import Program

pytestmark = pytest.mark.slow

ANNA, OLEG = "anna@example.org", "oleg@example.org"
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
SILENCE = {"matchers": ["env=test"], "for": "1h", "reason": "trying out"}
WINDOW = {"matchers": ["env=test"], "start": "2027-01-05T02:00", "length": "2h", "reason": "new kernel"}
MAIL = {"service": "mail", "names": {"en": "Mail"}}
NOTICE = {"titles": {"en": "Mail"}, "texts": {"en": "Slow."}, "components": {"1": "slow"}, "publish": True}
SWAP = {"schedule": "infra", "person": OLEG, "gives_from": "2026-12-08T12:00:00Z", "gives_to": "2026-12-08T18:00:00Z"}


class Stage:
    """Anna, an administrator, with her token; what was made last is kept."""

    def __init__(self, world):
        self.world, self.last, self.answer = world, 0, {}
        everybody_has_a_password()
        self.browsers = [Browser(world.app) for _ in range(3)]
        for browser in self.browsers:
            browser.sign_in(ANNA)
        self.anna = Program(world, "read", "act", "admin", person=ANNA, role="admin")
        self.oleg = Program(world, "read", "act", person=OLEG)

    def makes(self, path, body=None, key="id"):
        answer = self.anna.post(path, json=body or {})
        self.answer = answer.json
        self.last = self.answer.get(key, 0)
        return answer

    def incident(self):
        return self.world.alert(name=f"Down {self.world.clock.now()}", fingerprint=f"f{self.world.clock.now()}")[0]

    def undoes(self):
        done = self.anna.post(f"/incidents/{self.incident()}/acknowledge").json["undo"]
        return self.anna.post("/undo", json={"undo": done})

    def ends_a_token(self):
        other = Program(self.world, "read", person=ANNA)
        number = other.get("/me/tokens").json["tokens"][0]["id"]
        return self.anna.ask("DELETE", f"/me/tokens/{number}")

    def revokes(self):
        row = next(one for one in self.anna.get("/tokens").json["tokens"] if one["name"] == "ci")
        return self.anna.post(f"/tokens/{row['id']}/revoke", json={"confirm": row["ending"]})

    def arrives(self):
        """As if a test had got out there."""
        with transaction() as session:
            session.execute(update(ContactRow).values(tested_at=self.world.clock.now()))
        return self.anna.post(f"/me/contacts/{self.last}/confirm", json={"did": "arrived"})

    def person(self, what, body=None):
        return self.anna.post(f"/people/{self.last}{what}", json=body or {})

    def contact(self):
        return self.anna.get(f"/people/{self.last}").json["contacts"][-1]["id"]

    def away(self):
        answer = self.anna.post(
            "/oncall/away", json={"from": SWAP["gives_from"], "to": SWAP["gives_to"], "person": OLEG}
        )
        self.last = answer.json["swaps"][0]["id"]
        return answer

    def accepts(self):
        self.last = self.anna.post("/oncall/swaps", json=SWAP).json["id"]
        return self.oleg.post(f"/oncall/swaps/{self.last}/accept")

    def resends(self):
        self.incident()
        with transaction() as session:
            number = session.scalar(select(func.max(Delivery.id)))
            session.execute(update(Delivery).where(Delivery.id == number).values(status="failed"))
        return self.anna.post("/deliveries/resend", json={"deliveries": [number]})

    def takes_over(self):
        self.world.people(f"""{EVERYBODY}
  - {{name: daily, team: infra, timezone: Europe/Moscow,
     layers: [{{start: "2026-12-01T09:00", every: 1d, members: [{OLEG}, {ANNA}]}}]}}
""")
        self.world.clock.set(datetime(2026, 12, 8, 7, 0, tzinfo=UTC))
        return self.anna.post("/reports/shift", json={"schedule": "daily"})

    def first_session(self):
        return self.anna.get("/me/sessions").json["sessions"][0]["id"]


ACTIONS = [  # route after /api/v1, what is done, the row's action
    ("/me", lambda on: on.makes("/me", {"language": "en"}), "taste"),
    ("/me", lambda on: on.makes("/me", {"timezone": "Asia/Tokyo"}), "reading"),
    ("/me", lambda on: on.makes("/me", {"weekly": True}), "weekly report"),
    ("/me/notifications", lambda on: on.makes("/me/notifications", {"quiet_hours": ""}), "notification rules"),
    ("/me/home", lambda on: on.makes("/me/home", {"view": "mine"}), "home view"),
    ("/me/calendar", lambda on: on.makes("/me/calendar"), "calendar address new"),
    ("/me/calendar", lambda on: on.anna.ask("DELETE", "/me/calendar"), "calendar address end"),
    ("/me/sessions/<number>", lambda on: on.anna.ask("DELETE", f"/me/sessions/{on.first_session()}"), "session ended"),
    ("/me/sessions/end", lambda on: on.makes("/me/sessions/end"), "other sessions ended"),
    ("/me/contacts", lambda on: on.makes("/me/contacts", {"channel": "email", "address": "o@example.org"},
                                         "contact"), "contact add"),
    ("/me/contacts/<number>/test", lambda on: on.anna.post(f"/me/contacts/{on.last}/test"), "contact test"),
    ("/me/contacts/<number>/confirm", lambda on: on.arrives(), "contact arrived"),
    ("/me/contacts/<number>/code", lambda on: on.anna.post(f"/me/contacts/{on.last}/code"), ""),
    ("/me/contacts/<number>", lambda on: on.anna.ask("DELETE", f"/me/contacts/{on.last}"), "contact remove"),
    ("/views", lambda on: on.makes("/views", {"name": "Loud", "query": "urgency=emergency"}), "view saved"),
    ("/views/<number>", lambda on: on.anna.post(f"/views/{on.last}", json={"name": "Louder"}), "view rename"),
    ("/views/<number>", lambda on: on.anna.post(f"/views/{on.last}", json={"query": ""}), "view save"),
    ("/views/watch", lambda on: on.anna.post("/views/watch", json={"view": f"{on.last}"}), "view watch"),
    ("/views/<number>", lambda on: on.anna.ask("DELETE", f"/views/{on.last}"), "view delete"),
    ("/views/undo", lambda on: on.makes("/views/undo"), "view undo"),
    ("/incidents/bulk", lambda on: on.makes("/incidents/bulk", {"do": "acknowledge", "incidents": [on.incident()]}),
     "acknowledge"),
    ("/undo", lambda on: on.undoes(), "undo acknowledge"),
    ("/me/tokens/<number>", lambda on: on.ends_a_token(), "token revoke"),
    ("/tokens", lambda on: on.makes("/tokens", {"name": "ci", "scopes": ["read"]}), "token create"),
    ("/tokens/<number>/revoke", lambda on: on.revokes(), "token revoke"),
    ("/settings/test", lambda on: on.makes("/settings/test", {"channel": "email"}), "channel test"),
    ("/people", lambda on: on.makes("/people", {"email": "new@example.org", "name": "New"}), "person add"),
    ("/people/<number>", lambda on: on.person("", {"name": "Newer", "teams": ["infra"]}), "person edit"),
    ("/people/<number>/contacts", lambda on: on.person("/contacts", {"channel": "email", "address": "n2@example.org"}),
     "contact add"),
    ("/people/<number>/contacts/<contact>/confirm", lambda on: on.person(f"/contacts/{on.contact()}/confirm"),
     "contact verified"),
    ("/people/<number>/contacts/<contact>", lambda on: on.anna.ask(
        "DELETE", f"/people/{on.last}/contacts/{on.contact()}"), "contact remove"),
    ("/people/<number>/sign-out", lambda on: on.person("/sign-out"), "person signed out"),
    ("/people/<number>/leave", lambda on: on.person("/leave", {"sure": True}), "person left"),
    ("/people/<number>/back", lambda on: on.person("/back"), "person back"),
    ("/teams", lambda on: on.makes("/teams", {"name": "night"}), "team add"),
    ("/teams/<name>", lambda on: on.makes("/teams/night", {"members": [ANNA]}), "team edit"),
    ("/schedules/<number>/calendar", lambda on: on.makes("/schedules/1/calendar"), "calendar address new"),
    ("/schedules/<number>/calendar", lambda on: on.anna.ask("DELETE", "/schedules/1/calendar"), "calendar address end"),
    ("/schedules/<number>/imports", lambda on: on.makes("/schedules/1/imports", {"text": CALENDAR}), "calendar import"),
    ("/schedules/<number>/imports/<key>", lambda on: on.anna.ask(
        "DELETE", f"/schedules/1/imports/{on.answer['keys'][0]}"), "calendar remove"),
    ("/oncall/swaps", lambda on: on.makes("/oncall/swaps", SWAP), "swap ask"),
    ("/oncall/swaps/<number>/withdraw", lambda on: on.makes(f"/oncall/swaps/{on.last}/withdraw"), "swap withdraw"),
    ("/oncall/away", lambda on: on.away(), "swap ask"),
    ("/oncall/swaps/<number>/decline", lambda on: on.oleg.post(f"/oncall/swaps/{on.last}/decline"), "swap decline"),
    ("/oncall/swaps/<number>/accept", lambda on: on.accepts(), "swap accept"),
    ("/silences", lambda on: on.makes("/silences", SILENCE), "silence add"),
    ("/silences/<number>/undo", lambda on: on.makes(f"/silences/{on.last}/undo"), "silence undo"),
    ("/maintenance", lambda on: on.makes("/maintenance", WINDOW), "maintenance add"),
    ("/maintenance/<number>/undo", lambda on: on.makes(f"/maintenance/{on.last}/undo"), "maintenance undo"),
    ("/status-page", lambda on: on.makes("/status-page", {"on": True, "names": {"en": "Acme"}}), "status page set"),
    ("/status-page/components", lambda on: on.makes("/status-page/components", MAIL), "component add"),
    ("/status-page/components", lambda on: on.makes("/status-page/components", {**MAIL, "service": "web"}),
     "component add"),
    ("/status-page/components/<number>", lambda on: on.anna.post(f"/status-page/components/{on.last}", json={
        "move": "up"}), "component moved"),
    ("/notices", lambda on: on.makes("/notices", NOTICE, "notice"), "notice published"),
    ("/notices/<number>/updates", lambda on: on.makes(f"/notices/{on.last}/updates", {
        "texts": {"ru": "Ищем."}, "publish": True}, "notice"), "notice updated"),
    ("/notices/<number>/undo", lambda on: on.anna.post(f"/notices/{on.last}/undo"), "notice taken back"),
    ("/status-page/components/<number>", lambda on: on.anna.ask("DELETE", "/status-page/components/1"),
     "component remove"),
    ("/sources/<number>/settings", lambda on: on.makes("/sources/1/settings", {"stale_after": "24h"}), "source set"),
    ("/sources/<number>/alertmanagers", lambda on: on.makes("/sources/1/alertmanagers", {"urls": []}), "source set"),
    ("/sources/<number>/test", lambda on: on.makes("/sources/1/test"), "source test"),
    ("/deliveries/resend", lambda on: on.resends(), "delivery resend"),
    ("/reports/guests", lambda on: on.makes("/reports/guests"), "guest link made"),
    ("/reports/guests/<number>/revoke", lambda on: on.makes(f"/reports/guests/{on.last}/revoke"), "guest link revoked"),
    ("/reports/shift", lambda on: on.takes_over(), "hand-over confirmed"),
]  # fmt: skip
RULES = {f"/api/v1{rule}" for rule, *_ in ACTIONS}
BESIDE = {"acknowledge", "token create", "override add", "swap ask"}  # of what is done on the way


def rows():
    db.session.rollback()
    return list(db.session.scalars(select(Audit).order_by(Audit.id)))


def test_whatever_a_person_does_by_a_token_leaves_its_row(world):
    stage = Stage(world)
    for rule, do, what in ACTIONS:
        known = len(rows())
        answer = do(stage)
        if not what:  # no provider is set up that could send a code: nothing is done, and nothing noted
            assert (answer.status_code, len(rows())) == (409, known), rule
            continue
        assert answer.status_code == 200, (rule, answer.text)
        fresh = [row for row in rows()[known:] if row.action not in BESIDE or row.action == what]
        assert [row.action for row in fresh] == [what], (rule, what)
        who = OLEG if what in ("swap accept", "swap decline") else ANNA
        assert (fresh[0].actor, fresh[0].detail["how"]) == (who, "api"), rule
        world.clock.advance(seconds=70)
