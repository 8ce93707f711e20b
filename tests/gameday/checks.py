"""What must be true after every fault: read from the database and held against what senders and providers know."""

import json
import re
from collections import Counter, defaultdict
from typing import NamedTuple

from tests.databases import binaries

ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}  # what PagerDuty is asked; everything else triggers
NAME = re.compile(r"Call-\d+-")


def judge(run):
    """Fills in the run's outcome."""
    outcome, gateway = run.outcome, run.gateway
    outcome.accepted = sum(len(body["alerts"]) for body, _, _ in run.accepted())
    _nothing_lost(run)
    rows = _Rows(gateway)
    _told(run, rows)
    _repeats(run, rows)
    _timeline(run, rows)
    _database(run)
    outcome.pages = len(run.ledger.pages())
    outcome.slowest = max(_delays(run, rows), default=0.0)


class Incident(NamedTuple):
    uuid: str
    title: str
    status: str
    urgency: int


class Delivery(NamedTuple):
    id: int
    incident: int
    kind: str
    level: int
    channel: str
    status: str
    attempts: int
    ambiguous: int

    @property
    def action(self):
        return ACTIONS.get(self.kind, "trigger")


class _Rows:
    """Incidents by number, deliveries, and the timeline's lines."""

    def __init__(self, gateway):
        found = gateway.rows("SELECT id, uuid, title, status, urgency FROM incident")
        self.incidents = {number: Incident(*rest) for number, *rest in found}
        columns = "id, incident_id, kind, level, channel, status, attempts, ambiguous"
        self.deliveries = [Delivery(*row) for row in gateway.rows(f"SELECT {columns} FROM delivery ORDER BY id")]
        self.lines = [
            (incident, kind, json.loads(detail) if isinstance(detail, str) else detail)
            for incident, kind, detail in gateway.rows("SELECT incident_id, kind, detail FROM entry ORDER BY id")
        ]


def _nothing_lost(run):
    """Each accepted alert is stored, once, and fires or not as its sender said last; each emergency is an incident."""
    gateway, outcome = run.gateway, run.outcome
    stored = {
        row[0]: row[1:] for row in gateway.rows("SELECT fingerprint, firing, incident_id FROM alert WHERE latest")
    }
    said = {}
    for body, _, _ in sorted(run.accepted(), key=lambda one: one[2]):
        for one in body["alerts"]:
            resolved = said.get(one["fingerprint"]) == "resolved" or one["status"] == "resolved"
            said[one["fingerprint"]] = "resolved" if resolved else "firing"
    for fingerprint, status in said.items():
        if fingerprint not in stored:
            outcome.lost.append(f"accepted and not stored: {fingerprint}")
        elif bool(stored[fingerprint][0]) != (status == "firing"):
            outcome.lost.append(f"accepted as {status}, stored otherwise: {fingerprint}")
        elif stored[fingerprint][1] is None:
            outcome.lost.append(f"without an incident: {fingerprint}")
    twice = "SELECT source_id, fingerprint FROM alert WHERE latest GROUP BY source_id, fingerprint HAVING count(*) > 1"
    outcome.wrong += [f"two rows speak for {row}" for row in gateway.rows(twice)]
    keys = "SELECT dedup_key FROM incident WHERE status <> 'resolved' GROUP BY dedup_key HAVING count(*) > 1"
    outcome.wrong += [f"two open incidents of one key: {row[0]}" for row in gateway.rows(keys)]


def _told(run, rows):
    """Of each emergency somebody was told, or it was answered first; what is marked as sent is in the ledger."""
    by_incident = defaultdict(list)
    for one in rows.deliveries:
        by_incident[one.incident].append(one)
    accepted = {(one.action, one.key) for one in run.ledger.accepted if one.provider == "pagerduty"}
    triggered = {key.removeprefix("nabat-") for action, key in accepted if action == "trigger"}
    for number, one in rows.incidents.items():
        if one.urgency == 0:
            run.outcome.lost += _untold(one, by_incident[number], one.uuid in triggered)
    for one in rows.deliveries:
        key = f"nabat-{rows.incidents[one.incident].uuid}"
        if (one.channel, one.status) == ("pagerduty", "sent") and (one.action, key) not in accepted:
            run.outcome.lost.append(f"marked as sent and never accepted: delivery {one.id} ({one.kind})")


def _untold(incident, mine, called):
    pages = [one for one in mine if one.action == "trigger"]
    out = any(one.status in ("sent", "delivered") for one in pages)
    answered = incident.status != "triggered" and all(one.status == "cancelled" for one in pages)
    if not (out or answered or called):
        yield f"nobody was told of {incident}"
    if incident.status == "resolved" and called and not any(one.kind == "resolved" for one in mine):
        yield f"nobody was told of the end of {incident}"


def _repeats(run, rows):
    """A provider has more of one message than there are messages only where an attempt is marked as ambiguous."""
    tried, unsure, messages = Counter(), Counter(), Counter()
    for one in rows.deliveries:
        key = one.incident, one.channel, one.action
        tried[key] += one.attempts
        unsure[key] += one.ambiguous
        messages[key] += one.attempts > 0
    for key, count in _accepted(run, rows).items():
        more = count - messages[key]
        if more > 0:
            explained = min(more, unsure[key])
            run.outcome.explained += explained
            run.outcome.unexplained += [f"repeated without a reason: {key}"] * (more - explained)
        if count > tried[key]:
            run.outcome.wrong.append(f"more accepted than tried: {key}: {count} > {tried[key]}")


def _accepted(run, rows):
    """How many requests the providers accepted, by incident, channel and action."""
    numbers = {f"nabat-{one.uuid}": number for number, one in rows.incidents.items()}
    names = {found.group(): number for number, one in rows.incidents.items() if (found := NAME.search(one.title))}
    ours = [one.title for one in rows.incidents.values() if not NAME.search(one.title) and one.urgency == 0]
    accepted, notices = Counter(), run.gateway.value("SELECT coalesce(sum(tries), 0) FROM personal_notice")
    for one in list(run.ledger.accepted):
        if one.provider == "pagerduty":
            number, action = numbers.get(one.key), one.action
        else:  # a push has no key: the name in its title tells, and whether it is good news
            found = NAME.search(one.action)
            number, action = names.get(found and found.group()), "resolve" if "esolved" in one.action else "trigger"
        if number is not None:
            accepted[number, one.provider, action] += 1
        elif one.provider == "pagerduty":
            run.outcome.wrong.append(f"accepted, and about nothing we know: {one}")
        elif notices > 0:  # what the nightly look ahead found, told to those it is about
            notices -= 1
        elif not any(title in one.action for title in ours):  # the auditor's alarms may have one title again and again
            run.outcome.wrong.append(f"accepted, and about nothing we know: {one}")
    return accepted


def _timeline(run, rows):
    """Each attempt has its line, each page the line of the decision that promised it."""
    seen, levels, kinds = defaultdict(set), defaultdict(set), defaultdict(set)
    for number, kind, detail in rows.lines:
        kinds[number].add(kind)
        if "attempt" in detail and "delivery" in detail:
            seen[detail["delivery"]].add(detail["attempt"])
        elif "level" in detail:
            levels[number].add(detail["level"])
    for one in rows.deliveries:
        if one.incident in run.excused:
            continue
        if missing := set(range(1, one.attempts + 1)) - seen[one.id]:
            run.outcome.wrong.append(f"no line for attempts {sorted(missing)} of {one}")
        mine = kinds[one.incident]
        news = one.kind in ACTIONS or one.kind == "assigned"
        decided = one.kind in mine or (one.kind == "acknowledged" and "snoozed" in mine)
        if not (decided if news else one.level in levels[one.incident]):
            run.outcome.wrong.append(f"no line for the decision behind {one}")


def _database(run):
    """The file, or the cluster's tables and indexes, are whole."""
    if run.gateway.url.startswith("sqlite"):
        found = run.gateway.value("PRAGMA integrity_check")
        if found != "ok":
            run.outcome.wrong.append(f"integrity_check: {found}")
    elif run.cluster is not None and (binaries() / "pg_amcheck").exists():
        name = run.gateway.url.rpartition("/")[2]
        place = ("-h", "127.0.0.1", "-p", str(run.cluster.port), "-U", "postgres")
        run.cluster.run("pg_amcheck", *place, "-d", name, "--install-missing", "--heapallindexed")


def _delays(run, rows):
    """Seconds from each emergency's 2xx to its first page; of one that was answered before it went out, none."""
    first = {}
    for one in run.ledger.pages():
        first.setdefault(one.key.removeprefix("nabat-"), one.at)
    named = {found.group(): one.uuid for one in rows.incidents.values() if (found := NAME.search(one.title))}
    for body, _, answered in run.accepted():
        for one in body["alerts"]:
            uuid = named.get(one["labels"]["alertname"])
            if one["status"] == "firing" and uuid in first:
                yield max(0.0, first[uuid] - answered)
