"""Long runs: `python -m tests.fuzz --minutes 60 [--engine atheris] [--target loader …]`.

Hypothesis is among the development requirements. Atheris, which sees what code an input reaches and looks for inputs
that reach more, is not: it has wheels for some versions of Python on Linux x86_64 only (docs/SECURITY.md). Where it has
one: `.venv/bin/pip install atheris`.
"""

import argparse
import importlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz.strategies import inputs

SLOW = 0.1  # seconds of processor time that one input may take
ROUND = 500  # examples until the clock is looked at


def main():
    options = argparse.ArgumentParser(prog="python -m tests.fuzz")
    options.add_argument("--minutes", type=float, default=5.0, help="shared by the targets")
    options.add_argument("--engine", choices=("hypothesis", "atheris"), default="hypothesis")
    options.add_argument("--target", nargs="*", default=[])
    options.add_argument("--seed", type=int, default=random.randrange(2**32))
    options.add_argument("--one", action="store_true", help="with atheris: fuzz here, not in a process of its own")
    asked = options.parse_args()
    if asked.one:
        return with_atheris(asked.target[0], asked.minutes * 60, asked.seed)
    known = targets()

    names = asked.target or list(known)
    share = asked.minutes * 60 / len(names)
    say(f"{len(names)} targets, {share:.0f} s each, seed {asked.seed}")
    run = with_hypothesis if asked.engine == "hypothesis" else in_a_process
    failed = [name for name in names if not run(known[name], share, asked.seed)]
    say(f"failed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


def with_hypothesis(target, seconds, number):
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1

        @seed(number)
        @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(inputs(target))
        def run(data):
            nonlocal count
            count += 1
            bounded(target, data)

        try:
            run()
        except Exception as problem:  # noqa: BLE001 - whatever a target raises is a finding
            say(f"{target.name}: FAILED after {count} inputs, seed {number}: {type(problem).__name__}: {problem}")
            for note in getattr(problem, "__notes__", ()):
                say(f"  {note}")
            return False
    say(f"{target.name}: {count} inputs")
    return True


def bounded(target, data):
    """A second look at what was slow: the first may have paid for something that is made once."""
    began = time.thread_time()
    target.call(data)
    if time.thread_time() - began > SLOW:
        began = time.thread_time()
        target.call(data)
        took = time.thread_time() - began
        assert took <= SLOW, f"{took:.2f} s for {len(data)} bytes: {data[:200]!r}"


def in_a_process(target, seconds, number):
    """Atheris ends its process with the run."""
    command = [sys.executable, "-m", "tests.fuzz", "--engine", "atheris", "--one", "--target", target.name]
    command += ["--minutes", str(seconds / 60), "--seed", str(number)]
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines = done.stdout.splitlines()
    runs = [line for line in lines if line.startswith("Done ")]
    say(f"{target.name}: {runs[-1] if runs else 'FAILED'}")
    if done.returncode:
        say("\n".join(lines[-40:]))
    return done.returncode == 0


def with_atheris(name, seconds, number):
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        say("atheris is not installed here; see the head of tests/fuzz/__main__.py")
        return 2
    with atheris.instrument_imports(include=["rules", "gateway"]):
        target = targets()[name]
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for index, data in enumerate(target.seeds):
            (corpus / str(index)).write_bytes(data)
        words = Path(folder) / "words"
        words.write_text("".join(map(entry, target.words)))
        atheris.Setup(
            [sys.argv[0], str(corpus), f"-dict={words}", f"-max_total_time={max(1, int(seconds))}", f"-seed={number}",
             "-max_len=4096", f"-artifact_prefix={tempfile.gettempdir()}/", "-print_final_stats=0"],
            lambda data: bounded(target, data),
        )  # fmt: skip
        atheris.Fuzz()
    return 0


def targets():
    """Imported late: atheris has to see our modules being loaded."""
    return importlib.import_module("tests.fuzz.targets").TARGETS


def entry(word):
    """One line of a dictionary as libFuzzer reads it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


def say(line):
    print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
