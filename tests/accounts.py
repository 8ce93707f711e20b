"""Every account of what happened says the same: providers' ledgers, attempts on the timeline, decisions behind them.

    assert unexplained(gateway, ledger) == []
    assert received_is_handled(gateway)

P24: what a provider accepted is an attempt that the timeline tells of, each attempt belongs to a message, and each
message to a line that says why somebody is told. Nothing of it is known from memory: only rows and the ledger count.
"""

import json
from collections import Counter, defaultdict

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from gateway.store.connecting import engine_options
from gateway.store.db import prepare_sqlite
from gateway.store.upkeep import ledger as store_ledger

ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}  # of messages, as PagerDuty is asked; else it triggers
DECISIONS = (  # lines that tell a step; each names whom
    "opened", "escalated", "told again", "snooze over", "woken", "woken by hand", "passed on",
    "notification missing", "fallback",
)  # fmt: skip
OUT = ("sent", "delivered")


def received_is_handled(gateway):
    """The ledger of the program itself, read from beside it."""
    engine = create_engine(gateway.url, **engine_options(gateway.url))
    if gateway.url.startswith("sqlite"):
        prepare_sqlite(engine)
    try:
        with Session(engine) as session:
            found = store_ledger.read(session)
    finally:
        engine.dispose()
    assert found.balanced, found
    return found


def unexplained(gateway, ledger):
    """Everything that one account tells and another does not; empty when all agree. To be asked when all is at rest."""
    accounts = _Accounts(gateway)
    return [*accounts.requests(ledger), *accounts.attempts(), *accounts.decisions()]


class _Accounts:
    def __init__(self, gateway):
        self.numbers = {f"nabat-{uuid}": number for number, uuid in gateway.rows("SELECT id, uuid FROM incident")}
        columns = ("id", "incident_id", "kind", "level", "channel", "who", "status", "attempts", "ambiguous")
        rows = gateway.rows(f"SELECT {', '.join(columns)} FROM delivery ORDER BY id")
        self.messages = [dict(zip(columns, row, strict=True)) for row in rows]
        self.lines = [
            (incident, kind, json.loads(detail))
            for incident, kind, detail in gateway.rows("SELECT incident_id, kind, detail FROM entry ORDER BY id")
        ]
        self.tries = defaultdict(list)  # by message: its attempts' lines
        for _, kind, detail in self.lines:
            if "attempt" in detail and "delivery" in detail:
                self.tries[detail["delivery"]].append((kind, detail))

    def requests(self, ledger):
        """What PagerDuty accepted, against the attempts that went out or may have."""
        accepted = Counter((self.numbers.get(one.key), one.action) for one in ledger.accepted if one.key)
        went, unsure = Counter(), Counter()
        for one in self.messages:
            if one["channel"] == "pagerduty":
                key = one["incident_id"], ACTIONS.get(one["kind"], "trigger")
                went[key] += sum(kind == "sent" for kind, _ in self.tries[one["id"]])
                unsure[key] += sum(bool(detail.get("ambiguous")) for _, detail in self.tries[one["id"]])
        for key in accepted.keys() | went.keys():
            if not went[key] <= accepted[key] <= went[key] + unsure[key]:
                yield f"{key}: {accepted[key]} accepted, {went[key]} sent by the timeline, {unsure[key]} unsure"

    def attempts(self):
        """Each attempt of a message has one line, and the message's row says the same as its last one."""
        known = {one["id"] for one in self.messages}
        yield from (f"attempts of no message: {number}" for number in self.tries.keys() - known)
        for one in self.messages:
            counted = Counter(detail["attempt"] for kind, detail in self.tries[one["id"]] if kind != "arrived")
            if counted != Counter(range(1, one["attempts"] + 1)):
                yield f"{one}: lines for attempts {sorted(counted.elements())}"
            if (one["status"] in OUT) != any(kind == "sent" for kind, _ in self.tries[one["id"]]):
                yield f"{one}: its lines say otherwise"
            if one["ambiguous"] != sum(bool(detail.get("ambiguous")) for _, detail in self.tries[one["id"]]):
                yield f"{one}: its ambiguous attempts are not all on the timeline"

    def decisions(self):
        """Each message was promised by one line that names its recipient, or spreads an answer."""
        told, answers = Counter(), defaultdict(set)
        for incident, kind, detail in self.lines:
            answers[incident].add(kind)
            if kind in DECISIONS:
                told.update({(incident, detail["level"], one["who"]) for one in detail["told"]})
        for one in self.messages:
            if one["kind"] in ("opened", "escalated"):
                times = told[one["incident_id"], one["level"], one["who"]]
                if not 1 <= times <= 2:  # twice: a fallback for somebody who was told by another way
                    yield f"{one}: {times} lines tell of it"
            elif not answers[one["incident_id"]] & {one["kind"], "snoozed", "reassigned"}:
                yield f"{one}: no answer stands behind it"
