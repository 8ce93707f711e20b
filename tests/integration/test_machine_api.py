"""HTTP for programs: what can be asked and done with a token, what is refused, and that nothing secret gets out."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from gateway.doors.machine.questions import cursor
from gateway.store.db import db, transaction
from gateway.store.directory import people
from gateway.store.reading import readings
from gateway.store.senders import sources as source_store
from gateway.store.tables import Audit, Delivery, PersonRow, Token
from tests import described
from tests.samples import alert, group


class Program:
    """Somebody's script with its token."""

    def __init__(self, world, *scopes, name="deploy script", person="", role=""):
        """With a person it is their own, with this role."""
        self.client = world.client
        with transaction() as session:
            whose = None
            if person:
                row = session.scalars(select(PersonRow).where(PersonRow.email == person)).one()
                whose, row.role = row.id, role or row.role
                people.bump(session, world.clock.now())
            self.token = source_store.create_api_token(session, name, scopes, world.clock.now(), person_id=whose)

    def get(self, path, **asked):
        return self.ask("GET", path, query_string=asked)

    def post(self, path, **more):
        return self.ask("POST", path, **more)

    def ask(self, method, path, **more):
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert described.holds(method, f"/api/v1{path}", answer) == []
        return answer

    def ids(self, kind="incidents", **asked):
        answer = self.get(f"/{kind}", **asked)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json[kind]]


@pytest.fixture
def program(world):
    return Program(world, "read", "act", "admin")


def problem(answer, status):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.json["status"] == status
    return answer.json["detail"]


def without_undo(answer):
    said = answer.json
    assert re.fullmatch("[0-9a-f]{32}", said.pop("undo"))
    return said


def fill(world):
    """Incidents 1 to 4: an emergency with two alerts, two ordinary ones, and one that is over."""
    world.post(group(alert(instance="db01"), alert(fingerprint="a2", instance="db02", cluster='x",y')))
    world.post(group(alert(name="Slow", fingerprint="b1", severity="warning", instance="db01")), name="kazan")
    world.post(group(alert(name="ДИСК полон", fingerprint="b2", severity="warning")))
    world.post(group(alert(name="Gone", fingerprint="b3", severity="warning")))
    world.post(group(alert("resolved", name="Gone", fingerprint="b3", severity="warning"), status="resolved"))
    return [one.id for one in world.incidents()]


def test_lists_are_filtered_by_every_parameter(world, program):
    a, b, c, d = fill(world)
    assert program.ids() == [c, b, a]
    assert program.ids(status="all") == [d, c, b, a]
    assert program.ids(status="resolved,triggered", urgency="ordinary") == [d, c, b]
    assert program.ids(urgency="emergency,urgent") == [a]
    assert program.ids(source="kazan") == [b]
    assert program.ids(source=["kazan", "alertmanager"], status="all") == [d, c, b, a]
    assert program.ids(source="nobody") == []
    assert program.ids(label="instance=db01") == [b, a]
    assert program.ids(label=["instance=db01", "alertname=Slow"]) == [b]
    assert program.ids(label=["instance=db01", 'cluster=x",y']) == []  # of two different alerts
    assert program.ids(label='cluster=x",y') == [a]
    assert (
        program.ids(label=["INSTANCE=db01"])
        == program.ids(label="instance=DB01")
        == program.ids(label="nce=db01")
        == []
    )
    assert program.ids(q="диск") == [c]
    assert program.ids(q="100%_") == []
    assert program.ids(status="", urgency="", source="", label="", q="", after="", limit="") == [c, b, a]


def test_pages_follow_each_other_without_gaps_while_new_ones_come(world, program):
    ids = fill(world)
    first = program.get("/incidents", status="all", limit=2).json
    world.post(group(alert(name="New", fingerprint="n1", severity="warning")))
    second = program.get("/incidents", status="all", limit=2, after=first["next"]).json
    assert [one["id"] for one in first["incidents"] + second["incidents"]] == ids[::-1]
    assert second["next"] is None


def test_a_search_in_a_long_past_goes_on_where_it_stopped(world, program, monkeypatch):
    ids = fill(world)
    monkeypatch.setattr(readings, "SCANNED", 2)
    found, after, pages = [], None, 0
    while pages == 0 or after:
        page = program.get("/incidents", status="all", q="Instance", **({"after": after} if after else {})).json
        found, after, pages = found + [one["id"] for one in page["incidents"]], page["next"], pages + 1
    assert found == [ids[0]]
    assert pages > 1
    for kind, asked in (("alerts", {"label": "instance=db02"}), ("deliveries", {"channel": "ntfy"})):
        first = program.get(f"/{kind}", **asked).json
        assert len(first[kind]) <= 2


def test_one_incident_with_all_that_belongs_to_it(world, program):
    number = fill(world)[0]
    found = program.get(f"/incidents/{number}").json
    assert (found["id"], found["urgency"], found["status"], found["source"]) == (
        number,
        "emergency",
        "triggered",
        "alertmanager",
    )
    assert found["opened_at"] == "2026-12-05T00:12:00Z"
    assert found["web_url"] == f"http://127.0.0.1:8000/incidents/{number}"
    assert {one["labels"]["instance"] for one in found["alerts"]} == {"db01", "db02"}
    assert found["alerts"][0]["starts_at"] == "2026-12-05T00:11:30Z"
    assert found["timeline"][0]["kind"] == "opened"
    assert {(one["channel"], one["who"]) for one in found["deliveries"]} == {
        ("pagerduty", "anna@example.org"), ("ntfy", "anna@example.org"),
    }  # fmt: skip


def test_acknowledge_resolve_and_note(world, program):
    number = fill(world)[0]
    path = f"/incidents/{number}"
    assert without_undo(program.post(f"{path}/acknowledge")) == {
        "result": "acknowledged", "incident": number, "status": "acknowledged",
    }  # fmt: skip
    again = program.post(f"{path}/acknowledge")
    assert (again.status_code, again.json["result"]) == (200, "already acknowledged")
    assert program.post(f"{path}/note", json={"text": " rebooting 🔧\x00 "}).json["result"] == "noted"
    assert program.post(f"{path}/resolve").json["result"] == "resolved"
    again = program.post(f"{path}/acknowledge").json
    assert (again["result"], again["status"]) == ("already resolved", "resolved")
    found = program.get(path).json
    assert (found["ack_by"], found["resolved_by"]) == ("deploy script", "deploy script")
    lines = [(one["kind"], one["actor"]) for one in found["timeline"][-3:]]
    assert lines == [(kind, "deploy script") for kind in ("acknowledged", "note", "resolved")]
    assert found["timeline"][-2]["detail"] == {"text": "rebooting 🔧\ufffd", "how": "api"}


def test_snooze_assign_and_mute(world, program):
    number = fill(world)[0]
    path = f"/incidents/{number}"
    assert without_undo(program.post(f"{path}/snooze", json={"for": "30m"})) == {
        "result": "snoozed", "incident": number, "status": "triggered",
    }  # fmt: skip
    assert program.get(path).json["snoozed_until"] == "2026-12-05T00:42:00Z"
    program.post(f"{path}/snooze", json={"until": "2026-12-05T09:00:00+03:00"})
    assert program.get(path).json["snoozed_until"] == "2026-12-05T06:00:00Z"
    assert program.get(path).json["assignee"] is None
    assert program.post(f"{path}/assign", json={"to": "oleg@example.org"}).json["result"] == "assigned"
    assert program.get("/incidents").json["incidents"][-1]["assignee"] == "oleg@example.org"
    assert program.post(f"{path}/assign", json={"to": "oleg@example.org"}).json["result"] == "already assigned"
    assert program.post(f"{path}/resolve", json={"mute": True}).json["status"] == "resolved"
    world.post(group(alert(instance="db01")))
    assert [one.id for one in world.incidents() if one.title.startswith("InstanceDown")] == [number]
    assert program.post(f"{path}/snooze", json={"for": "30m"}).json["result"] == "already resolved"
    assert program.get(path).json["timeline"][-1]["detail"]["count"] == 2


def test_what_is_no_snooze_no_person_and_no_choice(world, program):
    path = f"/incidents/{fill(world)[0]}"
    bodies = [
        {}, [], {"for": 30}, {"for": "soon"}, {"for": "30m", "until": "09:00"}, {"until": "2020-01-01T00:00:00Z"},
        {"for": "0m"}, {"for": "99w"}, {"for": None}, {"for": True},
    ]  # fmt: skip
    for body in bodies:
        problem(program.post(f"{path}/snooze", json=body), 400)
    for body in ({}, [], {"to": ""}, {"to": None}, {"to": True}, {"to": ["a"]}, {"to": "nobody@example.org"}, {"to": 0},
                 {"to": 10**30}, {"to": "\0"}):  # fmt: skip
        problem(program.post(f"{path}/assign", json=body), 400)
    for body in ([], {"mute": "yes"}, {"mute": 1}, {"mute": None}):
        problem(program.post(f"{path}/resolve", json=body), 400)
    problem(program.post("/incidents/99/snooze", json={"for": "1h"}), 404)
    problem(program.post("/incidents/99/assign", json={"to": "oleg@example.org"}), 404)
    assert {one.status for one in world.incidents()[:3]} == {"triggered"}


def test_a_program_acknowledges_for_a_time(world, program):
    number = fill(world)[0]
    problem(program.post(f"/incidents/{number}/acknowledge", json={"for": "soon"}), 400)
    assert program.post(f"/incidents/{number}/acknowledge", json={"for": "30m"}).json["result"] == "acknowledged"
    assert world.incidents()[0].phase == "timed"
    assert program.post(f"/incidents/{number}/acknowledge", json={}).json["result"] == "acknowledged"
    assert world.incidents()[0].phase == ""


def test_what_a_program_does_is_written_down_under_its_token(world, program):
    number = fill(world)[0]
    program.post(f"/incidents/{number}/acknowledge")
    (row,) = db.session.scalars(select(Audit))
    assert (row.actor.rpartition("#")[0], row.action) == ("token deploy script ", "acknowledge")


def test_alerts_and_deliveries(world, program):
    a, _, _, d = fill(world)
    assert len(program.ids("alerts")) == 5
    assert [one["incident"] for one in program.get("/alerts", firing="false").json["alerts"]] == [d]
    assert len(program.ids("alerts", firing="true", source="alertmanager")) == 3
    assert len(program.ids("alerts", incident=a)) == 2
    assert len(program.ids("alerts", label="instance=db01", limit=1)) == 1
    cut = program.get("/alerts", limit=3).json
    assert len(program.ids("alerts", limit=3, after=cut["next"])) == 2
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.channel == "ntfy").values(status="sent"))
    (sent,) = program.get("/deliveries", status="sent,delivered").json["deliveries"]
    assert (sent["channel"], sent["incident"], sent["urgency"]) == ("ntfy", a, "emergency")
    assert len(program.ids("deliveries", incident=a)) == 2
    assert len(program.ids("deliveries", channel="email", limit=1)) == 1


def test_who_is_on_call(program):
    (duty,) = program.get("/oncall").json["oncall"]
    assert duty["person"] == {"email": "anna@example.org", "name": "Anna"}
    early = program.get("/oncall", schedule="infra", at="2020-01-01T00:00:00+03:00").json
    assert early["oncall"][0]["person"] is None
    assert early["oncall"][0]["until"] == "2026-11-02T06:00:00Z"
    spaced = program.client.get(
        "/api/v1/oncall?at=2026-12-05T03:12:00+03:00", headers={"Authorization": f"Bearer {program.token}"}
    )
    assert spaced.json["at"] == "2026-12-05T03:12:00+03:00"
    assert problem(program.get("/oncall", schedule="nobody"), 404)
    for at in ("now", "2026-12-05", "2026-12-05T03:12:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert "at:" in problem(program.get("/oncall", at=at), 400)


HUGE = "9" * 5000
HOSTILE = [
    ("incidents", {"status": "opened"}), ("incidents", {"status": "open,"}), ("incidents", {"urgency": "HIGH"}),
    ("incidents", {"limit": 0}), ("incidents", {"limit": 201}), ("incidents", {"limit": -1}),
    ("incidents", {"limit": "\u0661"}),
    ("incidents", {"limit": HUGE}), ("incidents", {"limit": 2**63}), ("incidents", {"limit": "1e1"}),
    ("incidents", {"after": "1"}), ("incidents", {"after": "ы"}), ("incidents", {"after": "%%%"}),
    ("incidents", {"after": cursor("alerts", 3)}), ("incidents", {"after": cursor("incidents", 2**63)}),
    ("incidents", {"after": cursor("incidents", 3) + "="}), ("incidents", {"after": cursor("incidents", 3) + "\n"}),
    ("incidents", {"q": "a\0b"}), ("incidents", {"source": "\0"}), ("incidents", {"label": "a=\0"}),
    ("incidents", {"label": "nothing"}), ("incidents", {"label": "=x"}), ("incidents", {"q": "x" * 1001}),
    ("incidents", {"q": ["one", "two"]}), ("incidents", {"state": "resolved"}), ("incidents/1", {"x": 1}),
    ("alerts", {"firing": "1"}), ("alerts", {"incident": 2**63}), ("alerts", {"incident": "-1"}),
    ("deliveries", {"status": "lost"}), ("deliveries", {"incident": "1.0"}), ("deliveries", {"channel": "\0"}),
]  # fmt: skip
HARMLESS = [
    {"q": "' OR 1=1 --"}, {"q": "%"}, {"q": "\\"}, {"label": "a'=\"b\\"}, {"label": "a=" + "ы" * 900},
    {"source": "'; --"},
    {"q": "\ud83d"}, {"label": "x=="}, {"after": cursor("incidents", 2**63 - 1)}, {"after": cursor("incidents", 0)},
]  # fmt: skip


def test_hostile_parameters_are_refused_with_their_names(world, program):
    fill(world)
    for path, asked in HOSTILE:
        answer = program.get(f"/{path}", **asked)
        said = problem(answer, 400)
        assert next(iter(asked)) in said, (path, asked)
        assert len(answer.text) < 500
    for asked in HARMLESS:
        status = {} if "after" in asked else {"status": "all"}
        answer = program.client.get(
            "/api/v1/incidents",
            query_string={k: v.encode("utf-8", "surrogatepass") for k, v in {**asked, **status}.items()},
            headers={"Authorization": f"Bearer {program.token}"},
        )
        assert answer.status_code == 200, asked


def test_what_is_not_there(world, program):
    for number in ("0", "99", "-1", "x", "1.0", "٣", str(2**63), HUGE, "1%00", "%D0%B6"):
        problem(program.get(f"/incidents/{number}"), 404)
        problem(program.post(f"/incidents/{number}/acknowledge"), 404)
        problem(program.post(f"/incidents/{number}/note", json={"text": "x"}), 404)
    problem(program.get("/nothing"), 404)
    problem(world.client.get("/api/"), 404)
    problem(world.client.get("/api/v2/incidents"), 404)
    wrong = program.ask("DELETE", "/incidents")
    problem(wrong, 405)
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    problem(program.get("/incidents/1/acknowledge"), 405)


def test_notes_that_are_none(world, program):
    path = f"/incidents/{fill(world)[0]}/note"
    for body in (b"", b"{", b"[]", b'{"text":""}', b'{"text":" \\n"}', b'{"text":7}', b'{"note":"x"}', b"[" * 10000):
        problem(program.post(path, data=body), 400)
    problem(program.post(path, json={"text": "x" * 4001}), 400)
    problem(program.post(path, data=b" " * 65537), 413)
    assert world.entries("note") == []


def routes(app, number, *, of_persons=False):
    """Every path under /api/v1 with its method and scope; those for persons only are apart."""
    return [
        (rule.rule[len("/api/v1") :].replace("<number>", str(number)), method, app.view_functions[rule.endpoint].scope)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and app.view_functions[rule.endpoint].only_persons is of_persons
        for method in rule.methods - {"HEAD", "OPTIONS"}
    ]


BODY = {  # enough for every action
    "text": "x", "for": "30m", "to": "oleg@example.org", "matchers": ["a=b"], "reason": "x", "length": "1h",
    "start": "2027-01-05T02:00", "urgency": "fast", "title": "x", "into": 99, "alerts": [1],
    "person": "oleg@example.org", "schedule": "infra", "verdict": "useful", "kind": "alertmanager", "name": "another",
}  # fmt: skip
NOT_NOW = {  # there is nothing to merge it with, it has one alert, no message failed, and so on
    "merge": 409, "split": 409, "resend": 409, "revoke": 400, "replay": 400, "explain": 400, "<key>": 404,
    "bulk": 400, "undo": 404, "<payload>": 404, "<name>": 404, "<path:name>": 404, "imports": 400,
    "deliveries/resend": 400, "sources/1/desk": 400, "notices/1": 404,
}  # fmt: skip
ADMINS = (
    "POST /sources", "GET /sources/1/quarantine", "GET /audit", "POST /deliveries/", "GET /sources/1/requests",
    "GET /incidents/1/payloads", "POST /schedules/1/imports", "DELETE /schedules/1/imports",
)  # fmt: skip
ASKS = ("/rules/explain", "/rules/test", "/preview")  # with a body, and nothing is changed
MADE = ("silences", "maintenance", "oncall/overrides")


def test_every_route_wants_a_token_with_its_scope(world):
    reader, actor, nobody = Program(world, "read"), Program(world, "act"), Program(world)
    admin = Program(world, "admin")
    number = fill(world)[0]
    with transaction() as session:
        gone = Program.__new__(Program)
        gone.client, gone.token = (
            world.client,
            source_store.create_api_token(session, "old", ["read", "act"], world.clock.now()),
        )
        source_store.revoke(session, gone.token[-4:], world.clock.now())
    sender = Program.__new__(Program)
    sender.client, sender.token = world.client, world.token()
    made = {f"/{what}/{number}": f"/{what}/{actor.post(f'/{what}', json=BODY).json['id']}" for what in MADE}
    for found, method, scope in routes(world.app, number):
        path = made.get(found, found)
        admins = f"{method} {path}".startswith(ADMINS)
        reads = method == "GET" or path.endswith(ASKS)
        assert scope == ("admin" if admins else "read" if reads else "act"), path
        bare = world.client.open(f"/api/v1{path}", method=method)
        problem(bare, 401)
        assert bare.headers["WWW-Authenticate"] == 'Bearer realm="nabat"'
        for stranger in (gone, sender):
            problem(stranger.ask(method, path), 401)
        known = {"read": reader, "act": actor, "admin": admin}
        right = known.pop(scope)
        for stranger in (*known.values(), nobody):
            assert scope in problem(stranger.ask(method, path), 403)
        answer = right.ask(method, path, json=BODY if method == "POST" else None)
        assert answer.status_code == NOT_NOW.get(path[1:], NOT_NOW.get(path.rpartition("/")[2], 200)), (
            path,
            answer.text,
        )
    whole = Program(world, "read", "act", "admin")
    mine = {scope: Program(world, scope, person="oleg@example.org", role="admin") for scope in ("read", "act", "admin")}
    for path, method, scope in routes(world.app, number, of_persons=True):
        problem(world.client.open(f"/api/v1{path}", method=method), 401)
        assert "person's own" in problem(whole.ask(method, path), 403)
        for lacking in mine.keys() - {scope}:
            assert scope in problem(mine[lacking].ask(method, path), 403)
        assert mine[scope].ask(method, path, json={}).status_code in (200, 400, 404, 409), path
    for given in (
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "Bearer ж".encode().decode("latin-1"),
        "Bearer " + "x" * 5000,
        "x",
    ):
        problem(world.client.get("/api/v1/incidents", headers={"Authorization": given}), 401)


def test_a_token_is_marked_as_used_once_a_minute(world, program):
    def used():
        db.session.rollback()
        return db.session.scalar(select(Token.last_used_at).where(Token.kind == "api"))

    start = world.clock.now()
    for seconds, expected in ((0, 0), (59, 0), (2, 61), (30, 61)):
        world.clock.advance(seconds=seconds)
        program.get("/incidents")
        assert used() == start + timedelta(seconds=expected)


def test_nothing_secret_is_in_any_answer(world, program):
    number = fill(world)[0]
    with transaction() as session:
        addresses = list(session.scalars(select(Delivery.address)))
        hashes = list(session.scalars(select(Token.hash))) + list(session.scalars(select(Delivery.address_id)))
    answers = [program.ask(method, path) for path, method, _ in routes(world.app, number)]
    text = "".join(answer.text for answer in answers)
    private = [one for one in addresses if "@" not in one]  # an e-mail address is also the person's name to us
    assert private
    for secret in (*private, *hashes, "anna-key", program.token, world.token(), "+7999", "ntfy.example"):
        assert secret not in text
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_the_description_names_every_route_and_parameter(world):
    program = Program(world, "read", "act", "admin", person="oleg@example.org", role="admin")
    described = program.get("/openapi.json").json
    assert described["openapi"] == "3.1.0"
    known = {(path, method.upper()) for path, methods in described["paths"].items() for method in methods}
    served = {
        (re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in world.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }  # fmt: skip
    assert known == served
    for path, methods in described["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                answer = program.get(path.removeprefix("/api/v1"), **{parameter["name"]: "\0"})
                assert "NUL" in problem(answer, 400), parameter
    assert set(re.findall(r'"#/components/schemas/(\w+)"', str(described).replace("'", '"'))) <= set(
        described["components"]["schemas"]
    )


def test_what_is_answered_is_what_is_described(world, program):
    number = fill(world)[0]
    schemas = program.get("/openapi.json").json["components"]["schemas"]
    whole = program.get(f"/incidents/{number}").json
    shown = {
        "WholeIncident": whole, "Incident": program.get("/incidents").json["incidents"][0], "Alert": whole["alerts"][0],
        "Delivery": whole["deliveries"][0], "Entry": whole["timeline"][0], "OnCall": program.get("/oncall").json,
        "Result": program.post(f"/incidents/{number}/resolve").json,
        "Amended": program.post(f"/incidents/{number}/title", json={"title": "x"}).json,
    }  # fmt: skip
    for what, name in zip(MADE[:2], ("Silence", "Window"), strict=True):
        shown[name] = program.post(f"/{what}", json=BODY).json
        shown[f"Whole{name}"] = program.get(f"/{what}/{shown[name]['id']}").json
    for name, value in shown.items():
        assert set(value) == set(schemas[name]["properties"]), name


def test_a_busy_database_is_503(world, program):
    """What is to be changed is held by somebody: the program is asked to come again, and nothing is half done."""
    number = fill(world)[0]

    def fail(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO fact"):  # the audit log's head, written last: what went before is undone
            raise OperationalError(statement, {}, Exception("secret words of a driver"))

    event.listen(db.engine, "before_cursor_execute", fail)
    answer = program.post(f"/incidents/{number}/acknowledge")
    event.remove(db.engine, "before_cursor_execute", fail)
    assert "secret" not in problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    assert program.get(f"/incidents/{number}").json["status"] == "triggered"


def test_a_token_that_cannot_be_marked_still_reads(program):
    def fail(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE token"):
            raise OperationalError(statement, {}, Exception("disk is full"))

    event.listen(db.engine, "before_cursor_execute", fail)
    answer = program.get("/incidents")
    event.remove(db.engine, "before_cursor_execute", fail)
    assert answer.status_code == 200
