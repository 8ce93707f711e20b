"""`./nabat up`: web server, worker and auditor, started, watched over, and stopped together."""

import os
import signal
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import click

from gateway import log, sources
from gateway.access import auth
from gateway.heartbeat import PIPE
from gateway.start.forks import Enter, Fork, fork, share
from gateway.stopping import Stopping, hear, hear_no_more
from gateway.store.db import transaction
from gateway.store.directory import firstrun
from gateway.store.senders import sources as source_store
from gateway.world import World

STOP_WITHIN = 15.0  # seconds until what does not stop is killed
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds before something that died is started again
SILENCE = 60.0  # seconds without a pulse after which a process counts as stuck
LIVED_LONG = 30.0  # seconds of life after which a death is a new story


@dataclass(slots=True)
class Child:
    """One process, its arguments, and the pipe through which it shows that it is not stuck."""

    arguments: tuple[str, ...]
    process: Fork
    pipe: int
    started: float
    pause: float = FIRST_PAUSE
    heard: float | None = None  # only who has shown itself once is expected to go on
    again_at: float | None = None  # it died, and is started then

    def stuck(self) -> bool:
        try:
            while os.read(self.pipe, 4096):
                self.heard = time.monotonic()
        except BlockingIOError:
            """Nothing more is in it."""
        return self.heard is not None and time.monotonic() - self.heard > SILENCE


def greet(world: World, *, invented: Collection[str] = ()) -> None:
    """What a new user needs: the address, the set-up link, a receiver to paste. Tokens are shown once."""
    address = world.settings.public_url
    now = world.clock.now()
    with transaction() as session:
        firstrun.keep_address(session, address, now)
        link = auth.new_setup_link(session, now)
        first = not any(source and source.name not in invented for _, source in source_store.list_tokens(session))
        token = source_store.create_token(session, "alertmanager", "", now, sources.names()) if first else None
    click.echo(f"\nNabat is starting on {address}\n")
    if link:
        click.echo(f"Create the administrator here (works once):\n  {address}/setup?token={link}\n")
    if token:
        click.echo("Paste into alertmanager.yml (the token is shown this once) and name the receiver in a route:\n")
        click.echo(receiver(address, token))
    else:
        click.echo("Sources are connected; ./nabat token create alertmanager makes another token.\n")
    sys.stdout.flush()


def receiver(address: str, token: str) -> str:
    return f"""receivers:
  - name: nabat
    webhook_configs:
      - url: {address}/ingest/alertmanager
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials: {token}
"""


def say_address(host: str, port: int) -> None:
    """Where no public address is set, the one we listen on; before the settings are read, which all of us share."""
    os.environ.setdefault("NABAT_PUBLIC_URL", _listening(host, port))


def _listening(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - shown, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def run(enter: Enter, host: str, port: int, **more: str) -> None:
    """Until Ctrl-C or SIGTERM; then all are stopped, each in its own time. `enter` runs one of our commands."""
    share()
    for ending in ("gone", "new", "db"):  # counters of processes that ended with the last run, as counted.py left them
        for stale in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob(f"*.{ending}"):
            stale.unlink()
    environment = {**os.environ, **more}
    stopping = Stopping()
    hear(stopping)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # we may have been started by somebody who wants to hear of no child
    web = ("web", "--host", host, "--port", str(port))
    children: list[Child] = []
    signal.signal(signal.SIGHUP, lambda *_: _pass_on(children, signal.SIGHUP))
    children += [_start(enter, arguments, environment) for arguments in (web, ("worker",), ("auditor",))]
    while not stopping.wait(0.2):
        for index, child in enumerate(children):
            children[index] = _look_after(enter, child, environment)
    for child in children:
        child.process.terminate()
    for child in children:
        _end(child)
    hear_no_more()
    click.echo("Nabat has stopped.")


def _start(enter: Enter, arguments: tuple[str, ...], environment: dict[str, str], pause: float = FIRST_PAUSE) -> Child:
    """In a session of its own: Ctrl-C on the terminal reaches us alone, and we stop them in order."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    try:
        process = fork(enter, arguments, {**environment, PIPE: str(theirs)})
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Child(arguments, process, ours, time.monotonic(), pause)


def _look_after(enter: Enter, child: Child, environment: dict[str, str]) -> Child:
    """Returns the child, or the one in its place. Never waits: the other children need us too."""
    if child.again_at is not None:
        if time.monotonic() < child.again_at:
            return child
        try:
            anew = _start(enter, child.arguments, environment, child.pause)
        except OSError as problem:  # no memory, too many processes: for now, and the others still do their work
            log.error("process_not_started", problem, process=child.arguments[0])
            child.again_at = time.monotonic() + LONGEST_PAUSE
            return child
        os.close(child.pipe)
        return anew
    if child.process.poll() is None:
        if child.stuck():
            log.error("process_stuck", process=child.arguments[0], silent_s=SILENCE)
            child.process.kill()
        return child
    lived = time.monotonic() - child.started
    log.error("process_died", process=child.arguments[0], code=child.process.returncode, lived_s=round(lived, 1))
    child.again_at = time.monotonic() + child.pause
    child.pause = FIRST_PAUSE if lived > LIVED_LONG else min(LONGEST_PAUSE, child.pause * 2)
    return child


def _pass_on(children: list[Child], number: signal.Signals) -> None:
    for child in children:
        child.process.send_signal(number)


def _end(child: Child) -> None:
    try:
        child.process.wait(STOP_WITHIN)
    except TimeoutError:
        log.error("process_killed", process=child.arguments[0])
        child.process.kill()
        child.process.wait(STOP_WITHIN)
