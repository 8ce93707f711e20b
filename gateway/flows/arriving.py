"""What comes of alerts that have come in: decided in memory, message by message as they came, written at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.actions import Actor, carry_out
from gateway.acts.gathering import Gathering
from gateway.changes import Changes, Course
from gateway.flows import beats, hearing, hearsay, returns, tickets
from gateway.flows.suppress import Quiet
from gateway.store.incidents import alerts as alert_store
from gateway.store.incidents import cases, rulings, timeline
from gateway.store.incidents.alerts import Known, Post, Ready
from gateway.store.incidents.arrivals import Arrived
from gateway.store.incidents.cases import Case
from gateway.store.sql import bulk
from gateway.store.tables import Incident
from gateway.store.types import micros
from rules.book import RuleBook
from rules.lifecycle import NEW, Given, Signal
from rules.phases import decide
from rules.telling.holding import hold
from rules.telling.snoozing import knew
from rules.times.calendars import Standing
from rules.words import Alert, Directory, Suppression

RESOLVED_GRACE = timedelta(minutes=5)  # what a person resolved while it fires stays resolved at least so long
SHOWN = 5  # titles named on the one timeline line for alerts that joined together


@dataclass(slots=True)
class Outcome:
    """What came of one post."""

    accepted: int
    quarantined: int
    incidents: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)  # urgency ranks of incidents it opened
    never_seen: int = 0  # resolves of alerts that were never seen firing
    strangers: bool = False  # nothing was known of all that came in the same transaction


class Intake:
    """The working memory of one transaction."""

    def __init__(self, session: Session, book: RuleBook, directory: Directory, now: datetime) -> None:
        self.session = session
        self.book = book
        self.now = now
        self.at = micros(now)
        self.changes = Changes(session, directory, now)
        self.quiet = Quiet(self.changes, book.inhibitions)
        self.gathering = Gathering(session, directory, book.calendars, now)
        self.known: dict[tuple[int, str], Known] = {}
        self.by_id: dict[int, Case] = {}
        self.by_key: dict[str, Case] = {}
        self.ready: dict[int, Sequence[Ready]] = {}  # by id(post)
        self.courses: dict[tuple[int, tuple[Standing, ...], str], Course] = {}  # by id(route)
        self.joined: dict[int, list[str]] = {}
        self.cleared: dict[int, list[str]] = {}
        self.snoozed_at: dict[int, datetime] = {}
        self.new_ids: list[int] = []
        self.uuids = cases.new_uuids(now)
        self.highest = 0
        local = now.astimezone(ZoneInfo(book.timezone))
        self.local_hour = local.weekday() * 24 + local.hour
        self.night = local.hour >= 22 or local.hour < 7

    def look_up(self, came: Sequence[tuple[int, Ready]], found: Arrived) -> None:
        """Everything the database knows of these alerts; their incidents are locked."""
        self.known = found.known
        ids, fresh, more = set(found.opened.values()), set[str](), set[str]()
        for source_id, ready in came:
            alert, known = ready.alert, self.known.get((source_id, ready.alert.fingerprint))
            keys = fresh if known is None else more
            if known is not None and not self._matters(known, alert):
                continue
            ids.update(returns.incident_of(known, ready))
            if alert.firing or alert.touch:
                keys.add(ready.key)
        ids.update(self.quiet.look_up(ready.alert for _, ready in came))
        ids.update(cases.open_ids(self.session, more - fresh).values())
        self.by_id = cases.load(self.session, ids) if ids else {}
        wanted = fresh | more
        self.by_key = {case.dedup_key: case for case in self.by_id.values() if case.open and case.dedup_key in wanted}
        cases.count_firing(self.session, self.by_id.values())
        self.gathering.look_up(self.by_id.values())
        missing = len(wanted - self.by_key.keys()) - len(found.numbers)
        more_numbers = bulk.new_ids(self.session, Incident, missing) if missing > 0 else []
        self.new_ids = [*found.numbers, *more_numbers][::-1]
        self.highest = max(self.new_ids, default=0)

    def _matters(self, known: Known, alert: Alert) -> bool:
        """False for a plain repeat: that is counted without a look at its incident."""
        if alert.firing != known.firing or alert.ticket is not None or not (known.incident_open or known.muted):
            return True
        if alert.said is not None:
            return True
        return alert.firing and micros(alert.starts_at) > known.episodes.fired

    def take(self, post: Post) -> Outcome:
        outcome = Outcome(len(post.alerts), len(post.quarantined))
        touched: dict[int, None] = {}
        for ready in self.quiet.in_order(self.ready[id(post)]):
            if post.repeated:
                known = self.known.get((post.source_id, ready.alert.fingerprint))
                incident_id = known.incident_id if known else None
            elif ready.alert.said is not None:
                incident_id = self._told(post, ready)
            else:
                incident_id = self._hear(post, ready, outcome)
            if incident_id is not None:
                touched[incident_id] = None
        outcome.incidents = list(touched)
        return outcome

    def _hear(self, post: Post, ready: Ready, outcome: Outcome) -> int | None:
        """One message about one alert."""
        alert = ready.alert
        key = (post.source_id, alert.fingerprint)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = Known(post.source_id, alert.fingerprint)
        was, known.seen = known.firing, known.seen + 1
        before = known.incident_id, known.episodes.fired, known.episodes.ended
        new_episode = hearing.listen(known, alert, self.at, was=was)
        hearing.remember_words(known, ready, self.at)
        known.firing = fires = known.episodes.firing
        speaks = hearing.speaks(known, alert, new=new_episode)
        if fires and (not was or (speaks and not self._is_open(known) and not self._just_closed(known, new_episode))):
            self._fires(known, post, ready, outcome)
        elif was and not fires:
            self._clears(known, alert, post)
        elif fires and new_episode and alert.ticket is None and (case := self._case(known)):
            case.alert_count += 1
            self.changes.touch(case)
            self.gathering.note(case, known, self.quiet.verdict(post.source_id, alert, ready.route.urgency))
        elif not fires and not was and known.incident_id is None and not alert.firing:
            outcome.never_seen += 1
        if alert.ticket is not None and (case := self._case(known)):
            hidden = self.quiet.verdict(post.source_id, alert, ready.route.urgency)
            tickets.hear(self.changes, case, known, ready, post.source, hidden)
        self._stir(known, ready, post.source, None if was else before)
        return known.incident_id

    def _told(self, post: Post, ready: Ready) -> int | None:
        """What somebody at its sender said of it: no word about whether it fires."""
        key = (post.source_id, ready.alert.fingerprint)
        known = self.known.setdefault(key, Known(*key))
        hearsay.count(known, ready)
        if case := self._case(known):
            hearsay.hear(self.changes, case, known, ready, post.source)
        return known.incident_id

    def _just_closed(self, known: Known, new_episode: bool) -> bool:
        """A person said a moment ago that it is over, and the sender has only repeated what they knew."""
        return not new_episode and self.at - known.closed_by_person < RESOLVED_GRACE.total_seconds() * 1_000_000

    def _is_open(self, known: Known) -> bool:
        case = self._case(known)
        return known.incident_open if case is None else case.open

    def _case(self, known: Known) -> Case | None:
        return self.by_id.get(known.incident_id) if known.incident_id is not None else None

    def _fires(self, known: Known, post: Post, ready: Ready, outcome: Outcome) -> None:
        """It did not fire and now does: back to its open incident, else to the one of its key, else a new one."""
        alert, route = ready.alert, ready.route
        if beats.heartbeat_of(alert, self.book.heartbeats) or self.quiet.attach(known, alert, self.by_id):
            return  # that it fires is the good news, or a part of something bigger
        hidden = self.quiet.verdict(post.source_id, alert, route.urgency)
        case = None if known.attached else self._case(known)
        if case is None or not case.open:
            before, case = case, self.by_key.get(ready.key)
            if case is None or not case.open:
                case = None if hidden else returns.reopened(self.changes, before, ready, post.source, self.book)
                if case is None:
                    case = self._open(post, ready, hidden)
                    outcome.opened.append(route.urgency.rank)
                self.by_key[ready.key] = case
            else:
                self.joined.setdefault(case.id, []).append(alert.title)
            known.move_to(case.id)
        else:
            self.joined.setdefault(case.id, []).append(alert.title)
        known.incident_open = True
        case.firing += 1
        if case.firing == 1:
            returns.turned(self.changes, case, post.source)
        case.alert_count += 1
        case.truncated = max(case.truncated, post.truncated)
        self.changes.touch(case)
        self.quiet.note(hidden, case, post.source_id, alert)
        self.gathering.note(case, known, hidden)

    def _open(self, post: Post, ready: Ready, hidden: Suppression | None) -> Case:
        id_, alert, route, key = self._new_id(), ready.alert, ready.route, ready.key
        case = Case(
            id_, next(self.uuids), alert.kind.value, key, post.source_id, route, NEW, self.now, alert.title,
            service=alert.labels.get("service", ""), started_at=alert.starts_at, local_hour=self.local_hour,
            night=self.night, is_test=alert.labels.get("alertname") == "NabatTest", fresh=True, times=ready.times,
            team=self.changes.team(route), alert_name=alert_store.name_of(alert),
        )  # fmt: skip
        self.by_id[id_] = case
        alike = (id(route), ready.times, post.source)
        if hidden is not None:
            opening = decide(NEW, Signal.SUPPRESS, route, self.now, Given(suppression=hidden))
            carry_out(self.changes, case, opening, Actor(post.source, "source"))
        elif (course := self.courses.get(alike)) is not None:
            self.changes.again(course, case)
        else:  # one moment, one route: the same for every incident of a storm
            mark = self.changes.mark()
            given = Given(hold=hold(route.timing, self.book.calendars, self.now))
            opening = decide(NEW, Signal.OPENED, route, self.now, given)
            carry_out(self.changes, case, opening, Actor(post.source, "source"))
            if opening.after == case.state:  # a ladder that hurries on is walked anew each time
                self.courses[alike] = self.changes.since(mark, case)
        self.changes.ruled(case, "opened", ready.labels)
        return case

    def _new_id(self) -> int:
        """A number nobody has. SQLite counts what is stored: what is handed out and not yet written counts here."""
        if self.new_ids:
            return self.new_ids.pop()
        self.highest = max(bulk.new_ids(self.session, Incident, 1)[0], self.highest + 1)
        return self.highest

    def _clears(self, known: Known, alert: Alert, post: Post) -> None:
        """It fired and no longer does. When it was the last of its incident, that is over."""
        case, attached = self._case(known), known.attached
        known.attached = None
        if case is None or not case.open:
            return
        case.firing -= 0 if attached else 1
        self.changes.touch(case)
        if case.firing > 0 or attached:
            self.cleared.setdefault(case.id, []).append(alert.title)
            return
        if returns.turned(self.changes, case, post.source):
            return
        actor = Actor(post.source, "source")
        carry_out(self.changes, case, decide(case.state, Signal.ALL_RESOLVED, case.route, self.now), actor)

    def _stir(self, known: Known, ready: Ready, source: str, before: tuple[int | None, int, int] | None) -> None:
        """Whoever snoozed its incident knew nothing of what comes now; but what inhibition attached wakes nobody.

        `before`: of an alert that begins to fire its incident until now, and the maxima of its episodes.
        """
        case, spoken = self._case(known), ready.alert.firing or ready.alert.touch
        if case is None or not case.sleeps or not known.firing or not spoken or known.attached:
            return
        if self.quiet.verdict(known.source_id, ready.alert, ready.route.urgency) is not None:
            return
        news = before is not None and self._is_news(case, *before)
        given = self.gathering.given(case, Given(firing=case.firing, urgency=ready.route.urgency, news=news))
        decision = decide(case.state, Signal.STIRRED, case.route, self.now, given)
        carry_out(self.changes, case, decision, Actor(source, "source"))

    def _is_news(self, case: Case, incident_id: int | None, fired: int, ended: int) -> bool:
        """Whether whoever snoozed this incident did not know that the alert fires."""
        if incident_id != case.id or case.state.snoozed_until is None:
            return True
        if case.id not in self.snoozed_at:
            self.snoozed_at[case.id] = timeline.snoozed_at(self.session, case.id) or case.opened_at
        return not knew(micros(self.snoozed_at[case.id]), fired, ended)

    def note(self) -> None:
        """What is said of alerts together, and what is written now and then: before write()."""
        for kind, groups in (("joined", self.joined), ("cleared", self.cleared)):
            for case_id, titles in groups.items():
                detail = {"count": len(titles), "titles": titles[:SHOWN]}
                self.changes.line(self.by_id[case_id], kind, "", detail)
        self.quiet.write()
        if self.changes.openings or self.changes.rulings:
            rulings.keep_book(self.session, self.book, self.now)

    def write(self) -> None:
        """All the rest but what was received, within pieces.pipelined()."""
        known = [one for one in self.known.values() if one.dirty]
        alert_store.write(self.session, known, self.at)
        self.changes.write()
