"""What people do by tokens of their own leaves the same rows as on the pages; each with `api` as its way."""

import pytest
from sqlalchemy import select

from gateway.store.db import db
from gateway.store.tables import Audit
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program

pytestmark = pytest.mark.slow

OLEG, ANNA = "oleg@example.org", "anna@example.org"


class Stage:
    """Oleg, an administrator, with his token; what was made last is kept."""

    def __init__(self, world):
        self.world, self.last, self.answer = world, 0, {}
        everybody_has_a_password()
        self.browsers = [Browser(world.app) for _ in range(3)]
        for browser in self.browsers:
            browser.sign_in(OLEG)
        self.oleg = Program(world, "read", "act", "admin", person=OLEG, role="admin")
        self.anna = Program(world, "read", "act", person=ANNA)

    def makes(self, path, body=None, key="id"):
        answer = self.oleg.post(path, json=body or {})
        self.answer = answer.json
        self.last = self.answer.get(key, 0)
        return answer

    def incident(self):
        return self.world.alert(name="Down", fingerprint=f"f{self.world.clock.now()}")[0]

    def undoes(self):
        done = self.oleg.post(f"/incidents/{self.incident()}/acknowledge").json["undo"]
        return self.oleg.post("/undo", json={"undo": done})

    def first_session(self):
        return self.oleg.get("/me/sessions").json["sessions"][0]["id"]


ACTIONS = [  # route after /api/v1, what is done, the row's action
    ("/me", lambda on: on.makes("/me", {"language": "en"}), "taste"),
    ("/me", lambda on: on.makes("/me", {"timezone": "Asia/Tokyo"}), "reading"),
    ("/me", lambda on: on.makes("/me", {"weekly": True}), "weekly report"),
    ("/me/notifications", lambda on: on.makes("/me/notifications", {"quiet_hours": ""}), "notification rules"),
    ("/me/home", lambda on: on.makes("/me/home", {"view": "mine"}), "home view"),
    ("/me/calendar", lambda on: on.makes("/me/calendar"), "calendar address new"),
    ("/me/calendar", lambda on: on.oleg.ask("DELETE", "/me/calendar"), "calendar address end"),
    ("/me/sessions/<number>", lambda on: on.oleg.ask("DELETE", f"/me/sessions/{on.first_session()}"), "session ended"),
    ("/me/sessions/end", lambda on: on.makes("/me/sessions/end"), "other sessions ended"),
    ("/me/contacts", lambda on: on.makes("/me/contacts", {"channel": "email", "address": "o@example.org"},
                                         "contact"), "contact add"),
    ("/me/contacts/<number>/test", lambda on: on.oleg.post(f"/me/contacts/{on.last}/test"), "contact test"),
    ("/me/contacts/<number>/confirm", lambda on: on.oleg.post(f"/me/contacts/{on.last}/confirm",
                                                              json={"did": "arrived"}), "contact arrived"),
    ("/me/contacts/<number>/code", lambda on: on.oleg.post(f"/me/contacts/{on.last}/code"), ""),
    ("/me/contacts/<number>", lambda on: on.oleg.ask("DELETE", f"/me/contacts/{on.last}"), "contact remove"),
    ("/views", lambda on: on.makes("/views", {"name": "Loud", "query": "urgency=emergency"}), "view saved"),
    ("/views/<number>", lambda on: on.oleg.post(f"/views/{on.last}", json={"name": "Louder"}), "view rename"),
    ("/views/<number>", lambda on: on.oleg.post(f"/views/{on.last}", json={"query": ""}), "view save"),
    ("/views/watch", lambda on: on.oleg.post("/views/watch", json={"view": f"{on.last}"}), "view watch"),
    ("/views/<number>", lambda on: on.oleg.ask("DELETE", f"/views/{on.last}"), "view delete"),
    ("/views/undo", lambda on: on.makes("/views/undo"), "view undo"),
    ("/incidents/bulk", lambda on: on.makes("/incidents/bulk", {"do": "acknowledge", "incidents": [on.incident()]}),
     "acknowledge"),
    ("/undo", lambda on: on.undoes(), "undo acknowledge"),
]  # fmt: skip
RULES = {f"/api/v1{rule}" for rule, *_ in ACTIONS}
BESIDE = {"acknowledge"}  # of what is done on the way


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
        assert (fresh[0].actor, fresh[0].detail["how"]) == (OLEG, "api"), rule
        world.clock.advance(seconds=70)
