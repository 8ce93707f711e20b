"""Hostile and foreign bodies against the running server: each is answered as it should be, and hurts nobody else.

The inputs are other people's (TEST_SHARED) and read in place.
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.doors.bodies import SMALL_DEADLINE
from tests.conftest import SHARED
from tests.databases import missing, wait_until
from tests.e2e.hostile import cases, send, send_raw, signed, signing_secrets, timed
from tests.processes import Gateway, children_of, memory_of
from tests.samples import webhook

GROWTH = 64 * 1024 * 1024  # bytes of memory that one case may cost
BUSY = 10.0  # seconds more than a case may take, because this machine has other things to do too
TICKS = os.sysconf("SC_CLK_TCK")
ALL = cases("json", "schema", "time", "text", "url", "length", "auth", "sign", "ticket")
RAW = cases("raw")
AGAIN = cases("schema", "time", "text")  # what the databases may take differently
PAYLOADS = sorted(SHARED.glob("payloads/alertmanager-*.json"))
NOT_SUSPECT = ("time-077", "time-079", "time-087")  # a leap second, a small z, an odd end: these can be read
NO_WEBHOOK = "api-v2-post"  # lists that belong to another address
SILENT = "silent"
pytestmark = pytest.mark.slow


class Target:
    """A web server without a worker, with a source of its own for every case: no case sees what another left behind."""

    def __init__(self, gateway, sources):
        self.gateway = gateway
        gateway.prepare(sources=sources)
        self.secrets = signing_secrets(gateway, [name for kind, name in sources if kind == "ticket"])
        self.web = gateway.web()
        self.pool = ThreadPoolExecutor(len(RAW) + 1)
        self.raw = {}

    def spent(self):
        """What its processes have taken of memory, and computed so far, in seconds: unlike the time on the wall that
        does not depend on the neighbours.
        """
        memory, work = 0, 0.0
        for pid in children_of(self.web.pid):
            if (its := memory_of(pid)) > 30_000_000:
                fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
                memory, work = memory + its, work + (int(fields[11]) + int(fields[12])) / TICKS
        return memory, work

    def is_well(self):
        assert self.web.alive
        assert self.gateway.get("/healthz")[0] == 200

    def of(self, source, columns="a.firing", where="true"):
        """The alerts of one case's source, with their incidents."""
        tables = "alert a JOIN source s ON s.id = a.source_id LEFT JOIN incident i ON i.id = a.incident_id"
        return self.gateway.rows(f"SELECT {columns} FROM {tables} WHERE s.name = '{source}' AND {where}")

    def count(self, table, source):
        tables = f"{table} t JOIN source s ON s.id = t.source_id"
        return self.gateway.value(f"SELECT count(*) FROM {tables} WHERE s.name = '{source}'")

    def close(self):
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.gateway.close()


@pytest.fixture(scope="module")
def sqlite_target(tmp_path_factory, sqlite_file):
    folder = tmp_path_factory.mktemp("corpus")
    shutil.copyfile(sqlite_file, folder / "nabat.db")
    others = [SILENT, *(path.stem for path in PAYLOADS)]
    sources = [(case.kind, case.id) for case in ALL + RAW] + [("alertmanager", name) for name in others]
    target = Target(Gateway(folder, f"sqlite:///{folder}/nabat.db"), sources)
    raw = {case.id: case.body() for case in RAW} | {SILENT: a_byte_short()}
    for name, data in raw.items():  # some are slow on purpose, so all are under way while the others are looked at
        token = target.gateway.tokens["alertmanager", name].encode()
        whole = data.replace(b"{AM}", b"/ingest/alertmanager").replace(b"{TOK}", token)
        target.raw[name] = target.pool.submit(timed, send_raw, target.gateway.port, whole)
    yield target
    target.close()


@pytest.fixture(scope="module")
def postgres_target(tmp_path_factory, durable):
    folder = tmp_path_factory.mktemp("corpus")
    target = Target(Gateway(folder, durable.copy("corpus")), [(case.kind, case.id) for case in AGAIN])
    yield target
    target.close()


def each(found):
    """One test for each; where the corpus is not there, one that says so."""
    return pytest.mark.parametrize("case", found or [None], ids=lambda one: getattr(one, "stem", str(one)))


def is_there(found):
    return found or missing(f"no shared test data (TEST_SHARED) at {SHARED}")


@each(ALL)
def test_a_hostile_body_is_answered_as_it_should_be(case, sqlite_target):
    goes_as_written(is_there(case), sqlite_target)


@each(AGAIN)
def test_the_same_on_postgresql(case, postgres_target):
    goes_as_written(is_there(case), postgres_target)


def goes_as_written(case, target):
    token = target.gateway.tokens[case.kind, case.id]
    path = f"/ingest/{case.kind}" + case.said.get("path", "").replace("VALID", token)
    headers = case.headers(token)
    body = case.body()
    if "sign" in case.said:
        body, signature = signed(case.said["sign"], target.secrets[case.id], body)
        headers |= signature
    before = target.spent()
    status, said, took = timed(send, target.gateway.port, case.said["method"], path, headers, body)
    grown, work = (now - then for now, then in zip(target.spent(), before, strict=True))
    assert status in case.said["status"], said
    assert b"Traceback" not in said
    assert took < case.seconds + BUSY
    assert work < case.seconds
    assert grown < GROWTH
    target.is_well()
    has_its_effect(case, target, status, said)
    if case.said.get("sign") == "replay":
        assert send(target.gateway.port, case.said["method"], path, headers, body)[0] in case.said["status"]
        assert only(target.of(case, "a.seen")) == (1,)


def has_its_effect(case, target, status, said):
    stored = len(target.of(case))
    if status not in (200, 202):
        assert stored == 0
        assert target.count("quarantined_item", case) == 0
    elif case.id not in EMPTY:
        answer = json.loads(said)
        assert answer["accepted"] + answer["quarantined"] > 0
        assert target.count("quarantined_item", case) == answer["quarantined"]
        assert stored or answer["quarantined"]
    if effect := EFFECTS.get(case.id) or EFFECTS.get(case.cls):
        effect(target, case, said)


def a_byte_short():
    """A good request whose last byte never comes."""
    body = json.dumps(webhook()).encode()
    head = "POST {AM} HTTP/1.1\r\nHost: nabat\r\nAuthorization: Bearer {TOK}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1]


def test_a_body_that_never_comes_is_not_waited_for_for_ever(sqlite_target):
    status, _, took = sqlite_target.raw[SILENT].result(120)
    assert status == 408
    assert took < SMALL_DEADLINE + BUSY
    assert sqlite_target.of(SILENT) == []


@each(RAW)
def test_bytes_that_are_hardly_http_are_answered_or_cut_off(case, sqlite_target):
    status, said, took = sqlite_target.raw[is_there(case).id].result(120)
    assert status in case.said["status"], said
    assert took < case.seconds + BUSY
    assert b"Traceback" not in said
    assert b"evil.example" not in said
    assert sqlite_target.of(case) == []
    sqlite_target.is_well()


@each(PAYLOADS)
def test_what_real_alertmanagers_sent_is_taken(case, sqlite_target):
    path = is_there(case)
    status, said = sqlite_target.gateway.post(path.read_bytes(), name=path.stem)
    if NO_WEBHOOK in path.stem:
        assert status == 400
        assert {"/api/v2/alerts", "/ingest/alertmanager"} <= set(json.loads(said)["detail"].replace(";", " ").split())
        return
    sent = json.loads(path.read_bytes())["alerts"]
    assert (status, json.loads(said)["accepted"], json.loads(said)["quarantined"]) == (202, len(sent), 0)
    assert len(sqlite_target.of(path.stem)) == len(sent)


def test_nothing_of_it_was_a_surprise(request):
    """No stack trace, and no payload that had to be set aside because the database choked on it."""
    for name in ("sqlite_target", "postgres_target"):
        said = request.getfixturevalue(name).gateway.said()
        assert "Traceback" not in said
        assert " error event=" not in said, said[-3000:]


# --- what is written in the manifest about single cases

EMPTY = ("schema-045",)
EFFECTS = {}


def effect(*ids):
    def keep(look):
        EFFECTS.update(dict.fromkeys(ids, look))
        return look

    return keep


def only(rows):
    (one,) = rows
    return one


@effect("json-010")
def names_the_right_address(_target, _case, said):
    assert b"/api/v2/alerts" in said
    assert b"webhook" in said


@effect("json-003", "json-027", "json-028")
def people_hear_of_it(target, case, _said):
    """An incident of our own about this sender."""
    wait_until(lambda: len(target.of("nabat", where=f"a.labels LIKE '%\"{case}\"%' AND i.status = 'triggered'")) == 1)


@effect("json-013")
def a_broken_byte_is_shown(target, case, _said):
    assert "\ufffd" in only(target.of(case, "a.labels"))[0]


@effect("json-019", "schema-054")
def fires(target, case, _said):
    assert only(target.of(case))[0]


@effect("json-026")
def is_cut_with_a_mark(target, case, _said):
    words = json.loads(only(target.of(case, "a.annotations"))[0])["summary"]
    assert len(words) < 20_000
    assert "[cut]" in words


@effect("schema-046")
def the_good_one_is_stored_and_four_are_set_aside(target, case, _said):
    assert only(target.of(case))[0]
    assert target.count("quarantined_item", case) == 4


@effect("schema-049")
def the_same_again_is_the_same_alert(target, case, _said):
    assert target.gateway.post(case.body(), name=case.id)[0] == 202
    assert only(target.of(case, "a.seen")) == (2,)


@effect("schema-058")
def labels_in_another_order_are_the_same_alert(target, case, _said):
    body = json.loads(case.body())
    body["alerts"][0]["labels"] = dict(reversed(body["alerts"][0]["labels"].items()))
    assert target.gateway.post(body, name=case.id)[0] == 202
    assert only(target.of(case, "a.seen")) == (2,)


@effect("schema-052", "schema-069")
def both_fire(target, case, _said):
    assert [bool(row[0]) for row in target.of(case)] == [True, True]


@effect("schema-057")
def the_incident_shows_how_many_were_cut_off(target, case, _said):
    assert {row[0] for row in target.of(case, "i.truncated")} == {40}


@effect("schema-061")
def one_incident_and_it_is_over(target, case, _said):
    assert target.of(case, "i.status") == [("resolved",)]
    assert target.count("incident", case) == 1
    kinds = "SELECT e.kind FROM entry e JOIN incident i ON i.id = e.incident_id JOIN source s ON s.id = i.source_id"
    lines = [row[0] for row in target.gateway.rows(f"{kinds} WHERE s.name = '{case}' ORDER BY e.id")]
    assert lines == ["opened", "resolved"]


@effect("schema-063")
def sixty_four_labels_are_kept(target, case, _said):
    assert len(json.loads(only(target.of(case, "a.labels"))[0])) == 64


@effect("schema-067")
def all_of_ten_thousand_are_stored(target, case, said):
    assert json.loads(said)["accepted"] == 10_000
    assert target.count("alert", case) == 10_000


@effect("time")
def it_fires_and_an_absurd_time_is_marked(target, case, _said):
    starts = "a.firing, a.clock_suspect, i.started_at <= i.opened_at + 1000000, a.latest"
    firing, suspect, near, latest = only(target.of(case, starts))
    assert (bool(firing), bool(near), bool(latest)) == (True, True, True)
    assert bool(suspect) == (case.id not in NOT_SUSPECT)


@effect("text")
def it_is_stored_clean(target, case, _said):
    for title, annotations in target.of(case, "a.title, a.annotations"):
        assert "\0" not in title + annotations
        assert len(title.splitlines()) == 1


@effect("text-122")
def emoji_arrive_unchanged(target, case, _said):
    sent = json.loads(case.body())["alerts"][0]["annotations"]["summary"]
    assert only(target.of(case, "a.title"))[0] == sent


@effect("text-129")
def an_unknown_severity_is_no_small_thing(target, case, _said):
    severity, urgency = only(target.of(case, "a.severity, i.urgency"))
    assert severity == "error"
    assert urgency <= 1


@effect("url")
def only_a_web_address_becomes_a_link(target, case, _said):
    assert only(target.of(case, "a.url")) == ("",)


@effect("ticket")
def an_unknown_priority_is_not_the_lowest(target, case, _said):
    """Priority high, by default: the tickets of our own rule book that are told fast."""
    for ticket, urgency in target.of(case, "i.ticket, i.urgency", "i.id IS NOT NULL"):
        assert json.loads(ticket)["priority"] in ("high", "critical")
        assert urgency <= 2
        assert len(json.loads(ticket)["requester"].get("emails", [])) <= 20
