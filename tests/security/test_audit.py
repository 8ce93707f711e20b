"""Whatever a person or a program does leaves a row: who, what, by which way. Every route that changes is walked.

A route that is not in the tables below fails the first test: nobody adds one without saying what is written down of it.
"""

import hmac
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from dashboard.audit import words
from dashboard.audit.rows import SHOWN_APART
from dashboard.reader import reader
from gateway import actions
from gateway.access import auth, links
from gateway.store.db import db, transaction
from gateway.store.directory import people as people_store
from gateway.store.public import subscribers
from gateway.store.senders import sources as source_store
from gateway.store.tables import (
    AlertRow,
    Audit,
    CalendarFeed,
    ContactRow,
    Delivery,
    DeskWord,
    Entry,
    ImportedCalendar,
    OverrideRow,
    Payload,
    PersonRow,
    ScheduleRow,
    SignIn,
    SilenceRow,
    Source,
    SwapRow,
    Token,
    UndoRow,
)
from gateway.store.types import micros
from rules.lifecycle import Given, Signal
from tests.browsing import PASSWORD, Browser, everybody_has_a_password, token_in
from tests.conftest import EVERYBODY
from tests.conventions.test_roles import N32, TABLE, N
from tests.fakes.push import FakePush
from tests.samples import alert, group
from tests.security.test_audit_of_persons import RULES as BY_PERSONS

pytestmark = pytest.mark.slow

SECRET = "a-secret-of-pagerduty"
KINDS = re.compile(r"[a-z ]+ \d+|(schedule|rule|policy|calendar) .*")
OF_SENDERS = {  # what comes from machines that report: kept as alerts, tickets and receipts, with their own lines
    "/ingest/<kind>", "/ingest/<kind>/<path_token>", "/v2/enqueue", "/v2/change/enqueue",
    "/generic/2010-04-15/create_event.json", "/api/v2/alerts", "/v2/alerts", "/v2/alerts/<path:about>",
    "/callback/sendgrid", "/callback/twilio",
    "/heartbeat/<token>", "/incidents/density",  # the last keeps a cookie, and nothing here
    "/language",  # nor does this
    "/notices/new",  # the other tab of a form
    "/incidents/file",  # what one may read as a page, as a file
    f"/incidents/{N}/looking",  # an open page says that it is open: a row of seconds
    "/status/mail", "/status/mail/<key>",  # the world's: of who leaves nothing is kept, so nothing is written down
    "/rules/test", "/rules/cases", "/api/v1/rules/explain", "/api/v1/rules/test",  # a try: nothing of it is kept
    "/api/v1/oncall/overrides/preview", "/api/v1/silences/preview", "/api/v1/maintenance/preview",  # nor of a look
}  # fmt: skip
INCIDENT = f"/incidents/{N}"
ANSWER = f"{INCIDENT}/<any(acknowledge, resolve, wake):what>"
SOURCE = "/sources/<int(max=2147483647):number>"
OVERRIDE = f"/oncall/override/{N32}/remove"
SWAP = f"/oncall/swap/{N32}/<any(accept, decline, withdraw):what>"
VIEW = "/incidents/views/<int(max=2147483647):number>/<any(save, rename, delete):what>"
API = "/api/v1/incidents/<number>"
PARTS = "/settings/status-page/components"
MAIL = f"/settings/status-page/mail/{N32}/<any(again, remove):what>"
PART = f"{PARTS}/{N32}/<any(save, up, down, remove):what>"
PROGRAM, IRINA, ANNA = "token robot #", "irina@example.org", "anna@example.org"

DAILY = f"""{EVERYBODY}
  - {{name: daily, team: infra, timezone: Europe/Moscow,
     layers: [{{start: "2026-12-01T09:00", every: 1d, members: [oleg@example.org, irina@example.org]}}]}}
"""
SILENCE = {"matchers": ["env=test"], "for": "1h", "reason": "trying out"}
WINDOW = {"matchers": ["env=test"], "start": "2027-01-05T02:00", "length": "2h", "reason": "new kernel"}


QUIET = {"matcher": 'env="test"', "reason": "trying out"}
PLANNED = {"start": "2027-01-05T02:00", "hours": "2h", "zone": "Europe/Berlin", **QUIET}
DUTY = {"schedule": "infra", "from": "2026-12-08T12:00+00:00", "to": "2026-12-08T18:00+00:00"}
MINE = f"{DUTY['from']} {DUTY['to']} {IRINA} infra"
TO_ANNA = {"mine": MINE, "theirs": f"person {ANNA}"}
AWAY = {"from": DUTY["from"], "to": DUTY["to"], "person": ANNA}
OVER = {"schedule": "infra", "person": ANNA, "for": "8h"}


class Stage:
    """One installation: a signed-in administrator, a program with a token, and a phone with a link."""

    def __init__(self, world, service):
        self.world, self.service = world, service
        everybody_has_a_password()
        with transaction() as session:
            made = source_store.create_api_token(session, "robot", ["read", "act", "admin"], world.clock.now())
        self.headers = {"Authorization": f"Bearer {made}"}
        self.irina = Browser(world.app)
        assert self.irina.sign_in(IRINA).status_code == 302
        self.opened, self.last = 0, 0

    def incident(self):
        self.opened += 1
        (number,) = self.world.alert(name=f"Down{self.opened}", fingerprint=f"f{self.opened}")
        return number

    def press(self, what, **form):
        return self.irina.press(f"/incidents/{self.incident()}/{what}", **form)

    def over(self):
        """An incident that has ended."""
        number = self.incident()
        self.world.resolves(number, how="source")
        return number

    def pair(self):
        """An incident of two alerts; the number of one of them."""
        self.opened += 1
        both = group(alert(name="Twice", fingerprint=f"t{self.opened}"), alert(name="Twice", fingerprint="other"))
        (number,) = self.world.post(both).json["incidents"]
        return number, db.session.scalar(select(AlertRow.id).where(AlertRow.fingerprint == f"t{self.opened}"))

    def splits(self):
        number, one = self.pair()
        return self.irina.press(f"/incidents/{number}/split", alert=one)

    def splits_as_a_program(self):
        number, one = self.pair()
        return self.program_does(number, "split", {"alerts": [one]})

    def schedule(self):
        return db.session.scalar(select(ScheduleRow.id).where(ScheduleRow.name == "infra"))

    def calendar_of_others(self):
        return db.session.scalar(select(ImportedCalendar.key))

    def declines(self):
        anna = Browser(self.world.app)
        anna.sign_in(ANNA)
        number = db.session.scalar(select(SwapRow.id).where(SwapRow.state == "requested"))
        return anna.press(f"/oncall/swap/{number}/decline")

    def publishes(self, path, **form):
        """Looked at first, as the page's own button does."""
        looked = self.irina.press(path, **form).text
        seen = re.search(r'name="seen" value="(\w+)"', looked)[1]
        return self.irina.press(path, **form, seen=seen, do="publish")

    def stops_the_letters(self):
        number = db.session.scalar(select(PersonRow.id).where(PersonRow.email == ANNA))
        token = links.make_number(self.world.app.extensions["gateway"].settings.secret_key, number, links.WEEKLY)
        return self.irina.client.post(f"/weekly/{token}")

    def makes_longer(self):
        """By the link in the word that it ends soon."""
        row = db.session.scalar(select(SilenceRow).order_by(SilenceRow.id).limit(1))
        secret = self.world.app.extensions["gateway"].settings.secret_key
        return self.irina.client.post(f"/s/{row.id}/{links.make_longer(secret, row.id, micros(row.ends_at))}")

    def takes_over(self):
        """A new day began at nine: since then it is Irina's turn."""
        self.world.people(DAILY)
        return self.irina.press("/reports/shift", schedule="daily")

    def asleep(self):
        """An incident that somebody has snoozed."""
        number, now = self.incident(), self.world.clock.now()
        actions.act(number, Signal.SNOOZE, actions.CLOCK, now, Given(until=now + timedelta(hours=1)))
        return number

    def asks(self, what, body=None):
        return self.program_does(self.incident(), what, body)

    def program_does(self, number, what, body=None):
        return self.world.client.post(f"/api/v1/incidents/{number}/{what}", json=body, headers=self.headers)

    def program(self, method, what, body=None):
        """Of what it makes or ends, the number is kept."""
        answer = self.world.client.open(f"/api/v1/{what}", method=method, json=body, headers=self.headers)
        self.last = answer.json["id"]
        return answer

    def unreachable(self, name):
        """Somebody without any contact."""
        with transaction() as session:
            row = PersonRow(email=f"{name}@example.org", name=name, role="responder", language="en", timezone="UTC",
                            created_at=self.world.clock.now())  # fmt: skip
            session.add(row)
            session.flush()
            people_store.bump(session, self.world.clock.now())
            return row.id

    def desk_source(self):
        self.world.token("ticket")
        return db.session.scalar(select(Source.id).where(Source.kind == "ticket"))

    def untold(self):
        """An incident whose service desk could not be told."""
        number, now = self.incident(), self.world.clock.now()
        with transaction() as session:
            told = {"assignee": {}, "actor": "Irina", "status": "failed", "attempts": 1, "error": "HTTP 400"}
            times = dict.fromkeys(("created_at", "due_at", "finished_at"), now)
            session.add(DeskWord(incident_id=number, source_id=1, **told, **times))
        return number

    def administers(self, what, body=None):
        return self.world.client.post(f"/api/v1/{what}", json=body, headers=self.headers)

    def revokes_by_program(self):
        found = select(Token).where(Token.source_id == self.source(), Token.revoked_at.is_(None)).order_by(Token.id)
        last = db.session.scalars(found).all()[-1]
        return self.administers(f"sources/{self.source()}/revoke", {"token": last.id, "confirm": last.ending})

    def revokes_own(self):
        row = db.session.scalars(select(Token).where(Token.person_id.is_not(None)).order_by(Token.id.desc())).first()
        return self.irina.press(f"/me/tokens/{row.id}/revoke", confirm=row.ending)

    def replays_by_program(self):
        kept = select(Payload.id).where(Payload.source_id == self.source(), Payload.size > 0).limit(1)
        return self.administers(f"sources/{self.source()}/replay", {"payload": db.session.scalar(kept)})

    def bounced(self):
        """The number of a subscriber from whose address a letter came back."""
        now = self.world.clock.now()
        with transaction() as session:
            row = subscribers.ask(session, "petra@client.example", "a-key", "en", now)
            row.confirmed_at = row.bounced_at = now
            return row.id

    def subscribe(self):
        headers = {"X-CSRF-Token": self.irina.csrf(), "Content-Type": "application/json"}
        data = self.service.browser().subscription()
        return self.irina.client.post("/me/push", data=data, headers=headers, environ_overrides=self.irina.environ)

    def source(self):
        """The number of a source; it has had a request."""
        if not self.world.tokens:
            self.incident()
        return db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))

    def revokes(self):
        found = db.session.scalars(select(Token).where(Token.source_id == self.source()).order_by(Token.id.desc()))
        last = found.first()
        return self.irina.press(f"/sources/{self.source()}/revoke", token=last.id, confirm=last.ending)

    def revokes_a_program(self):
        last = db.session.scalars(select(Token).where(Token.name == "bot")).first()
        return self.irina.press(f"/settings/tokens/{last.id}/revoke", confirm=last.ending)

    def replays(self):
        number = self.source()
        payload = db.session.scalar(select(Payload.id).where(Payload.source_id == number, Payload.size > 0).limit(1))
        return self.irina.press(f"/sources/{number}/requests/{payload}/replay")

    def resends(self, *, several=False, by_program=False):
        """Of a message that failed, about an incident that still calls."""
        number = self.incident()
        with transaction() as session:
            session.execute(update(Delivery).where(Delivery.incident_id == number).values(status="failed"))
        message = db.session.scalar(select(Delivery.id).where(Delivery.incident_id == number).limit(1))
        if by_program:
            return self.administers(f"deliveries/{message}/resend")
        if several:
            return self.irina.press("/deliveries/resend", id=message)
        return self.irina.press(f"/deliveries/{message}/resend")

    def contact(self):
        """The number of the browser that was subscribed last."""
        found = select(ContactRow.id).where(ContactRow.channel == "webpush").order_by(ContactRow.id.desc()).limit(1)
        return db.session.scalar(found)

    def own(self):
        """The number of the contact that was entered last."""
        return db.session.scalar(select(ContactRow.id).where(ContactRow.own).order_by(ContactRow.id.desc()).limit(1))

    def tested(self):
        """The same, as if a test had got out there."""
        with transaction() as session:
            session.execute(update(ContactRow).values(tested_at=self.world.clock.now()))
        return self.own()

    def person(self):
        return db.session.scalar(select(PersonRow.id).where(PersonRow.email == "new@example.org"))

    def elsewhere(self):
        Browser(self.world.app).sign_in(IRINA)
        return db.session.scalar(select(SignIn.id).order_by(SignIn.id.desc()).limit(1))

    def welcome(self):
        page = self.irina.press(f"/people/{self.person()}/link").text
        link = "/welcome/" + page.partition("/welcome/")[2].partition("<")[0]
        browser = Browser(self.world.app)
        return browser.post(link, password=PASSWORD, csrf_token=token_in(browser.get(link).text))

    def on_call(self):
        with transaction() as session:
            for table in (CalendarFeed, OverrideRow, SwapRow, ScheduleRow):
                session.execute(delete(table))
            people_store.bump(session, self.world.clock.now())
        return self.irina.press("/setup/steps/oncall", who="me")

    def arrived(self):
        """As if the provider had taken what the test alert told its presser."""
        mine = Delivery.incident_id == self.world.incidents()[-1].id, Delivery.contact_id.is_not(None)
        number = db.session.scalar(select(Delivery.contact_id).where(*mine, Delivery.who == IRINA).limit(1))
        with transaction() as session:
            session.execute(update(Delivery).where(*mine).values(status="sent"))
        return self.irina.press("/setup/steps/arrived", contact=number)

    def from_a_phone(self, do, **form):
        self.incident()
        self.world.delivers()
        return Browser(self.world.app, "192.0.2.5").post(self.pocket(), do=do, **form)

    def undo_last(self):
        """What can be taken back of what was done last."""
        token = db.session.scalar(select(UndoRow.token).order_by(UndoRow.id.desc()).limit(1))
        return self.irina.press(f"/undo/{token}")

    def pocket(self):
        number = self.world.incidents()[-1]
        return "/p/" + links.make(self.world.app.extensions["gateway"].settings.secret_key, number.uuid, ANNA)

    def sign_in_again(self):
        self.irina.press("/logout")
        return self.irina.sign_in(IRINA)

    def pagerduty(self, kind, **data):
        self.incident()
        uuid = self.world.incidents()[-1].uuid
        event = {"id": f"01{self.opened}", "event_type": kind, "agent": {"summary": "Anna"},
                 "data": {"incident_key": f"nabat-{uuid}", **data}}  # fmt: skip
        body = json.dumps({"event": event}).encode()
        signature = "v1=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        headers = {"X-PagerDuty-Signature": signature}
        return self.world.client.post("/callback/pagerduty", data=body, headers=headers)


def set_up(stage):
    """On a fresh installation, that is: before anybody can sign in."""
    with transaction() as session:
        session.execute(update(PersonRow).values(password_hash=None))
        link = auth.new_setup_link(session, stage.world.clock.now())
    browser = Browser(stage.world.app)
    form = {"email": IRINA, "name": "Irina", "password": PASSWORD, "token": link}
    return browser.post("/setup", {**form, "csrf_token": token_in(browser.get(f"/setup?token={link}").text)})


BESIDE = ("sign in", "password link", "first run", "contact arrived")  # what the way to another act leaves
ACTIONS = [  # route, what is done there, who and by which way and under which name it is written down
    (ANSWER, lambda on: on.press("acknowledge"), IRINA, "dashboard", "acknowledge"),
    (ANSWER, lambda on: on.press("resolve"), IRINA, "dashboard", "resolve"),
    (ANSWER, lambda on: on.press("resolve", mute="1"), IRINA, "dashboard", "resolve"),
    (ANSWER, lambda on: on.irina.press(f"/incidents/{on.asleep()}/wake"), IRINA, "dashboard", "wake"),
    (f"{INCIDENT}/snooze", lambda on: on.press("snooze", until="1h"), IRINA, "dashboard", "snooze"),
    (f"{INCIDENT}/assign", lambda on: on.press("assign", to=ANNA), IRINA, "dashboard", "assign"),
    (f"{INCIDENT}/notes", lambda on: on.press("notes", text="on it"), IRINA, "dashboard", "note"),
    (f"{INCIDENT}/escalate", lambda on: on.press("escalate"), IRINA, "dashboard", "escalate"),
    (f"{INCIDENT}/urgency", lambda on: on.press("urgency", urgency="fast", reason="x"), IRINA, "dashboard", "urgency"),
    (f"{INCIDENT}/title", lambda on: on.press("title", title="Disk"), IRINA, "dashboard", "retitle"),
    (f"{INCIDENT}/merge", lambda on: on.press("merge", into=on.incident()), IRINA, "dashboard", "merge"),
    (f"{INCIDENT}/split", lambda on: on.splits(), IRINA, "dashboard", "split"),
    (f"{INCIDENT}/fixed", lambda on: on.irina.press(f"/incidents/{on.over()}/fixed", text="a new disk"), IRINA,
     "dashboard", "fixed"),
    (f"{INCIDENT}/verdict", lambda on: on.irina.press(f"/incidents/{on.over()}/verdict", verdict="useful"), IRINA,
     "dashboard", "verdict"),
    ("/silences", lambda on: on.irina.press("/silences", **QUIET, **{"for": "1h"}), IRINA, "dashboard", "silence add"),
    (f"/silences/{N32}/extend", lambda on: on.irina.press("/silences/1/extend"), IRINA, "dashboard", "silence extend"),
    (f"/silences/{N32}/undo", lambda on: on.irina.press("/silences/1/undo"), IRINA, "dashboard", "silence undo"),
    (f"/s/{N32}/<token>", lambda on: on.makes_longer(), IRINA, "link", "silence extend"),
    (f"/silences/{N32}/end", lambda on: on.irina.press("/silences/1/end"), IRINA, "dashboard", "silence end"),
    ("/maintenance", lambda on: on.irina.press("/maintenance", **PLANNED), IRINA, "dashboard", "maintenance add"),
    ("/maintenance/<int(max=2147483647):planned>/end", lambda on: on.irina.press("/maintenance/2/end"), IRINA,
     "dashboard", "maintenance end"),
    (f"/maintenance/{N32}/undo", lambda on: on.irina.press("/maintenance/2/undo"), IRINA, "dashboard",
     "maintenance undo"),
    ("/settings/status-page", lambda on: on.irina.press("/settings/status-page", **{"name-en": "Acme"}, on="1"), IRINA,
     "dashboard", "status page set"),
    (PARTS, lambda on: on.irina.press(PARTS, service="mail", **{"name-en": "Mail"}), IRINA, "dashboard",
     "component add"),
    (PART, lambda on: on.irina.press(f"{PARTS}/1/save", **{"name-ru": "Почта"}), IRINA, "dashboard", "component set"),
    ("/notices", lambda on: on.publishes("/notices", **{"title-en": "Mail", "text-en": "Slow.", "state-1": "slow"}),
     IRINA, "dashboard", "notice published"),
    (f"/notices/{N32}/updates", lambda on: on.publishes("/notices/1/updates", stage="identified", **{
        "text-en": "A disk.", "state-1": "down"}), IRINA, "dashboard", "notice updated"),
    (f"/notices/{N32}/undo", lambda on: on.irina.press("/notices/1/undo"), IRINA, "dashboard", "notice taken back"),
    (f"/notices/{N32}/updates", lambda on: on.publishes("/notices/1/updates", stage="resolved", **{"text-en": "Over."}),
     IRINA, "dashboard", "notice ended"),
    (MAIL, lambda on: on.irina.press(f"/settings/status-page/mail/{on.bounced()}/again"), IRINA, "dashboard",
     "subscriber resumed"),
    (MAIL, lambda on: on.irina.press(f"/settings/status-page/mail/{on.bounced()}/remove"), IRINA, "dashboard",
     "subscriber removed"),
    (PART, lambda on: on.irina.press(f"{PARTS}/1/remove"), IRINA, "dashboard", "component remove"),
    ("/oncall/override", lambda on: on.irina.press("/oncall/override", person=IRINA, **DUTY), IRINA, "dashboard",
     "override add"),
    (f"/oncall/remind/{N32}", lambda on: on.irina.press(f"/oncall/remind/{on.unreachable('a')}"), IRINA, "dashboard",
     "person reminded"),
    ("/api/v1/people/<number>/remind", lambda on: on.administers(f"people/{on.unreachable('b')}/remind"), PROGRAM,
     "api", "person reminded"),
    ("/oncall/swap", lambda on: on.irina.press("/oncall/swap", **TO_ANNA), IRINA, "dashboard", "swap ask"),
    (SWAP, lambda on: on.irina.press("/oncall/swap/1/withdraw"), IRINA, "dashboard", "swap withdraw"),
    ("/oncall/me/away", lambda on: on.irina.press("/oncall/me/away", **AWAY), IRINA, "dashboard", "swap ask"),
    (SWAP, lambda on: on.declines(), ANNA, "dashboard", "swap decline"),
    (OVERRIDE, lambda on: on.irina.press("/oncall/override/1/remove"), IRINA, "dashboard", "override remove"),
    ("/oncall/me/calendar", lambda on: on.irina.press("/oncall/me/calendar"), IRINA, "dashboard",
     "calendar address new"),
    ("/oncall/me/calendar", lambda on: on.irina.press("/oncall/me/calendar", what="end"), IRINA, "dashboard",
     "calendar address end"),
    (f"/oncall/calendar/{N32}", lambda on: on.irina.press(f"/oncall/calendar/{on.schedule()}"), IRINA, "dashboard",
     "calendar address new"),
    (f"/oncall/import/{N32}", lambda on: on.irina.press(f"/oncall/import/{on.schedule()}",
                                                        address="https://calendar.example.org/a.ics"), IRINA,
     "dashboard", "calendar import"),
    (f"/oncall/import/{N32}/remove", lambda on: on.irina.press(f"/oncall/import/{on.schedule()}/remove",
                                                               key=on.calendar_of_others()), IRINA, "dashboard",
     "calendar remove"),
    ("/incidents/new", lambda on: on.irina.press("/incidents/new", title="Smoke", urgency="fast"), IRINA, "dashboard",
     "incident opened"),
    ("/incidents/bulk", lambda on: on.irina.press("/incidents/bulk", do="acknowledge", n=on.incident()), IRINA,
     "dashboard", "acknowledge"),
    ("/incidents/views", lambda on: on.irina.press("/incidents/views", name="Mine", query="status=all"), IRINA,
     "dashboard", "view saved"),
    (VIEW, lambda on: on.irina.press("/incidents/views/1/rename", name="Ours"), IRINA, "dashboard", "view rename"),
    (VIEW, lambda on: on.irina.press("/incidents/views/1/save", query="status=open"), IRINA, "dashboard", "view save"),
    ("/incidents/home", lambda on: on.irina.press("/incidents/home", view="1"), IRINA, "dashboard", "home view"),
    (VIEW, lambda on: on.irina.press("/incidents/views/1/delete"), IRINA, "dashboard", "view delete"),
    ("/incidents/views/undo", lambda on: on.irina.press("/incidents/views/undo"), IRINA, "dashboard", "view undo"),
    ("/undo/<token>", lambda on: on.undo_last(), IRINA, "dashboard", "undo acknowledge"),
    ("/me", lambda on: on.irina.press("/me", language="ru", theme="dark"), IRINA, "dashboard", "taste"),
    ("/me/push", lambda on: on.subscribe(), IRINA, "dashboard", "browser subscribed"),
    ("/me/push/<int:number>/test", lambda on: on.irina.press(f"/me/push/{on.contact()}/test"), IRINA, "dashboard",
     "browser tested"),
    ("/incidents/views/watch", lambda on: on.irina.press("/incidents/views/watch", view="mine", on="1"), IRINA,
     "dashboard", "view watch"),
    ("/me/push/<int:number>/delete", lambda on: on.irina.press(f"/me/push/{on.contact()}/delete"), IRINA, "dashboard",
     "browser removed"),
    ("/me/reading", lambda on: on.irina.press("/me/reading", timezone="Europe/Berlin", exact="1"), IRINA, "dashboard",
     "reading"),
    ("/me/zone", lambda on: on.irina.press("/me/zone", use="1", zone="Europe/Berlin"), IRINA, "dashboard", "reading"),
    ("/me/times", lambda on: on.irina.press("/me/times", exact="1"), IRINA, "dashboard", "reading"),
    ("/me/keys", lambda on: on.irina.press("/me/keys", **{"key-next": "d"}), IRINA, "dashboard", "own keys"),
    ("/me/notifications", lambda on: on.irina.press("/me/notifications", **{"fast-0": "push"}), IRINA, "dashboard",
     "notification rules"),
    ("/me/contact", lambda on: on.irina.press("/me/contact", channel="sms", address="+79990000008"), IRINA, "dashboard",
     "contact add"),
    (f"/me/contact/{N32}/<any(code, test):what>", lambda on: on.irina.press(f"/me/contact/{on.own()}/test"), IRINA,
     "dashboard", "contact test"),
    (f"/me/contact/{N32}/confirm", lambda on: on.irina.press(f"/me/contact/{on.tested()}/confirm", did="arrived"),
     IRINA, "dashboard", "contact arrived"),
    (f"/me/contact/{N32}/delete", lambda on: on.irina.press(f"/me/contact/{on.own()}/delete"), IRINA, "dashboard",
     "contact remove"),
    (f"/me/sessions/{N32}/end", lambda on: on.irina.press(f"/me/sessions/{on.elsewhere()}/end"), IRINA, "dashboard",
     "session ended"),
    ("/me/sessions/end-others", lambda on: on.irina.press("/me/sessions/end-others"), IRINA, "dashboard",
     "other sessions ended"),
    ("/people", lambda on: on.irina.press("/people", email="new@example.org", name="New", role="responder",
                                          language="en", timezone="UTC"), IRINA, "dashboard", "person add"),
    (f"/people/{N32}", lambda on: on.irina.press(f"/people/{on.person()}", name="Newer", role="viewer", language="en",
                                                 timezone="UTC"), IRINA, "dashboard", "person edit"),
    (f"/people/{N32}/contacts", lambda on: on.irina.press(f"/people/{on.person()}/contacts", channel="sms",
                                                          address="+79990000009"), IRINA, "dashboard", "contact add"),
    (f"/people/{N32}/contacts/<int(max=2147483647):contact>/<any(delete, confirm):what>",
     lambda on: on.irina.press(f"/people/{on.person()}/contacts/{on.own()}/confirm"), IRINA, "dashboard",
     "contact verified"),
    (f"/people/{N32}/link", lambda on: on.irina.press(f"/people/{on.person()}/link"), IRINA, "dashboard",
     "password link"),
    (f"/people/{N32}/sign-out", lambda on: on.irina.press(f"/people/{on.person()}/sign-out"), IRINA, "dashboard",
     "person signed out"),
    ("/welcome/<token>", lambda on: on.welcome(), "new@example.org", "link", "password set"),
    (f"/people/{N32}/leave", lambda on: on.irina.press(f"/people/{on.person()}/leave", sure="1"), IRINA, "dashboard",
     "person left"),
    (f"/people/{N32}/back", lambda on: on.irina.press(f"/people/{on.person()}/back"), IRINA, "dashboard",
     "person back"),
    ("/teams", lambda on: on.irina.press("/teams", name="night"), IRINA, "dashboard", "team add"),
    ("/teams/<path:name>", lambda on: on.irina.press("/teams/night", member=ANNA), IRINA, "dashboard", "team edit"),
    ("/setup/steps/zone", lambda on: on.irina.press("/setup/steps/zone", language="en", timezone="UTC"), IRINA,
     "dashboard", "reading"),
    ("/setup/steps/skip", lambda on: on.irina.press("/setup/steps/skip", step="reach"), IRINA, "dashboard",
     "first run"),
    ("/overview/checklist", lambda on: on.irina.press("/overview/checklist"), IRINA, "dashboard", "first run"),
    ("/setup/steps/test", lambda on: on.irina.press("/setup/steps/test"), IRINA, "dashboard", "source test"),
    ("/setup/steps/arrived", lambda on: on.arrived(), IRINA, "dashboard", "acknowledge"),
    ("/setup/steps/oncall", lambda on: on.on_call(), IRINA, "dashboard", "first schedule"),
    ("/me/password", lambda on: on.irina.press("/me/password", old=PASSWORD, new=PASSWORD + "!"), IRINA, "dashboard",
     "password changed"),
    ("/sources/new", lambda on: on.irina.press("/sources/new", kind="ticket", name="desk"), IRINA, "dashboard",
     "token create"),
    (f"{SOURCE}/token", lambda on: on.irina.press(f"/sources/{on.source()}/token"), IRINA, "dashboard",
     "token create"),
    (f"{SOURCE}/revoke", lambda on: on.revokes(), IRINA, "dashboard", "token revoke"),
    (f"{SOURCE}/settings", lambda on: on.irina.press(f"/sources/{on.source()}/settings", stale="24h"), IRINA,
     "dashboard", "source set"),
    (f"{SOURCE}/alertmanagers", lambda on: on.irina.press(f"/sources/{on.source()}/alertmanagers",
     urls="https://am.example.org", auth="keep"), IRINA, "dashboard", "source set"),
    (f"{SOURCE}/desk", lambda on: on.irina.press(f"/sources/{on.desk_source()}/desk", url="https://desk.example.org/"),
     IRINA, "dashboard", "source set"),
    ("/api/v1/sources/<number>/desk", lambda on: on.administers(f"sources/{on.desk_source()}/desk", {"url": ""}),
     PROGRAM, "api", "source set"),
    (f"{INCIDENT}/desk", lambda on: on.irina.press(f"/incidents/{on.untold()}/desk"), IRINA, "dashboard", "desk again"),
    (f"{API}/desk", lambda on: on.administers(f"incidents/{on.untold()}/desk"), PROGRAM, "api", "desk again"),
    (f"{SOURCE}/test", lambda on: on.irina.press(f"/sources/{on.source()}/test"), IRINA, "dashboard", "source test"),
    (f"{SOURCE}/requests/<int(max=9223372036854775807):payload>/replay", lambda on: on.replays(), IRINA, "dashboard",
     "payload replay"),
    ("/reports/weekly", lambda on: on.irina.press("/reports/weekly", wanted="1"), IRINA, "dashboard", "weekly report"),
    ("/weekly/<token>", lambda on: on.stops_the_letters(), ANNA, "link", "weekly report"),
    ("/reports/guests", lambda on: on.irina.press("/reports/guests"), IRINA, "dashboard", "guest link made"),
    ("/reports/guests/<int:number>/revoke", lambda on: on.irina.press("/reports/guests/1/revoke"), IRINA, "dashboard",
     "guest link revoked"),
    ("/reports/shift", lambda on: on.takes_over(), IRINA, "dashboard", "hand-over confirmed"),
    ("/settings/test", lambda on: on.irina.press("/settings/test", channel="email"), IRINA, "dashboard",
     "channel test"),
    ("/me/tokens", lambda on: on.irina.press("/me/tokens", name="own", scope="read", password=PASSWORD + "!"), IRINA,
     "dashboard", "token create"),
    ("/me/tokens/<int(max=2147483647):number>/revoke", lambda on: on.revokes_own(), IRINA, "dashboard", "token revoke"),
    ("/settings/tokens", lambda on: on.irina.press("/settings/tokens", name="bot", scope="read"), IRINA, "dashboard",
     "token create"),
    ("/settings/tokens/<int(max=2147483647):number>/revoke", lambda on: on.revokes_a_program(), IRINA, "dashboard",
     "token revoke"),
    (f"/deliveries/{N}/resend", lambda on: on.resends(), IRINA, "dashboard", "delivery resend"),
    ("/deliveries/resend", lambda on: on.resends(several=True), IRINA, "dashboard", "delivery resend"),
    ("/p/<token>", lambda on: on.from_a_phone("acknowledge"), ANNA, "link", "acknowledge"),
    ("/p/<token>", lambda on: on.from_a_phone("decline"), ANNA, "link", "decline"),
    ("/p/<token>", lambda on: on.from_a_phone("note", text="going"), ANNA, "link", "note"),
    (f"{API}/acknowledge", lambda on: on.asks("acknowledge"), PROGRAM, "api", "acknowledge"),
    (f"{API}/resolve", lambda on: on.asks("resolve"), PROGRAM, "api", "resolve"),
    (f"{API}/snooze", lambda on: on.asks("snooze", {"for": "30m"}), PROGRAM, "api", "snooze"),
    (f"{API}/wake", lambda on: on.program_does(on.asleep(), "wake"), PROGRAM, "api", "wake"),
    (f"{API}/assign", lambda on: on.asks("assign", {"to": ANNA}), PROGRAM, "api", "assign"),
    (f"{API}/note", lambda on: on.asks("note", {"text": "seen"}), PROGRAM, "api", "note"),
    (f"{API}/escalate", lambda on: on.asks("escalate"), PROGRAM, "api", "escalate"),
    (f"{API}/urgency", lambda on: on.asks("urgency", {"urgency": "fast", "reason": "x"}), PROGRAM, "api", "urgency"),
    (f"{API}/title", lambda on: on.asks("title", {"title": "Disk"}), PROGRAM, "api", "retitle"),
    (f"{API}/fixed", lambda on: on.program_does(on.over(), "fixed", {"text": "a new disk"}), PROGRAM, "api", "fixed"),
    (f"{API}/merge", lambda on: on.asks("merge", {"into": on.incident()}), PROGRAM, "api", "merge"),
    (f"{API}/split", lambda on: on.splits_as_a_program(), PROGRAM, "api", "split"),
    (f"{API}/verdict", lambda on: on.program_does(on.over(), "verdict", {"person": ANNA, "verdict": "useful"}), PROGRAM,
     "api", "verdict"),
    ("/api/v1/oncall/overrides", lambda on: on.program("POST", "oncall/overrides", OVER), PROGRAM, "api",
     "override add"),
    ("/api/v1/oncall/overrides/<number>", lambda on: on.program("DELETE", f"oncall/overrides/{on.last}"), PROGRAM,
     "api", "override remove"),
    ("/api/v1/silences", lambda on: on.program("POST", "silences", SILENCE), PROGRAM, "api", "silence add"),
    ("/api/v1/silences/<number>/extend", lambda on: on.program("POST", f"silences/{on.last}/extend", {"for": "1h"}),
     PROGRAM, "api", "silence extend"),
    ("/api/v1/silences/<number>", lambda on: on.program("DELETE", f"silences/{on.last}"), PROGRAM, "api",
     "silence end"),
    ("/api/v1/maintenance", lambda on: on.program("POST", "maintenance", WINDOW), PROGRAM, "api", "maintenance add"),
    ("/api/v1/maintenance/<number>", lambda on: on.program("DELETE", f"maintenance/{on.last}"), PROGRAM, "api",
     "maintenance end"),
    ("/api/v1/incidents", lambda on: on.administers("incidents", {"title": "Smoke", "urgency": "fast"}), PROGRAM, "api",
     "incident opened"),
    ("/api/v1/sources", lambda on: on.administers("sources", {"kind": "alertmanager", "name": "x"}), PROGRAM, "api",
     "token create"),
    ("/api/v1/sources/<number>/token", lambda on: on.administers(f"sources/{on.source()}/token"), PROGRAM, "api",
     "token create"),
    ("/api/v1/sources/<number>/revoke", lambda on: on.revokes_by_program(), PROGRAM, "api", "token revoke"),
    ("/api/v1/sources/<number>/replay", lambda on: on.replays_by_program(), PROGRAM, "api", "payload replay"),
    ("/api/v1/deliveries/<number>/resend", lambda on: on.resends(by_program=True), PROGRAM, "api", "delivery resend"),
    ("/callback/pagerduty", lambda on: on.pagerduty("incident.acknowledged"), "Anna", "pagerduty", "acknowledge"),
    ("/callback/pagerduty", lambda on: on.pagerduty("incident.resolved"), "Anna", "pagerduty", "resolve"),
    ("/callback/pagerduty", lambda on: on.pagerduty("incident.annotated", content="x"), "Anna", "pagerduty", "note"),
    ("/logout", lambda on: on.irina.press("/logout"), IRINA, "dashboard", "sign out"),
    ("/login", lambda on: on.irina.sign_in(IRINA, PASSWORD + "!"), IRINA, "dashboard", "sign in"),
    ("/setup", set_up, IRINA, "dashboard", "first administrator"),
]  # fmt: skip


@pytest.fixture
def stage(world_of):
    with FakePush() as service:
        more = {"NABAT_PAGERDUTY_WEBHOOK_SECRET": SECRET, "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}
        yield Stage(world_of(**more), service)


def rows():
    db.session.rollback()
    return list(db.session.scalars(select(Audit).order_by(Audit.id)))


def test_every_route_that_changes_something_is_walked():
    posts = {rule for method, rule in TABLE if method not in ("GET", "HEAD")}
    assert posts - {rule for rule, *_ in ACTIONS} - BY_PERSONS == OF_SENDERS


def test_whatever_is_done_leaves_a_row_with_who_what_and_by_which_way(stage):
    """And all of it can be said in every language."""
    russian = reader(stage.world.clock.now(), "ru", "UTC")
    unknown = set()
    for rule, do, who, how, what in ACTIONS:
        known = len(rows())
        answer = do(stage)
        assert answer.status_code < 400, (rule, what, answer.text[-300:])
        fresh = rows()[known:]
        fresh = [row for row in fresh if row.action not in BESIDE or row.action == what]
        assert [row.action for row in fresh] == [what], (rule, what)
        assert fresh[0].actor.startswith(who), (rule, fresh[0].actor)
        assert fresh[0].detail["how"] == how, (rule, fresh[0].detail)
        assert fresh[0].target, rule
        assert fresh[0].at == stage.world.clock.now()
        for row in rows()[known:]:
            unknown |= {row.action} if russian.say(row.action) == row.action else set()
            target = words.target(row.target, russian)
            unknown |= {row.target} if KINDS.fullmatch(target) else set()
            names = set(row.detail) - {*SHOWN_APART, *words.NAMES}
            unknown |= {(row.action, one) for one in names}
        stage.world.clock.advance(seconds=70)
    assert unknown == set()


def test_what_is_refused_leaves_none(stage):
    known = len(rows())
    number = stage.incident()
    viewer, stranger = Browser(stage.world.app), Browser(stage.world.app)
    for browser in (viewer, stranger):
        browser.post(f"/incidents/{number}/acknowledge", {"csrf_token": "x"})
    stage.irina.press(f"/incidents/{number}/snooze", until="never")
    stage.irina.press("/incidents/999999/acknowledge")
    stage.world.client.post(f"/api/v1/incidents/{number}/acknowledge", headers={"Authorization": "Bearer wrong"})
    stage.world.client.post(f"/api/v1/incidents/{number}/note", json={"text": ""}, headers=stage.headers)
    Browser(stage.world.app).post("/p/wrong", do="acknowledge")
    assert rows()[known:] == []
    assert db.session.scalars(select(Entry.kind).where(Entry.incident_id == number)).all() == ["opened"]
