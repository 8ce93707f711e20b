"""The rule tester: a payload and a moment, and condition by condition what would happen. Nothing is sent or kept."""

from dataclasses import dataclass, replace

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.reader import Moment, Reader
from dashboard.reports.cards import CHANNELS
from dashboard.rulebook import cases, mappings, queries
from dashboard.rulebook.rows import StepRow, from_input, local_input, rule_url, step_rows
from dashboard.words import Badge
from gateway.access.auth import ACTORS, Visit, require
from gateway.acts import sourcing
from gateway.store.db import reading
from gateway.telling import explaining
from gateway.telling.explaining import Outcome, Question, Tried
from gateway.telling.foretold import Foretold, foretell
from gateway.world import world
from rules.texts.reasons import condition
from rules.words import Directory

TRIES = 30  # of one person within a minute
DEFAULT = "alertmanager"
SAMPLE = """{
  "version": "4",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "InstanceDown", "severity": "critical", "instance": "db01"},
      "annotations": {"summary": "db01 does not answer"},
      "startsAt": "2026-01-01T00:00:00Z",
      "fingerprint": "a1"
    }
  ]
}"""


@dataclass(frozen=True, slots=True)
class Form:
    body: str
    kind: str
    source: str
    at: str
    said: str = ""  # what was found, or not
    incident: str = ""
    chosen: int = 0  # a payload's number


@bp.get("/rules/test")
@require(*ACTORS)
def rules_test(visit: Visit) -> ResponseReturnValue:
    """Filled in from ?payload=ID, ?incident=N or ?mapping=NAME."""
    return draw(visit, "pages/rule_tester.html", _page(visit, _filled(visit)))


def _filled(visit: Visit) -> Form:
    reader = reader_of(visit)
    incident, payload = (_number(request.args.get(name, "")) for name in ("incident", "payload"))
    at = local_input(visit.now, reader)
    if how := mappings.named(request.args.get("mapping", "")):
        said = reader.say("Read by the mapping %(name)s: put in a body as its sender sends it.", name=how.name)
        return Form(how.body, sourcing.ANY_SHAPE, how.name, at, said)
    if not incident and not payload:
        return Form(SAMPLE, DEFAULT, "", at)
    kept = queries.payload_of_incident(incident) if incident else queries.payload(payload)
    if kept is None or not kept.body:
        _ = reader.say
        said = (
            _("The payload of incident #%(n)s is not kept any more: they are for 30 days.", n=incident)
            if incident
            else _("This payload is not kept any more: they are for 30 days.")
        )
        return Form(SAMPLE, DEFAULT, "", at, said, str(incident or ""))
    body, left_out = explaining.shown(kept.body, kept.kind)
    said = reader.say("It is long: the last %(n)s alerts of it are left out here.", n=left_out) if left_out else ""
    known = {name for name, _ in explaining.kinds()}
    kind = kept.kind if kept.kind in known else DEFAULT
    chosen = local_input(kept.received_at, reader)
    return Form(body, kind, kept.source, chosen, said, incident=str(incident or ""), chosen=kept.id)


def _number(text: str) -> int:
    text = text.strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _page(visit: Visit, form: Form, *, asked: bool = False) -> dict[str, object]:
    reader = reader_of(visit)
    recent = [(one, reader.moment(one.received_at)) for one in queries.payloads()]
    kinds = [(name, reader.say(word)) for name, word in explaining.kinds()]
    return {"page": "rules", "form": form, "kinds": kinds, "recent": recent, "decision": None,
            "cases": cases.cases(reader, asked=asked), "ran": asked, "mappings": mappings.mappings(reader)}  # fmt: skip


@bp.get("/rules/cases")
@require(*ACTORS)
def rules_cases(visit: Visit) -> ResponseReturnValue:  # noqa: ARG001 - asked for by who may run them
    """Whoever comes back to where they were run finds them on the tester's page."""
    return redirect(url_for("dashboard.rules_test", _anchor="cases"))


@bp.post("/rules/cases")
@require(*ACTORS)
def run_cases(visit: Visit) -> ResponseReturnValue:
    """The book's own test cases, all of them once more. Nothing is sent and nothing is kept."""
    form = Form(SAMPLE, DEFAULT, "", local_input(visit.now, reader_of(visit)))
    if queries.tries(visit.person.person_id, visit.now) > TRIES:
        return _answer(visit, form, {"too_many": True}, 429)
    return draw(visit, "pages/rule_tester.html", _page(visit, form, asked=True))


@bp.post("/rules/test")
@require(*ACTORS)
def try_rules(visit: Visit) -> ResponseReturnValue:
    reader, asked = reader_of(visit), request.form
    known = {name for name, _ in explaining.kinds()}
    kind = asked.get("kind", DEFAULT)
    kind = kind if kind in known else DEFAULT
    form = Form(asked.get("body", ""), kind, asked.get("source", "").strip()[:100], asked.get("at", ""))
    if queries.tries(visit.person.person_id, visit.now) > TRIES:
        return _answer(visit, form, {"too_many": True}, 429)
    at = from_input(form.at, reader) or visit.now
    body = form.body.encode("utf-8", "surrogatepass")
    question = Question(body, kind, form.source, at)
    with reading() as session:
        directory = world().roll.current(session)
        outcome = explaining.attempt(session, question, world().shelf.book, directory)
    values = _outcome(outcome, directory, reader) | {"at": reader.moment(at), "source": form.source or kind}
    if outcome.tried:
        values["case"] = explaining.as_test_case(outcome, replace(question, at=at.astimezone(reader.zone)))
    return _answer(visit, form, values, 422 if outcome.problem else 200)


def _answer(visit: Visit, form: Form, decision: dict[str, object], code: int) -> ResponseReturnValue:
    if htmx:
        return draw_part(visit, "partials/rule_decision.html", {"decision": decision}, code)
    return draw(visit, "pages/rule_tester.html", _page(visit, form) | {"decision": decision}, code)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule: met or not, and each condition with what was found."""

    number: int
    name: str
    url: str
    met: bool
    conditions: tuple[tuple[bool, str], ...]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What would happen to one alert."""

    title: str
    fingerprint: str
    firing: bool
    urgency: Badge
    rule: str
    policy: str
    verdicts: tuple[Verdict, ...]
    not_reached: tuple[tuple[int, str], ...]
    added: tuple[str, ...]
    joins: int | None
    group: str
    steps: tuple[StepRow, ...]
    ending: str
    remarks: tuple[str, ...]
    hidden: Moment | None
    hidden_by: str
    labels: tuple[tuple[str, str], ...]
    messages: tuple[tuple[str, Foretold], ...]  # the channel, and what it would say to whoever looks


def _outcome(outcome: Outcome, directory: Directory, reader: Reader) -> dict[str, object]:
    return {
        "kind": reader.say(outcome.kind),
        "alerts": outcome.alerts,
        "left_out": outcome.alerts - len(outcome.tried),
        "decided": [_decided(one, directory, reader) for one in outcome.tried],
        "aside": outcome.quarantined,
        "problem": outcome.problem,
        "place": outcome.place,
        "took": reader.number(outcome.took_ms, 1),
    }


def _decided(one: Tried, directory: Directory, reader: Reader) -> Decided:
    said, route = one.explanation, one.explanation.route
    numbers = {rule.name: number for number, rule in enumerate(world().shelf.book.routes, 1)}
    asked = {verdict.rule for verdict in said.verdicts}
    verdicts = tuple(
        Verdict(
            numbers.get(each.rule, 0),
            each.rule,
            rule_url(each.rule, numbers.get(each.rule, 0)),
            each.matched,
            tuple((part.ok, condition(part.as_data(), reader.say)) for part in each.conditions),
            each.goes_on,
        )
        for each in said.verdicts
    )
    return Decided(
        said.title, one.alert.fingerprint, one.alert.firing, words.urgency(route.urgency.rank, reader), route.rule,
        route.policy, verdicts, tuple((number, name) for name, number in numbers.items() if name not in asked),
        tuple(each.as_text() for each in said.added), one.joins, ", ".join(said.group),
        tuple(step_rows(said.ladder, route, directory, reader)),
        said.ending_said(reader.say, reader.duration), tuple(said.remarks_said(reader.say, reader.duration)),
        reader.moment(one.hidden.until) if one.hidden else None,
        f"{one.hidden.kind.value} #{one.hidden.id}: {one.hidden.reason}" if one.hidden else "", said.labels,
        _messages(one, reader),
    )  # fmt: skip


def _messages(one: Tried, reader: Reader) -> tuple[tuple[str, Foretold], ...]:
    """Of an alert that fires: as the first message of it would read to whoever looks at this page."""
    if not one.alert.firing:
        return ()
    labels, route = dict(one.explanation.labels), one.explanation.route
    at = one.explanation.ladder[0].at if one.explanation.ladder else reader.now
    found = foretell(one.alert, route, labels, at, (reader.language, reader.zone.key), world())
    return tuple((reader.say(CHANNELS[each.channel][1]), each) for each in found)
