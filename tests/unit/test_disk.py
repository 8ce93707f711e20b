"""How much room is left, and the ballast that is let go and put back."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from gateway import disk as disks
from gateway.disk import BALLAST, FULL, MEGABYTE, Disk, disk_of, is_full
from gateway.settings import load

LEAST = 200 * MEGABYTE


class HandDisk:
    """As much room as a test says; the ballast takes its part of it."""

    def __init__(self, place, free):
        self.place, self.bytes = place, free

    def __call__(self, place):
        assert place == self.place
        taken = BALLAST if (place / "ballast").exists() else 0
        return self.bytes - taken


@pytest.fixture(autouse=True)
def _always_asked(monkeypatch):
    monkeypatch.setattr(disks, "LOOK_EVERY", 0.0)


@pytest.fixture
def room(tmp_path):
    return HandDisk(tmp_path, 10 * LEAST)


@pytest.fixture
def disk(tmp_path, room):
    return Disk(tmp_path, LEAST, room)


def test_the_ballast_is_made_where_there_is_room_and_really_takes_it(disk, tmp_path):
    disk.tend()
    disk.tend()
    assert [one.name for one in tmp_path.iterdir()] == ["ballast"]
    stat = (tmp_path / "ballast").stat()
    assert stat.st_size == BALLAST
    assert stat.st_blocks * 512 >= BALLAST  # no hole: it must be worth something when it goes


def test_it_goes_when_the_disk_is_full_and_comes_back_when_there_is_room(disk, room):
    disk.tend()
    room.bytes = BALLAST + LEAST - 1
    disk.tend()
    assert disk.short
    assert disk.ballast.exists()  # nothing new is taken in, and there is room for what is here
    room.bytes = BALLAST + FULL - 1
    disk.tend()
    assert not disk.ballast.exists()
    assert disk.free() == BALLAST + FULL - 1
    room.bytes = BALLAST + LEAST - 1
    disk.tend()
    assert not disk.short
    assert not disk.ballast.exists()  # put back, it would leave too little
    room.bytes = BALLAST + LEAST
    disk.tend()
    assert disk.ballast.exists()
    assert not disk.short


def test_a_draft_of_a_killed_process_is_no_ballast(disk, tmp_path):
    (tmp_path / "ballast.new").write_bytes(b"half")
    disk.tend()
    assert [one.name for one in tmp_path.iterdir()] == ["ballast"]


def test_what_cannot_be_asked_or_made_stops_nothing(tmp_path):
    gone = Disk(tmp_path / "gone", LEAST)
    assert not gone.short
    gone.tend()
    gone.let_go()
    assert not (tmp_path / "gone").exists()


def test_switched_off_it_looks_at_nothing(tmp_path):
    disk = Disk(tmp_path, 0, HandDisk(tmp_path / "never asked", 0))
    disk.tend()
    assert not disk.short
    assert list(tmp_path.iterdir()) == []


def test_the_place_is_where_the_file_lies():
    lies = disk_of(load({"NABAT_DATABASE_URL": "sqlite:////var/lib/elsewhere/n.db", "NABAT_DATA_DIR": "/tmp/data"}))
    assert (lies.place, lies.least) == (Path("/var/lib/elsewhere"), LEAST)
    server = disk_of(load({"NABAT_DATABASE_URL": "postgresql://db/n", "NABAT_SECRET_KEY": "k" * 32}))
    assert server.least == 0


def test_a_full_database_is_told_from_a_busy_one(tmp_path):
    small = sqlite3.connect(tmp_path / "small.db")
    small.execute("CREATE TABLE t (x)")
    small.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as full:
        small.execute("INSERT INTO t VALUES (zeroblob(100000))")
    small.rollback()
    assert is_full(full.value)
    assert is_full(OperationalError("INSERT", None, full.value))
    small.execute("BEGIN EXCLUSIVE")
    engine = create_engine(f"sqlite:///{tmp_path}/small.db", connect_args={"timeout": 0})
    with pytest.raises(OperationalError) as busy, engine.begin() as link:
        link.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert not is_full(busy.value)
    assert not is_full(ValueError("SQLITE_FULL"))
    engine.dispose()
    small.close()
