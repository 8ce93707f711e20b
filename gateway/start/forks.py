"""Processes that begin as copies of this one: what is loaded and never changes is in memory once for all of them."""

import ctypes
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
UNKNOWN = -1  # exit code
GLANCE = 0.02  # seconds between looks whether it has ended
OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the copy decides anew what they mean to it
Enter = Callable[[Sequence[str]], object]  # runs one of our commands, given its arguments

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Fork:
    """One such process, with what `subprocess.Popen` has."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except (
                ChildProcessError
            ):  # whoever started us has the system forget its children: it has ended, who knows how
                self.returncode = UNKNOWN
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, seconds: float) -> int:
        """Raises TimeoutError."""
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"process {self.pid} has not ended within {seconds} s")
            time.sleep(GLANCE)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:  # what was waited for may be somebody else's number by now
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def share() -> None:
    """What is loaded by now stays where it is: a look over it for garbage would make every copy write to all of it."""
    gc.collect()
    gc.freeze()


def fork(enter: Enter, arguments: Sequence[str], environment: Mapping[str, str]) -> Fork:
    """Only for a process with one thread. The copy is in a session of its own, and dies with us whoever kills us."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Fork(pid)
    code = 1
    try:
        code = _run(enter, arguments, environment)
    finally:
        os._exit(code)  # whatever happens: nobody above us may go on as if it were the first process


def _run(enter: Enter, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    code = 1
    try:
        _begin(arguments, environment)
        enter(arguments)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - it is the end of this process, and it is told of
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    os.setsid()
    for number in OURS:
        signal.signal(number, signal.SIG_DFL)
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _libc.prctl(PR_SET_NAME, f"nabat {arguments[0]}".encode())  # for top and ps: the arguments are those of `up`
    os.environ.clear()
    os.environ.update(environment)
