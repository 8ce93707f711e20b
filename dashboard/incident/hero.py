"""The top of the incident page: what it is, the four clocks, and a word for every state that is not plain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import rows
from dashboard.incident import queries
from dashboard.incident.ladder import coming
from dashboard.reader import Moment, Reader
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Delivery, Incident
from rules.timing import UNTOLD, Phase
from rules.words import Directory, Status

OUT = ("sent", "delivered", "logged", "bundled")  # messages that left, as far as that is in our hands
SLEEP = (22, 7)  # hours of the night, by the wall clock of whoever was woken


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the four figures under the title; `since` or `until` make it tick."""

    name: str
    value: str
    bad: bool = False
    since: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class Banner:
    """A state that has to be explained in a sentence; `url` leads to what it speaks of."""

    look: str
    icon: str
    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Hero:
    clocks: list[Clock]
    overdue: str
    started: Moment
    source: str
    alerts: str
    firing: str
    assignee: str
    banners: list[Banner]
    fixed_by: str


def hero(
    found: Incident, source: str, firing: int, sent: Sequence[Delivery], directory: Directory, reader: Reader
) -> Hero:
    late = found.status == Status.TRIGGERED and not found.snoozed_until and reader.now > found.ack_due_at
    mine = (person.name or person.email for person in directory.people.values() if person.id == found.assignee_id)
    return Hero(
        clocks=_clocks(found, sent, directory, reader),
        overdue=reader.duration(reader.now - found.ack_due_at, exact=True) if late else "",
        started=reader.moment(found.started_at),
        source=source,
        alerts=reader.count("%(n)s alert", "%(n)s alerts", found.alert_count),
        firing=reader.say("%(n)s firing now", n=firing) if firing else "",
        assignee=next(mine, "") if found.assignee_id else "",
        banners=_banners(found, reader),
        fixed_by=found.fixed_by,
    )


def _clocks(found: Incident, sent: Sequence[Delivery], directory: Directory, reader: Reader) -> list[Clock]:
    _, target = reader.say, reader.duration(found.ack_due_at - found.opened_at)
    goal = Clock(_("Target"), target)
    if found.status == Status.RESOLVED and found.resolved_at:
        return _totals(found, sent, reader)
    if found.status == Status.ACKNOWLEDGED:
        running = _running(_("Open for"), found.opened_at, reader)
        goal = _waking(found, found.snoozed_until, reader) if found.snoozed_until else _reminder(found, goal, reader)
        return [running, _acknowledged(found, reader), goal, Clock(_("Acknowledged by"), found.ack_by or "?")]
    late = not found.snoozed_until and found.phase not in UNTOLD and reader.now > found.ack_due_at
    waiting = _running(_("Unacknowledged for"), found.opened_at, reader, bad=late)
    if found.phase == Phase.GATHERING:
        return [waiting, goal, Clock(_("Next step in"), "–"), Clock(_("Who is next"), _("waits for more alerts"))]
    if found.next_at is None:
        return [waiting, goal, Clock(_("Next step in"), "–"), Clock(_("Who is next"), _("nobody"), bad=True)]
    at = reader.moment(found.next_at)
    steps = coming(found, route_of(found.route), directory, reader)
    who = steps[0].who if steps else rows.next_names(found, directory, reader)
    then = Clock(_("Next step in"), at.left, until=at.ms)
    then = _waking(found, found.snoozed_until, reader) if found.snoozed_until else then
    return [waiting, goal, then, Clock(_("Who is next"), who)]


def _totals(found: Incident, sent: Sequence[Delivery], reader: Reader) -> list[Clock]:
    """What it came to, once it is over."""
    _ = reader.say
    whole = reader.duration((found.resolved_at or reader.now) - found.opened_at, exact=True)
    by = found.resolved_by if found.resolve_kind in ("person", "merged") and found.resolved_by else _("by itself")
    acked = Clock(_("To acknowledge"), _("by nobody"))
    if found.ack_at:
        span = reader.duration(found.ack_at - found.opened_at, exact=True)
        acked = Clock(_("To acknowledge"), _("%(time)s, %(who)s", time=span, who=found.ack_by or "?"))
    ended = Clock(_("To resolve"), _("%(time)s, %(who)s", time=whole, who=by))
    messages = str(sum(1 for one in sent if one.status in OUT))
    woken = len({one.person_id for one in sent if one.is_page and _at_night(one.local_mow)})
    return [acked, ended, Clock(_("Notifications"), messages), Clock(_("People woken at night"), str(woken), woken > 0)]


def _at_night(minute_of_week: int | None) -> bool:
    if minute_of_week is None:
        return False
    hour = minute_of_week % (24 * 60) // 60
    return hour >= SLEEP[0] or hour < SLEEP[1]


def _reminder(found: Incident, otherwise: Clock, reader: Reader) -> Clock:
    """Of an acknowledgement for a time: when whoever acknowledged is asked, or when the ladder begins anew."""
    if found.next_at is None or found.phase not in (Phase.TIMED, Phase.REMINDED):
        return otherwise
    at = reader.moment(found.next_at)
    name = reader.say("Reminds in") if found.phase == Phase.TIMED else reader.say("Calls again in")
    return Clock(name, at.left, until=at.ms, bad=found.phase == Phase.REMINDED)


def _waking(found: Incident, until: datetime, reader: Reader) -> Clock:
    at = reader.moment(until)
    name = reader.say("Kept quiet for") if found.suppressed_by else reader.say("Snoozed for")
    return Clock(name, at.left, until=at.ms)


def _acknowledged(found: Incident, reader: Reader) -> Clock:
    at = found.ack_at or found.opened_at
    late = at > found.ack_due_at
    return Clock(reader.say("Acknowledged after"), reader.duration(at - found.opened_at, exact=True), late)


def _running(name: str, since: datetime, reader: Reader, *, bad: bool = False) -> Clock:
    at = reader.moment(since)
    return Clock(name, reader.duration(reader.now - since, exact=True), bad, since=at.ms)


def _banners(found: Incident, reader: Reader) -> list[Banner]:
    known = (_merged(found, reader), _suppressed(found, reader), _phase(found, reader), _reopened(found, reader))
    return [one for one in known if one is not None]


def _merged(found: Incident, reader: Reader) -> Banner | None:
    if found.merged_into is None:
        return None
    text = reader.say("%(who)s merged it into #%(n)s; what it had goes on there.", who=found.resolved_by or "?",
                      n=found.merged_into)  # fmt: skip
    link = reader.say("Open #%(n)s", n=found.merged_into)
    return Banner("info", "git-branch", text, f"/incidents/{found.merged_into}", link)


def _suppressed(found: Incident, reader: Reader) -> Banner | None:
    """Which silence keeps it quiet, by whom, and until when."""
    kind, _dot, number = (found.suppressed_by or "").partition(":")
    if not number.isdigit() or found.snoozed_until is None:
        return None
    until = reader.moment(found.snoozed_until).short
    if kind == "inhibition":
        text = reader.say("Nobody is told of it as long as #%(n)s goes on.", n=number)
        return Banner("warn", "bell-off", text, f"/incidents/{number}", reader.say("Open #%(n)s", n=number))
    row = queries.silence(int(number))
    who, why = (row.author, row.reason) if row else ("?", "")
    said = {"n": number, "who": who, "time": until, "why": why}
    if kind == "maintenance":
        text = reader.say("Maintenance window %(n)s by %(who)s keeps it quiet until %(time)s: %(why)s", **said)
        return Banner("warn", "bell-off", text, f"/maintenance/{number}", reader.say("The window"))
    text = reader.say("Silence %(n)s by %(who)s keeps it quiet until %(time)s: %(why)s", **said)
    return Banner("warn", "bell-off", text, f"/silences/{number}", reader.say("The silence"))


def _phase(found: Incident, reader: Reader) -> Banner | None:
    if found.status == Status.RESOLVED:
        return None
    if found.phase == Phase.FLAPPING:
        text = reader.say("It is flapping: held open, and nobody is called anew until it has been quiet.")
        return Banner("warn", "activity", text)
    if found.phase in UNTOLD:
        if found.next_at is None:
            return Banner("info", "clock", reader.say("Held back: nobody has been told yet."))
        until = reader.moment(found.next_at).short
        return Banner("info", "clock", reader.say("Held back: nobody is told before %(time)s.", time=until))
    return None


def _reopened(found: Incident, reader: Reader) -> Banner | None:
    """It keeps its number, and its history below."""
    if found.status == Status.RESOLVED or (entry := queries.last_entry(found.id, "reopened")) is None:
        return None
    if reader.now - entry.at > timedelta(days=1):
        return None
    at = reader.moment(entry.at).short
    return Banner("info", "bell-ring", reader.say("It was over and fires again since %(time)s.", time=at))
