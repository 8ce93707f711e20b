"""Opsgenie's Alert API, as tools speak it that know no webhook: an alert, known by its alias, and what is done to it.

What is done has its words in the address; it comes as {"action": …, "identifier": …, "body": …}. What counts is the
order in which requests come, since they name no time. A priority says how bad it is; without one it is P3, as there.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.sources import BadPayload, Heard, Parsed, identity, of_this_moment, told
from gateway.sources.alertmanager import Only, read_one
from rules.identity import fingerprint
from rules.said import Said, Saying
from rules.senders.fields import as_text, excerpt, labelled, labels_and_texts, part_of, title_of
from rules.texts.text import one_line
from rules.words import Alert, Severity

KIND_LABEL = "Opsgenie Alert API"
PRIORITIES = {
    "P1": Severity.CRITICAL, "P2": Severity.ERROR, "P3": Severity.WARNING, "P4": Severity.INFO, "P5": Severity.INFO,
}  # fmt: skip
SAID = {"acknowledge": Saying.ACKNOWLEDGED, "notes": Saying.NOTE, "close": Saying.NOTE}
LINKS = ("url", "link", "generatorURL")  # among the details: where people read on


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: an alert")
    if "identifier" in body and "action" in body:
        return _done(as_text(body["action"]), as_text(body["identifier"]).strip(), part_of(body, "body"), heard)
    if "message" not in body and not alias_of(body):
        raise BadPayload("is missing", "message")
    return _created(body, heard)


def alias_of(body: dict[str, Any]) -> str:
    return as_text(body.get("alias")).strip()


def _done(action: str, name: str, body: dict[str, Any], heard: Heard) -> Parsed:
    """Whatever type of identifier it is: of all that Opsgenie has, a sender of ours knows the alias it gave."""
    if not name:
        raise BadPayload("is missing", "identifier")
    if action not in SAID:
        return Parsed([], notes=[f"{excerpt(action)} changes nothing here"])
    said = told(heard, identity(name), _said(SAID[action], body), name)
    if action == "acknowledge":
        return Parsed([said])
    written = [said] if said.said and said.said.text else []
    if action == "notes":
        return Parsed(written, notes=[] if written else ["an empty note"])
    severity, now = heard.default_severity, heard.now
    over = Alert(heard.source, said.fingerprint, False, said.title, severity, now, clock_suspect=True)  # noqa: FBT003
    return Parsed([over, *written])


def _said(what: Saying, body: dict[str, Any]) -> Said:
    return Said(what, as_text(body.get("user")), as_text(body.get("note")))


def _said_with_it(body: dict[str, Any]) -> Said:
    """A tool that says every minute what still fires says the same note every minute."""
    said = _said(Saying.NOTE, body)
    return Said(said.what, said.who, said.text, fingerprint({"note": said.text}))


def _created(body: dict[str, Any], heard: Heard) -> Parsed:
    alias, details = alias_of(body), part_of(body, "details")
    title = title_of(*_titles(body), alias)
    labels, words = labels_and_texts({name: value for name, value in details.items() if name not in LINKS})
    priority = one_line(as_text(body.get("priority"))).upper()
    own = {"alertname": title} | labelled(body.get("tags")) | labels
    own |= {name: body[name] for name in ("entity", "priority") if body.get(name)}
    texts = {
        **words,
        "description": body.get("description"),
        "responders": ", ".join(_responders(body)),
        "source": body.get("source"),
    }
    url = next((found for name in LINKS if (found := as_text(details.get(name)))), "")
    key = alias or str(uuid.UUID(of_this_moment(body, heard)))
    parsed = read_one(Only(True, key, title, own, texts, url), heard)  # noqa: FBT003
    if priority in PRIORITIES or not own.get("severity"):
        severity = PRIORITIES.get(priority, Severity.WARNING)
        parsed.alerts[:] = [msgspec.structs.replace(one, severity=severity) for one in parsed.alerts]
    note = told(heard, identity(key), _said_with_it(body), title)
    return Parsed([*parsed.alerts, note] if note.said and note.said.text else parsed.alerts, parsed.quarantined)


def _titles(body: dict[str, Any]) -> Iterator[str]:
    """Grafana sends an empty message where its template makes none."""
    yield as_text(body.get("message"))
    yield next((line for line in as_text(body.get("description")).splitlines() if line.strip()), "")


def _responders(body: dict[str, Any]) -> Iterator[str]:
    for name in ("responders", "teams"):
        found = body.get(name)
        for one in found if isinstance(found, list) else ():
            known = one if isinstance(one, dict) else {"name": one}
            if who := as_text(known.get("name") or known.get("username") or known.get("id")):
                yield who
