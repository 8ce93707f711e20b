"""`./nabat up`: one web server and one worker, started, watched over, and stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import click

from gateway import auth, log, sources
from gateway.store import sources as source_store
from gateway.store.db import transaction
from gateway.world import World

STOP_WITHIN = 15.0  # seconds until what does not stop is killed
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds before something that died is started again
LIVED_LONG = 30.0  # seconds of life after which a death is a new story


@dataclass(slots=True)
class Child:
    """One process and its arguments."""

    arguments: tuple[str, ...]
    process: "subprocess.Popen[bytes]"
    started: float
    pause: float = FIRST_PAUSE


def greet(world: World, host: str, port: int) -> None:
    """What a new user needs: the address, the set-up link, a receiver to paste. Tokens are shown once."""
    address = public_address(world, host, port)
    now = world.clock.now()
    with transaction() as session:
        link = auth.new_setup_link(session, now)
        first = not any(source for _, source in source_store.list_tokens(session))
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


def public_address(world: World, host: str, port: int) -> str:
    """The configured address; where none is, the one we listen on."""
    return world.settings.public_url if "NABAT_PUBLIC_URL" in os.environ else _listening(host, port)


def _listening(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - shown, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def run(host: str, port: int) -> None:
    """Until Ctrl-C or SIGTERM; then both are stopped, each in its own time."""
    for stale in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db"):
        stale.unlink()  # counters of processes that ended with the last run
    environment = {"NABAT_PUBLIC_URL": _listening(host, port), **os.environ}
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    web = ("web", "--host", host, "--port", str(port))
    children: list[Child] = []
    signal.signal(signal.SIGHUP, lambda *_: _pass_on(children, signal.SIGHUP))
    children += [_start(arguments, environment) for arguments in (web, ("worker",))]
    while not stopping.wait(0.2):
        for index, child in enumerate(children):
            if child.process.poll() is not None:
                children[index] = _again(child, environment, stopping)
    for child in children:
        child.process.terminate()
    for child in children:
        _end(child)
    click.echo("Nabat has stopped.")


def _start(arguments: tuple[str, ...], environment: dict[str, str], pause: float = FIRST_PAUSE) -> Child:
    """In a session of its own: Ctrl-C on the terminal reaches us alone, and we stop them in order."""
    command = [sys.executable, "-m", "gateway", *arguments]
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - ourselves
    return Child(arguments, process, time.monotonic(), pause)


def _again(child: Child, environment: dict[str, str], stopping: threading.Event) -> Child:
    lived = time.monotonic() - child.started
    pause = FIRST_PAUSE if lived > LIVED_LONG else min(LONGEST_PAUSE, child.pause * 2)
    log.error("process_died", process=child.arguments[0], code=child.process.returncode, lived_s=round(lived, 1))
    stopping.wait(child.pause)
    return _start(child.arguments, environment, pause)


def _pass_on(children: list[Child], number: signal.Signals) -> None:
    for child in children:
        child.process.send_signal(number)


def _end(child: Child) -> None:
    try:
        child.process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        log.error("process_killed", process=child.arguments[0])
        child.process.kill()
        child.process.wait()
