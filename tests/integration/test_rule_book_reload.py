"""A rule book that changes under a running program: a good one takes effect, a broken one never does (P16)."""

import os

import pytest

from gateway.rulebook.shelf import Bookshelf
from rules.book import BadRuleBook
from tests.samples import BOOK


def write(world, text):
    path = world.app.extensions["gateway"].shelf.place / "book.yaml"
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_a_changed_book_takes_effect_and_open_incidents_keep_their_route(world):
    shelf = world.app.extensions["gateway"].shelf
    old = shelf.book.version
    world.alert()
    write(world, BOOK.replace("urgency: emergency", "urgency: urgent").replace("name: critical,", "name: renamed,"))
    assert shelf.refresh()
    assert shelf.book.version != old
    world.alert(name="Other", fingerprint="other")
    first, second = world.incidents()
    assert (first.urgency, second.urgency, second.rule) == (0, 1, "renamed")
    assert (first.route["book_version"], second.route["book_version"]) == (old, shelf.book.version)
    world.alert("resolved")  # a rename strands nothing
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_a_broken_book_changes_nothing_but_the_complaints(world):
    shelf = world.app.extensions["gateway"].shelf
    good = shelf.book
    write(world, BOOK + "\nroutess: []\n")
    assert not shelf.refresh()
    assert shelf.book is good
    assert shelf.complaints
    assert "book.yaml:" in shelf.complaints[0]
    world.alert()
    assert world.incident().rule == "critical"
    write(world, BOOK)
    shelf.refresh()
    assert shelf.complaints == ()


def test_at_start_a_broken_book_stops_the_program(tmp_path):
    (tmp_path / "book.yaml").write_text("version: 1\nroutes: 5\n")
    with pytest.raises(BadRuleBook, match=r"book\.yaml:2: routes"):
        Bookshelf(tmp_path)


def test_at_start_a_calendar_whose_zone_is_none_here_has_the_book_s_and_is_complained_of(tmp_path):
    """Nobody has touched the book: the system has another list of zones since."""
    text = "calendars: {work: {days: mon-fri, timezone: Mars/Olympus}}\n" + BOOK
    (tmp_path / "book.yaml").write_text(text)
    shelf = Bookshelf(tmp_path)
    assert shelf.book.calendars["work"].timezone == "Europe/Moscow"
    assert shelf.complaints == (
        "book.yaml:1: calendars.work.timezone: 'Mars/Olympus' is not a time zone; write a name like Europe/Berlin",
    )
    (tmp_path / "book.yaml").write_text(text + "routess: []\n")
    with pytest.raises(BadRuleBook, match="routess"):
        Bookshelf(tmp_path)


def test_what_editors_leave_beside_the_book_disturbs_nothing(world):
    shelf = world.app.extensions["gateway"].shelf
    (shelf.place / ".#book.yaml").symlink_to("nowhere@host.1234")
    assert not shelf.refresh()
    (shelf.place / "gone.yaml").symlink_to("nowhere")
    shelf.refresh()
    assert "gone.yaml" in shelf.complaints[0]
    assert "cannot be read" in shelf.complaints[0]
    (shelf.place / "gone.yaml").unlink()
    shelf.ask()
    shelf.refresh()
    assert shelf.complaints == ()


def test_what_could_not_be_read_is_read_as_soon_as_it_can_be(world):
    """A right that is given changes neither the time nor the size of a file: here a directory stands in its way."""
    shelf = world.app.extensions["gateway"].shelf
    table = shelf.place / "table.csv"
    table.mkdir()
    before = table.stat()
    assert not shelf.refresh()
    assert "cannot be read" in shelf.complaints[0]
    table.rmdir()
    table.write_text("x" * before.st_size)
    os.utime(table, ns=(before.st_mtime_ns, before.st_mtime_ns))
    shelf.refresh()
    assert shelf.complaints == ()
