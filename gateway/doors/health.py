"""For those who watch us: alive, ready, and figures for Prometheus."""

import ipaddress
import os
import platform
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import counted, log
from gateway.doors.ingest import problem
from gateway.secrets import same
from gateway.store.db import reading
from gateway.store.figures import rollups
from gateway.store.schema import revisions
from gateway.store.upkeep import horizon, selfwatch, vitals
from gateway.store.upkeep.horizon import Held
from gateway.store.upkeep.selfwatch import Report
from gateway.store.upkeep.vitals import Vitals
from gateway.world import world
from rules.reports.selfwatch import SILENCE, STALE, What

PATIENCE = 2.0  # seconds for the database's answer
# What /readyz looks at itself, each time, and what the auditor has made up for when it says so.
NOT_ASKED = (What.WORKER, What.UNREACHED, What.MISSING)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")

bp = Blueprint("health", __name__)
T = TypeVar("T")


class Away(Exception):
    """The database does not answer in time, or not at all."""


@bp.get("/healthz")
def alive() -> Response:
    """The process lives. No word about the database: nothing is gained by starting us again because of it."""
    return Response("ok\n", headers={"Cache-Control": "no-store"}, mimetype="text/plain")


@bp.get("/readyz")
def ready() -> Response:
    """Whether everything works; why not is told to whom it concerns."""
    reasons = _reasons(world().clock.now())
    said: dict[str, object] = {"ready": not reasons}
    if reasons and _trusted():
        said["reasons"] = reasons
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(said), 503 if reasons else 200, headers)


@bp.get("/metrics")
def metrics() -> Response:
    if not _trusted():
        told = problem(403, "metrics are for this machine, or for whoever has NABAT_METRICS_TOKEN")
        return Response(told.body, told.status, dict(told.headers))
    now = world().clock.now()
    states = CollectorRegistry()
    states.register(_Families(list(_states(now))))
    return Response(_counted() + generate_latest(states), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _reasons(now: datetime) -> list[str]:
    try:
        if _ask(lambda session: vitals.behind(session, revisions.known(), {revisions.newest()})):
            return ["the database is older than the program: run ./nabat migrate"]
        seen, lost, audit = _ask(
            lambda session: (vitals.worker_seen(session), _undelivered(session, now), selfwatch.last(session))
        )
    except Away:
        return [f"the database does not answer within {PATIENCE:g} s"]
    reasons = []
    inbox = current_app.extensions.get("inbox")  # of a web process; a bare Flask app has none
    if inbox is not None and not inbox.alive:
        reasons.append("this process cannot store anything")
    if seen is None or now - seen > SILENCE:
        reasons.append(f"no worker was seen within {SILENCE.seconds} s")
    if lost:
        reasons.append(f"emergencies that have reached nobody: {len(lost)}")
    if audit is not None and now - audit.at <= STALE:
        reasons += [one.words for one in audit.findings if one.grave and one.what not in NOT_ASKED]
    return reasons


def _undelivered(session: Session, now: datetime) -> list[int]:
    return vitals.undelivered(session, now, configured=vitals.configured(world().settings.env))


def _ask(question: Callable[[Session], T]) -> T:
    """The answer of the database. Asked in one thread of its own, so that a stuck one holds up nobody. Raises Away."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's way of handing it on
    asker: ThreadPoolExecutor = app.extensions.setdefault("health", ThreadPoolExecutor(1, thread_name_prefix="health"))

    def ask() -> T:
        with app.app_context(), reading() as session:
            return question(session)

    waiting = asker.submit(ask)
    try:
        return waiting.result(PATIENCE)
    except (TimeoutError, SQLAlchemyError) as trouble:
        waiting.cancel()
        log.warning("database_away", problem=type(trouble).__name__)
        raise Away from trouble


# What may be seen by whom


def _trusted() -> bool:
    """This machine, if it does not ask for another, or whoever has the token."""
    token = world().settings.metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and same(given.strip(), token):
        return True
    return _loopback(request.remote_addr or "") and not any(name in request.headers for name in FORWARDED)


def _loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


# Figures


class _Families(Collector):
    """Metrics that are made already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _Files(MultiProcessCollector):
    """The counters of all processes of this machine, those of dead ones included: what they counted has happened.

    A process that was killed while it made its file leaves an empty one, which the library cannot read. What nobody has
    counted yet is named all the same: whoever writes an alarm about it sees that the name is right.
    """

    def collect(self) -> Iterable[Metric]:
        with counted.held(Path(self._path)):
            files = [str(file) for file in sorted(Path(self._path).glob("*.db")) if file.stat().st_size]
            sums = list(self.merge(files, accumulate=True))  # type: ignore[no-untyped-call]
        known = {family.name for family in sums}
        ours = (one for one in REGISTRY.collect() if one.name.startswith("nabat_") and one.name not in known)
        return [*sums, *(Metric(one.name, one.documentation, one.type) for one in ours)]


def _counted() -> bytes:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if not folder or not Path(folder).is_dir():
        return generate_latest(REGISTRY)
    shared = CollectorRegistry()
    _Files(shared, folder)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


def _states(now: datetime) -> Iterable[Metric]:
    """What is so at this moment. A database that is away takes only its own figures with it."""
    build = {"version": _version(current_app.root_path), "python": platform.python_version()}
    yield _gauge("nabat_build_info", "What runs here", 1, build)
    whole = not world().shelf.complaints
    yield _gauge("nabat_config_last_reload_successful", "Whether the rule book's files are in force as they are", whole)
    configured = vitals.configured(world().settings.env)
    try:
        found, audit, old = _ask(lambda session: _look(session, now, configured=configured))
    except Away:
        yield _gauge("nabat_database_up", "Whether the database answers", value=False)
        return
    yield _gauge("nabat_database_up", "Whether the database answers", value=True)
    yield from _of_database(found, now)
    yield from _of_transactions(old)
    yield from _of_reports()
    yield from _of_audit(audit, now)


def _look(session: Session, now: datetime, *, configured: bool) -> tuple[Vitals, Report | None, Held]:
    return vitals.vitals(session, now, configured=configured), selfwatch.last(session), horizon.held(session)


def _of_database(found: Vitals, now: datetime) -> Iterable[Metric]:
    unresolved = GaugeMetricFamily("nabat_incidents_open", "Incidents not resolved yet", labels=("urgency", "status"))
    for (urgency, status), count in found.open.items():
        unresolved.add_metric((urgency.value, status.value), count)
    yield unresolved
    yield _gauge("nabat_outbox_depth", "Messages that are not out yet", found.waiting)
    oldest = _since(found.oldest, now) if found.oldest else 0.0
    yield _gauge("nabat_outbox_oldest_seconds", "How long the oldest of them has waited", oldest)
    yield _gauge("nabat_emergency_undelivered", "Emergencies that have reached nobody", found.undelivered)
    seen = _since(found.worker_seen, now) if found.worker_seen else float("inf")
    yield _gauge("nabat_worker_last_seen_seconds", "Since the last sign of life of any worker; +Inf: never", seen)


def _of_transactions(old: Held) -> Iterable[Metric]:
    seconds = "How long the oldest transaction that keeps dead rows has been open"
    yield _gauge("nabat_database_oldest_transaction_seconds", seconds, old.seconds)
    yield _gauge("nabat_database_xmin_age", "Transactions that have written since it began", old.passed)


def _of_reports() -> Iterable[Metric]:
    """The figures of the last 30 days, as the worker counted them last."""
    try:
        known = _ask(rollups.figures)
    except Away:
        return
    family = GaugeMetricFamily("nabat_report", "The response report of the last 30 days", labels=("figure",))
    for name, value in known.items():
        if value is not None:
            family.add_metric((name,), float(value))
    yield family


def _of_audit(audit: Report | None, now: datetime) -> Iterable[Metric]:
    """What was found too long ago says nothing about now; then the audit has not passed either."""
    fresh = audit is not None and now - audit.at <= STALE
    findings = audit.findings if audit is not None and fresh else ()
    found = {one.what: one.count if one.grave else 1 for one in findings}
    problems = GaugeMetricFamily("nabat_audit_problems", "What the auditor found wrong with us", labels=("what",))
    for what in What:
        problems.add_metric((what.value,), found.get(what, 0))
    yield problems
    well = fresh and not any(one.grave for one in findings)
    yield _gauge("nabat_audit_ok", "Whether the last audit was made lately and found all well", well)
    seen = float("inf") if audit is None else _since(audit.at, now)
    yield _gauge("nabat_audit_last_seen_seconds", "Since the last audit; +Inf: never", seen)


def _gauge(name: str, words: str, value: float, labels: dict[str, str] | None = None) -> Metric:
    made = GaugeMetricFamily(name, words, labels=tuple(labels or ()))
    made.add_metric(tuple((labels or {}).values()), float(value))
    return made


def _since(at: datetime, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds())


@lru_cache(maxsize=4)
def _version(root: str) -> str:
    try:
        return str(tomllib.loads((Path(root) / "pyproject.toml").read_text())["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"
