"""Counters of the dead added up: the sum is the same wherever whoever adds them up is killed."""

from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from gateway import counted

DEAD = (4194301, 4194302, 4194303)  # no process of Linux has such a number, unless somebody wants it so


class Killed(BaseException):
    pass


def counts(folder, number, kind="counter"):
    values = MmapedDict(str(folder / f"{kind}_{number}.db"))
    values.write_value("one", 1.0 * number, 0)
    values.write_value(f"of {number}", 1.0, 0)
    values.close()


def total(folder):
    with counted.held(folder):
        files = [str(file) for file in folder.glob("*_*.db")]
        return sum(value for file in files for _, value, *_ in MmapedDict.read_all_values_from_file(file))


def kills_at(monkeypatch, step):
    """SIGKILL right before what changes the folder for the `step`th time."""
    done = []

    def counted_out(name):
        before = getattr(Path, name)

        def change(self, *given, **more):
            if len(done) == step:
                raise Killed
            done.append(name)
            return before(self, *given, **more)

        monkeypatch.setattr(Path, name, change)

    for name in ("unlink", "replace", "write_text"):
        counted_out(name)
    return done


@pytest.mark.parametrize("step", range(12))
def test_whoever_adds_up_may_be_killed_at_any_step(tmp_path, monkeypatch, step):
    counts(tmp_path, DEAD[0])
    assert counted.gather(tmp_path) == 1
    for number in DEAD[1:]:
        counts(tmp_path, number)
        counts(tmp_path, number, "histogram")
    wanted = total(tmp_path)
    with monkeypatch.context() as patched:
        kills_at(patched, step)
        with pytest.raises(Killed):
            counted.gather(tmp_path)
    for _ in range(2):
        assert total(tmp_path) == wanted
        counted.gather(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"lock", "counter_0.db", "histogram_0.db"}


def test_a_file_that_nobody_can_read_keeps_nobody_from_starting(tmp_path):
    counts(tmp_path, DEAD[0])
    assert counted.gather(tmp_path) == 1
    wanted = total(tmp_path)
    for name, left in ((f"counter_{DEAD[1]}", b"\xff\x00\x00\x00" * 9), (f"counter_{DEAD[2]}", b"x")):
        (tmp_path / f"{name}.db").write_bytes(left)
    assert counted.gather(tmp_path) == 2
    assert total(tmp_path) == wanted
    (tmp_path / "counter_0.db").write_bytes(b"\xff\x00\x00\x00" * 9)
    counts(tmp_path, DEAD[1])
    assert counted.gather(tmp_path) == 1
    assert total(tmp_path) == DEAD[1] + 1
    (tmp_path / "counter.gone").touch()
    assert total(tmp_path) == DEAD[1] + 1
    (tmp_path / "counter.gone").mkdir()  # nothing can be done there
    assert counted.gather(tmp_path) == 0
