"""Everything one transaction is going to write, gathered case by case and written set-wise at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from gateway.store.incidents import cases, rulings, timeline
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import desk, outbox, promised, waiting
from gateway.store.types import to_json
from rules.checks.explain import duty
from rules.duty.audience import Audience, audience
from rules.duty.whose import team_of
from rules.lifecycle import State
from rules.times.calendars import Standing
from rules.words import Contact, Directory, Kind, Notice, Route, Step, Way

NEWS_CHANNELS = ("pagerduty", "email", "ntfy", "webpush")  # an SMS at night only to say that it is over helps nobody


class Origin(Protocol):
    """Who answered, by what, and of PagerDuty's keys by which one (its address_id), if that is known."""

    @property
    def name(self) -> str: ...
    @property
    def how(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def person_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a new incident: its state, the lines of its timeline, the messages promised at its level."""

    state: State
    lines: Sequence[tuple[int, str, str, str]]
    drafts: Sequence[tuple[tuple[Notice, str], outbox.Draft]]


class Changes:
    """One transaction's worth of new and changed incidents, timeline lines and promised messages."""

    def __init__(self, session: Session, directory: Directory, now: datetime) -> None:
        self.session = session
        self.directory = directory
        self.now = now
        self.cases: dict[int, Case] = {}
        self.lines: list[timeline.Line] = []
        self.promises: list[outbox.Promise] = []
        self.promised: dict[tuple[int, int], list[tuple[Notice, str]]] = {}  # by incident and level
        self.answered: dict[int, tuple[Case, str, Origin]] = {}  # case, kind of news, who answered
        self.openings: list[rulings.Row] = []
        self.rulings: list[tuple[rulings.Row, str]] = []  # that came later, each with its cause
        self.handed: dict[int, tuple[int, dict[str, str], str]] = {}  # tickets: the desk, who has it now, who did it
        self._duties: dict[int, tuple[Route, str]] = {}
        self._audiences: dict[tuple[int, int], tuple[Route, Step, Audience]] = {}
        self._teams: dict[int, tuple[Route, str]] = {}
        self._drafts: dict[tuple[int, int, str, str], tuple[Notice, outbox.Draft]] = {}
        self._texts: dict[tuple[int, int, str, tuple[Standing, ...]], tuple[Audience, str]] = {}

    def touch(self, case: Case) -> None:
        self.cases[case.id] = case

    def line(self, case: Case, kind: str, actor: str, detail: dict[str, Any] | str) -> None:
        self.lines.append(timeline.line(case.id, self.now, kind, actor, detail))

    def ruled(self, case: Case, cause: str, labels: Mapping[str, str]) -> None:
        """Its present route is what the rule book said of these labels. Our own words to somebody ask no book."""
        if not labels:
            return
        found = self._duties.get(id(case.route))
        if found is None:
            found = (case.route, to_json(duty(case.route, self.directory, self.now)))
            self._duties[id(case.route)] = found  # with the route, so that its id stays its
        ruling = rulings.row(case.id, self.now, case.route.book_version, labels, found[1])
        if cause == "opened":
            self.openings.append(ruling)
        else:
            self.rulings.append((ruling, cause))

    def promise(self, case: Case, notice: Notice, kind: str, part: str, level: int = 0) -> None:
        level = level or case.state.level
        self.promised.setdefault((case.id, level), []).append((notice, part))
        self.promises.append(self._draft(case, notice, kind, part).promise(case.id, case.uuid, level))

    def _draft(self, case: Case, notice: Notice, kind: str, part: str) -> outbox.Draft:
        key = (id(notice), case.route.urgency.rank, kind, part)
        found = self._drafts.get(key)
        if found is None:
            found = (notice, outbox.draft(notice, case.route.urgency, kind, part, self.now))
            self._drafts[key] = found  # with the notice, so that its id stays its
        return found[1]

    def mark(self) -> tuple[int, int]:
        """Where it stands, for since()."""
        return len(self.lines), len(self.promises)

    def since(self, mark: tuple[int, int], case: Case) -> "Course":
        """What happened to this incident, which is new, since then."""
        promises = zip(self.promised.get((case.id, case.state.level), ()), self.promises[mark[1] :], strict=True)
        drafts = [(one, outbox.draft_of(promise)) for one, promise in promises]
        return Course(case.state, [line[1:] for line in self.lines[mark[0] :]], drafts)

    def again(self, course: "Course", case: Case) -> None:
        """The same happens to another new one, of the same route at the same moment: in a storm to thousands."""
        case.state, number, level = course.state, case.id, course.state.level
        self.cases[number] = case
        self.lines += [(number, *line) for line in course.lines]
        if course.drafts:
            self.promised[number, level] = [one for one, _ in course.drafts]
            self.promises += [draft.promise(number, case.uuid, level) for _, draft in course.drafts]

    def standing(self, case: Case, level: int) -> list[promised.Standing]:
        """How the messages of a step stand, those promised in this very transaction too."""
        fresh = [
            promised.Standing(notice.who, part, notice.way, notice.contact.channel, notice.contact.address_id, "queued")
            for notice, part in self.promised.get((case.id, level), ())
        ]
        return [*promised.standing(self.session, case.id, level), *fresh]

    def answer(self, case: Case, kind: str, origin: Origin) -> None:
        """It was acknowledged, snoozed or resolved: waiting pages are cancelled, whoever was told hears of it."""
        self.answered[case.id] = (case, kind, origin)

    def hand(self, case: Case, actor: Origin) -> None:
        """Somebody else has it now, or nobody: the service desk of a ticket is told, and whoever had it no more."""
        waiting.cancel_handed(self.session, [case.id], "assigned", self.now)
        if case.kind == Kind.TICKET:
            found = self.directory.by_id(case.assignee_id)
            who = {"email": found.email, "name": found.name} if found else {}
            self.handed[case.id] = (case.source_id, who, actor.name)

    def audience(self, step: Step, route: Route, *, personal: bool = True) -> Audience:
        """Asked once for each step of each route: in a storm thousands of incidents share them."""
        key = (id(route), id(step))
        found = self._audiences.get(key)
        if found is None:
            found = (route, step, audience(step, route, self.directory, self.now, personal=personal))
            self._audiences[key] = found  # the route and the step are kept so that their ids stay theirs
        return found[2]

    def team(self, route: Route) -> str:
        """Whose work it is, asked once for each route."""
        found = self._teams.get(id(route))
        if found is None:
            found = self._teams[id(route)] = (route, team_of(route, self.directory)[:100])
        return found[1]

    def told_text(self, found: Audience, level: int, rule: str, times: Sequence[Standing]) -> str:
        """The timeline's words for a step, the same for all incidents of a storm."""
        key = (id(found), level, rule, tuple(times))
        if key not in self._texts:
            when = {"when": [one.as_data() for one in times]} if times else {}
            self._texts[key] = (found, to_json({"level": level, "rule": rule, **when, **told_of(found)}))
        return self._texts[key][1]

    def write(self) -> None:
        """In this order: incidents, what happened to them, what goes out; then what must not go out any more."""
        fresh = [case for case in self.cases.values() if case.fresh]
        cases.insert(self.session, fresh, self.now)
        cases.save(self.session, [case for case in self.cases.values() if not case.fresh], self.now)
        outbox.write(self.session, self.promises, {case.id for case in fresh})
        timeline.write(self.session, self.lines)
        rulings.write(self.session, self.openings, self.rulings)
        if self.answered:
            self._spread_the_news()
        if self.handed:
            desk.add(self.session, self.handed, self.now)
        if self.promises or self.answered or self.handed:
            outbox.wake_workers(self.session)
        for case in fresh:
            case.fresh = False

    def _spread_the_news(self) -> None:
        for kind in ("acknowledged", "snoozed", "resolved"):
            ids = [case.id for case, news, _ in self.answered.values() if news == kind]
            outbox.cancel_pages(self.session, ids, kind, self.now)
        known = [
            case.id for case, _, who in self.answered.values() if who.person_id and who.person_id == case.assignee_id
        ]
        if known:
            waiting.cancel_handed(self.session, known, "acknowledged", self.now)
        news: list[outbox.Promise] = []
        told = promised.told(self.session, self.answered)
        for case, kind, origin in self.answered.values():
            mine = [one for one in told if one.incident_id == case.id]
            for one in mine:
                if _wants_news(one, kind) and not _is_origin(one, mine, origin):
                    said = "acknowledged" if kind == "snoozed" else kind
                    written = outbox.draft(notice_to(one), case.route.urgency, said, "news", self.now)
                    news.append(written.promise(case.id, case.uuid, case.state.level))
        outbox.write(self.session, news)


def told_of(found: Audience) -> dict[str, Any]:
    """Who is told, by which way, and who is not and why, as the timeline keeps it."""
    told = [
        {"who": notice.who, "name": notice.name, "way": notice.way, "channel": notice.contact.channel}
        | ({"after_s": int(notice.after.total_seconds())} if notice.after else {})
        for notice in found.told
    ]
    return {"told": told, "not_told": [{"who": one.who, "reason": one.reason} for one in found.not_told]}


def _wants_news(one: promised.Told, kind: str) -> bool:
    """An acknowledgement, or a snooze, stops PagerDuty's calls; the end of it is told to all who were told of it."""
    return one.channel in NEWS_CHANNELS if kind == "resolved" else one.channel == "pagerduty"


def _is_origin(one: promised.Told, mine: list[promised.Told], origin: Origin) -> bool:
    """The PagerDuty key that the answer came from is not answered back: the one known, the only one, or the person's.

    People may be called otherwise there, so a name is only the last resort.
    """
    if origin.how != "pagerduty" or one.channel != "pagerduty":
        return False
    keys = {other.address_id for other in mine if other.channel == "pagerduty"}
    if origin.key in keys:
        return one.address_id == origin.key
    return len(keys) == 1 or one.name == origin.name


def notice_to(one: promised.Told) -> Notice:
    """Another message to somebody who was told."""
    contact = Contact(one.channel, one.address, one.address_id, one.contact_id or 0)
    return Notice(one.who, one.name, contact, Way(one.way), one.person_id or 0)
