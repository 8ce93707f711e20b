"""Writes what a person receives: the facts of an incident through the templates of a channel.

What alerts say is data here, never a template: it is handed over as values and printed, escaped where HTML is written.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.channels import Message
from gateway.outward.wording import Wording
from rules.texts.text import clean_text, cut, one_line, safe_url

TEMPLATES = Path(__file__).parent.parent.parent / "templates" / "messages"
LAST_RESORT = "log/opened.txt"  # a page in the wrong dress is still a page
PLACES = (  # labels that say where, the nearest first
    ("instance", "host", "hostname", "node", "device", "pod", "container", "target"),
    ("site", "location", "city", "office", "datacenter", "dc", "cluster", "region"),
)
MOST_ALERTS, MOST_LABELS, MOST_LINKS = 20, 40, 8
LONGEST_VALUE = 1000
LONGEST_COMMENT = 120
LONGEST_DESCRIPTION = 4000
WAKING = ("opened", "escalated", "assigned", "test")


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One alert of the incident, as a template may show it."""

    title: str
    firing: bool
    starts_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """Several incidents that one message tells of."""

    count: int = 0
    top: str = ""  # the label that most of them share: rack=r7
    titles: tuple[str, ...] = ()
    url: str = ""  # the list
    held: bool = False  # they were held back until now


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a template may use about an incident and about the person who reads."""

    number: int
    uuid: str
    title: str
    urgency: str
    severity: str
    status: str
    opened_at: datetime
    kind: str = "alert"  # or ticket
    description: str = ""
    source: str = ""
    service: str = ""
    rule: str = ""
    match: tuple[str, ...] = ()  # the rule's conditions as written
    policy: str = ""
    level: int = 0  # the step of the policy, from 0
    next_at: datetime | None = None  # when the next step begins unless somebody answers
    next_who: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""  # empty: it went away by itself
    duration: timedelta = timedelta()  # so far, or in all
    alert_count: int = 1
    firing_count: int = 1
    alerts: tuple[AlertFacts, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)  # those all alerts share
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()  # (text, address): runbook, dashboard, the sender's own page
    url: str = ""  # the incident's page
    pocket_url: str = ""  # a page that needs no sign-in, to answer with one tap
    tap_url: str = ""  # where a tap on a push leads whoever sits at the desk, instead of there
    ticket: Mapping[str, Any] | None = None
    bundle: BundleFacts = BundleFacts()
    note: Mapping[str, Any] = field(default_factory=dict)  # of a colleague, that mentions the reader
    letter: Mapping[str, Any] = field(default_factory=dict)  # the weekly report
    silence: Mapping[str, Any] = field(default_factory=dict)  # that begins, ends soon, or is over
    published: Mapping[str, Any] = field(default_factory=dict)  # on the status page, for whoever subscribed to it
    entered: tuple[Mapping[str, Any], ...] = ()  # views that something entered
    why: str = ""  # a call leaves now: what the voice gate says
    name: str = ""  # of the person
    language: str = "en"
    timezone: str = "UTC"


def render(facts: Facts, channel: str, kind: str, address: str, delivery: int) -> Message:
    """The message, the same on every attempt. A missing template costs looks, never the message."""
    values = _values(facts, kind)
    title, text = _lines(_written(f"{channel}/{kind}.txt", values) or _written(LAST_RESORT, values))
    known = [*values["summary"], (values["_"]("Description"), values["description"])]
    details = {**values["annotations"], **values["labels"], **{name: value for name, value in known if value}}
    return Message(
        delivery=delivery,
        incident=facts.number,
        incident_uuid=facts.uuid,
        kind=kind,
        address=address,
        title=title or values["what"],
        text=text,
        html=_written(f"{channel}/{kind}.html", values),
        url=values["link"],
        tap=safe_url(facts.tap_url),
        urgency=str(facts.urgency),
        severity=str(facts.severity),
        source=values["where"] or values["source"],
        component=values["service"],
        group=values["site"],
        details=details,
        links=tuple(values["links"]),
        language=facts.language,
        unsubscribe=safe_url(str(facts.published.get("stop", ""))),
    )


@functools.cache
def environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(cut=cut, one_line=one_line, safe_url=safe_url)
    return made


def _written(template: str, values: Mapping[str, Any]) -> str:
    """The template filled in; nothing if there is none."""
    try:
        return environment().get_template(template).render(values)
    except TemplateNotFound:
        return ""


def _lines(text: str) -> tuple[str, str]:
    """The title, and the rest without the gaps that skipped parts leave."""
    head, _, rest = text.strip().partition("\n")
    kept: list[str] = []
    for line in (line.rstrip() for line in rest.strip().split("\n")):
        if line or (kept and kept[-1]):
            kept.append(line)
    return one_line(head), "\n".join(kept)


def _values(facts: Facts, kind: str) -> dict[str, Any]:
    """What the templates see: cleaned facts, and what can be said about them in words."""
    wording = Wording(facts.language, facts.timezone)
    values: dict[str, Any] = {each.name: _clean(getattr(facts, each.name)) for each in fields(facts)}
    for name in ("title", "service", "source", "rule", "policy", "acknowledged_by", "resolved_by", "next_who", "name"):
        values[name] = one_line(values[name])
    values["title"] = cut(values["title"], LONGEST_VALUE) or f"#{facts.number}"
    values["description"] = cut(values["description"].strip(), LONGEST_DESCRIPTION)
    values["alerts"] = values["alerts"][:MOST_ALERTS]
    values["labels"] = _few(values["labels"])
    values["annotations"] = _few(values["annotations"])
    near, site = (_place(values, names) for names in PLACES)
    service, key = values["service"], one_line(str((values["ticket"] or {}).get("key", "")))
    subject = f"{key} {values['title']}" if key and key not in values["title"] else values["title"]
    values |= {
        "message": kind,
        "waking": kind in WAKING,
        "link": safe_url(facts.bundle.url) or safe_url(facts.pocket_url) or safe_url(facts.url),
        "site": site,
        "where": ", ".join(part for part in (near, site) if part),
        "alarm": wording.word(str(facts.urgency)).upper(),
        "what": f"{service}: {subject}" if service else subject,
        "_": wording.word,
        "when": wording.when,
        "clock": wording.clock,
        "span": wording.span,
        "length": lambda seconds: "–" if seconds is None else wording.span(timedelta(seconds=round(seconds))),
        "share": lambda value: "–" if value is None else f"{value:.1f} %",
    }
    values |= _comment(values["note"] or (values["ticket"] or {}).get("comment"), wording)
    values["ticket"] = _ticket(values["ticket"] or {}, wording)
    values["entered"] = [
        {**one, "name": wording.word(one["seed"]) if one["seed"] else one_line(one["name"])}
        for one in values["entered"]
    ]
    values["entered_count"] = sum(int(one["count"]) for one in values["entered"])
    values["links"] = _links(values, wording)
    values["summary"] = _summary(facts, values, wording)
    return values


def _comment(said: Any, wording: Wording) -> dict[str, str]:
    """The last word of the conversation, as a push has room for it."""
    comment = said if isinstance(said, Mapping) else {}
    text = one_line(str(comment.get("text", "")))
    return {
        "said": cut(text, LONGEST_COMMENT) or wording.word("an attachment"),
        "said_by": cut(one_line(str(comment.get("author", ""))), 80) or wording.word("The client"),
    }


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(str(value))
    if isinstance(value, Mapping):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_clean(inner) for inner in value)
    made_of = fields(value) if is_dataclass(value) and not isinstance(value, type) else ()
    return {each.name: _clean(getattr(value, each.name)) for each in made_of} if made_of else value


def _few(pairs: Mapping[str, str]) -> dict[str, str]:
    return {one_line(name): cut(str(value).strip(), LONGEST_VALUE) for name, value in list(pairs.items())[:MOST_LABELS]}


def _place(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """db01, or "db01, db02, db03 …" where the alerts differ."""
    for name in names:
        found = [values["labels"].get(name, "")] + [alert["labels"].get(name, "") for alert in values["alerts"]]
        different = list(dict.fromkeys(cut(one_line(str(value)), 80) for value in found if value))
        if different:
            return ", ".join(different[:3]) + (" …" if len(different) > 3 else "")
    return ""


def _links(values: Mapping[str, Any], wording: Wording) -> list[tuple[str, str]]:
    """Where to press, the most wanted first."""
    own = [(wording.word("Acknowledge"), values["link"])] if values["waking"] and not values["acknowledged_at"] else []
    if values["message"] == "silence_ends":
        own = [(wording.word("+1 h"), values["link"])]
    page = safe_url(values["url"]) or values["link"]
    theirs = [(one_line(text), href) for text, href in values["links"]]
    theirs += [(wording.word("Sender’s page"), alert["url"]) for alert in values["alerts"][:1]]
    found: dict[str, str] = {}
    for text, href in [*own, (wording.word("Open"), page), *theirs]:
        if text and safe_url(href):
            found.setdefault(text, href)  # a sender's link never takes the name of one of ours
    return list(found.items())[:MOST_LINKS]


def _summary(facts: Facts, values: Mapping[str, Any], wording: Wording) -> list[tuple[str, str]]:
    """What is known, as pairs: the table of an e-mail, the details of a page."""
    word = wording.word
    moments = {"Acknowledged": facts.acknowledged_at, "Resolved": facts.resolved_at}
    count = word("%(firing)s of %(all)s firing", firing=facts.firing_count, all=facts.alert_count)
    conditions = ", ".join(values["match"])
    rule = values["rule"] + (f" ({conditions})" if conditions else "")
    return [
        (word("Where"), values["where"]),
        (word("Service"), values["service"]),
        (word("Urgency"), word(str(facts.urgency))),
        (word("Severity"), word(str(facts.severity))),
        (word("Since"), wording.when(facts.opened_at)),
        *((word(name), wording.when(moment)) for name, moment in moments.items() if moment),
        (word("Lasted") if facts.resolved_at else word("So far"), wording.span(facts.duration)),
        (word("Alerts"), count if facts.kind == "alert" else ""),
        (word("Source"), values["source"]),
        (word("Rule"), rule),
        (word("Policy"), values["policy"]),
        (word("Incident"), f"#{facts.number}"),
        *values["ticket"],
    ]


def _ticket(ticket: Mapping[str, Any], wording: Wording) -> list[tuple[str, str]]:
    names = {
        "key": "Ticket",
        "priority": "Priority",
        "status": "Status",
        "requester": "Requester",
        "assignee": "Assignee",
        "arrival_at": "Arrival",
        "due_at": "Due",
        "comment": "Comment",
    }
    pairs = [(wording.word(word), _plain(ticket.get(name), wording)) for name, word in names.items()]
    return [(name, text) for name, text in pairs if text]


def _plain(value: Any, wording: Wording) -> str:
    if isinstance(value, datetime):
        return wording.when(value)
    if isinstance(value, Mapping):
        parts = [value.get(name) for name in ("name", "author", "phone", "email", "text")]
        return cut(", ".join(str(part) for part in parts if part), LONGEST_VALUE)
    return cut(str(value or ""), LONGEST_VALUE)
