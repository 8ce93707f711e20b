"""The audit log seals itself: rows are chained in the order of their commits; whoever changes one is found out (G4)."""

import os
import subprocess
import threading
from datetime import timedelta

from sqlalchemy import delete, select, text, update

from dashboard.audit import queries as audit_queries
from gateway.flows import chain
from gateway.flows.librarian import Librarian
from gateway.store.db import db, reading, transaction
from gateway.store.tables import Audit
from gateway.store.upkeep import audit
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import BOOK


def note(world, *targets, **detail):
    with transaction() as session:
        for target in targets:
            audit.note(session, world.clock.now(), "irina@example.org", "try", target, "command", **detail)


def follow(so_far=None, most=None):
    with reading() as session:
        return audit.follow(session, so_far or audit.Chain(), most)


def rows():
    db.session.rollback()
    found = list(db.session.scalars(select(Audit).order_by(Audit.id)))
    db.session.expunge_all()  # they stay as they were read, whatever is done to the table
    return found


def tamper(statement):
    with db.engine.execution_options(writes=True).begin() as link:
        link.execute(statement)


def test_whoever_changes_a_row_is_found_out(world):
    for number in range(5):
        note(world, f"one {number}", before={"text": "Zürich 🔥\\ud800" if number else ""}, n=number)
    note(world, "together 1", "together 2")
    whole = follow()
    assert (whole.whole, whole.rows, whole.broken) == (True, 7, 0)
    third = rows()[2]
    for change, found in (
        (update(Audit).where(Audit.id == third.id).values(actor="nobody"), third.id),
        (update(Audit).where(Audit.id == third.id).values(actor=third.actor, at=third.at + timedelta(seconds=1)),
         third.id),
        (update(Audit).where(Audit.id == third.id).values(at=third.at, detail={"how": "link"}), third.id),
        (delete(Audit).where(Audit.id == third.id), third.id + 1),
    ):  # fmt: skip
        tamper(change)
        broken = follow()
        assert (broken.broken, broken.whole) == (found, False)
        assert broken.why == audit.CHANGED


def test_rows_taken_off_the_end_are_missed_and_what_was_never_chained_is_told(world):
    tamper(text("INSERT INTO audit (at, actor, action, target, detail) VALUES (1, 'a', 'b', 'c', '{}')"))
    note(world, "one")
    note(world, "two")
    assert (follow().older, follow().rows, follow().whole) == (1, 2, True)
    last = rows()[-1]
    tamper(delete(Audit).where(Audit.id == last.id))
    assert (follow().broken, follow().why) == (last.id - 1, audit.CUT_OFF)
    note(world, "three")  # the chain goes on from what was written, not from what was left
    assert follow().broken == rows()[-1].id
    tamper(update(Audit).where(Audit.id == rows()[0].id).values(hash=rows()[1].hash))
    assert follow().broken == rows()[0].id


def test_several_write_at_once_and_the_chain_is_one(world):
    """What is undone leaves nothing, and no gap in the chain."""

    def write(name):
        with world.app.app_context():
            for number in range(6):
                try:
                    note(world, f"{name} {number}")
                    with transaction() as session:
                        audit.note(session, world.clock.now(), name, "undone", "x", "api")
                        raise LookupError
                except LookupError:
                    db.session.rollback()

    threads = [threading.Thread(target=write, args=(f"writer {one}",)) for one in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (follow().whole, follow().rows) == (True, 24)
    assert not [row for row in rows() if row.action == "undone"]


def test_a_worker_follows_it_in_portions_and_remembers_a_break(world, monkeypatch):
    monkeypatch.setattr(audit, "PORTION", 3)
    monkeypatch.setattr(chain, "PORTION", 3)
    note(world, *(f"row {number}" for number in range(7)))
    seen = [chain.follow(world.clock.now()) for _ in range(3)]
    assert [(one.chain.rows, one.chain.whole) for one in seen] == [(3, False), (6, False), (7, True)]
    tamper(update(Audit).where(Audit.id == rows()[4].id).values(actor="nobody"))
    assert not chain.follow(world.clock.now()).broken  # it was looked at a moment ago
    world.clock.advance(days=1, seconds=1)
    seen = [chain.follow(world.clock.now()) for _ in range(4)]
    assert [one.broken for one in seen] == [0, 5, 5, 5]


def edit(world, was, will, author=None):
    """The file is written anew, later than before; in git if there is an author."""
    path = world.app.extensions["gateway"].shelf.place / "book.yaml"
    stamp = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(path.read_text().replace(was, will))
    os.utime(path, ns=(stamp, stamp))
    if author:
        git = ["git", "-C", str(path.parent), "-c", f"user.name={author}", "-c", "user.email=boris@example.org"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", f"Wake us for =disks by {author}"], check=True)


def test_g4_who_changed_the_rule_on_tuesday(world_of):
    """Marina sees author, time, before and after; the chain verifies; a row edited in the database is named."""
    book = BOOK.replace("name: critical", "name: disk")
    assert book != BOOK
    world = world_of(book)
    everybody_has_a_password()
    first, second = Librarian(world.app.extensions["gateway"]), Librarian(world.app.extensions["gateway"])
    for one in (first, second):
        one.look(world.clock.now())
    assert rows() == []  # nothing was changed
    world.clock.advance(days=3)
    edit(world, "urgency: emergency", "urgency: fast", "Boris & Sons")
    for one in (first, second):  # two workers, one change
        one.look(world.clock.now())
    whole, rule = rows()
    assert (whole.action, whole.target, whole.detail["changed"]) == ("rule book changed", "rule book", ["rule disk"])
    assert (rule.action, rule.target) == ("rule changed", "rule disk")
    assert (rule.detail["before"]["urgency"], rule.detail["after"]["urgency"]) == ("emergency", "fast")
    marina = Browser(world.app)
    assert marina.sign_in("irina@example.org").status_code == 302
    page = marina.get("/audit?target=disk").text
    assert "Boris &amp; Sons &lt;boris@example.org&gt;" in page
    assert "<del>emergency</del> → <ins>fast</ins>" in page
    assert "rule book changed</td>" not in page
    assert "Mon 30 Nov" in page or "Tue" in page
    assert follow().whole
    tamper(update(Audit).where(Audit.id == rule.id).values(actor="Somebody else"))
    assert follow().broken == rule.id
    chain.follow(world.clock.now())
    assert f"The log is not as it was written: row {rule.id}." in marina.get("/audit").text


def test_the_page_filters_pages_and_is_a_safe_table(world):
    note(world, *(f"thing {number}" for number in range(55)))
    note(world, "=cmd|' /C calc'!A0", text="<b>")
    world.clock.advance(days=2)
    note(world, "later")
    everybody_has_a_password()
    irina = Browser(world.app)
    assert irina.sign_in("irina@example.org").status_code == 302
    page = irina.get("/audit").text
    assert page.count("<tr id=") == 50
    assert "thing 54" in page
    assert "thing 2<" not in page
    after = page.partition("after=")[2].partition('"')[0]
    assert "thing 2<" in irina.get(f"/audit?after={after}").text
    assert irina.get("/audit?target=hing 5").text.count("<tr id=") == 6
    assert irina.get("/audit?actor=nobody@example.org").text.count("<tr id=") == 0
    assert irina.get("/audit?action=sign in").text.count("<tr id=") == 1
    day = f"{world.clock.now():%Y-%m-%d}"
    found = irina.get(f"/audit?from={day}&to={day}").text
    assert found.count("<tr id=") == 2
    assert irina.get("/audit?from=yesterday&to=2020-01-01").text.count("<tr id=") == 0
    file = irina.get("/audit.csv?target=calc")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "'=cmd" in file.text
    assert ",=cmd" not in file.text
    assert '"=cmd' not in file.text
    assert "192.0.2.1" in irina.get("/audit.csv?action=sign in").text  # from where


def test_rows_of_one_moment_or_out_of_order_are_all_found_by_their_day(world):
    begin = world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for apart in (3, 0, 0, 2, 1, 0):  # numbers are given at the commit, moments before
        with transaction() as session:
            audit.note(session, begin + timedelta(minutes=apart), "irina@example.org", "try", f"{apart}", "command")
    wanted = {"begin": begin, "end": begin + timedelta(minutes=2)}
    assert [one.target for one in audit_queries.rows(audit_queries.Wanted(**wanted))] == ["0", "1", "0", "0"]


def test_a_viewer_sees_their_teams_rows_only(world):
    everybody_has_a_password()
    with transaction() as session:
        for who in ("anna@example.org", "irina@example.org", "oleg@example.org"):
            audit.note(session, world.clock.now(), who, "try", f"by {who}", "command")
        session.execute(text("UPDATE person SET role = 'viewer' WHERE email = 'oleg@example.org'"))
    oleg = Browser(world.app)
    assert oleg.sign_in("oleg@example.org").status_code == 302
    page = oleg.get("/audit").text
    assert "by oleg@" in page
    assert "by irina@" not in page
    assert "by irina@" not in oleg.get("/audit.csv").text
