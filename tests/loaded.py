"""A process that has loaded the program and makes copies of itself that become it, as `./nabat up` starts its own.

To load it takes two seconds each time, and some tests start it many times.

    copy = Copies.of_this_run().start(["worker"], environment, log)   # has what subprocess.Popen has
"""

import atexit
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
POSSIBLE = hasattr(os, "pidfd_open")
GLANCE = 0.01  # seconds


class Copies:
    """Our side: the process that is copied, which dies with us, and its copies with it."""

    _made = None
    _lock = threading.Lock()

    @classmethod
    def of_this_run(cls):
        with cls._lock:
            cls._made = cls._made or cls()
            return cls._made

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nabat-copies-"))
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        self.template = subprocess.Popen(
            [sys.executable, "-m", "tests.loaded", str(self.folder)], env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.close)

    def start(self, arguments, environment, log):
        wish = {"arguments": list(arguments), "environment": environment, "log": str(log)}
        with self._lock:
            self.template.stdin.write(json.dumps(wish) + "\n")
            self.template.stdin.flush()
            return Copy(int(self.template.stdout.readline()), self.folder)

    def close(self):
        self.template.communicate()  # it ends with its stdin, and they with it


class Copy:
    """One of them. Whoever made it hears of its end and writes down how it was."""

    def __init__(self, pid, folder):
        self.pid, self.returncode, self._end = pid, None, folder / f"{pid}.end"

    def poll(self):
        if self.returncode is None:
            with suppress(FileNotFoundError):
                self.returncode = int(self._end.read_text())
        return self.returncode

    def wait(self, timeout=None):
        end = time.monotonic() + (timeout or 0.0)
        while self.poll() is None:
            if timeout is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(GLANCE)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(15)

    def kill(self):
        self.send_signal(9)


def main(folder):
    """Their side: a wish on each line of stdin, a process id on each line of stdout."""
    from gateway import auditor  # noqa: F401, PLC0415 - loaded, for whoever becomes it
    from gateway.start import commands, forks  # noqa: F401, PLC0415

    forks.share()
    running = {}  # by the descriptor that shows its end
    while True:
        ready, _, _ = select.select([sys.stdin, *running], [], [])
        for descriptor in set(ready) & set(running):
            os.close(descriptor)
            write_down(folder, running.pop(descriptor))
        if sys.stdin in ready:
            if not (line := sys.stdin.readline()):
                break
            child = forks.fork(*as_wished(json.loads(line)))
            (folder / f"{child.pid}.end").unlink(missing_ok=True)  # of another that had this number
            running[os.pidfd_open(child.pid)] = child
            print(child.pid, flush=True)  # noqa: T201 - that is how it is told
    shutil.rmtree(folder)


def as_wished(wish):
    """What forks.fork takes."""

    def become(arguments):
        with Path(wish["log"]).open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        sys.argv = ["nabat", *arguments]
        from gateway.__main__ import main as program  # noqa: PLC0415

        program()

    return become, wish["arguments"], wish["environment"]


def write_down(folder, child):
    code = child.wait(10)
    half = folder / f"{child.pid}.half"
    half.write_text(str(code))
    half.rename(folder / f"{child.pid}.end")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
