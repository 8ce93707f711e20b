"""What the world was told of an incident: its notices on the status page, and one that was left open."""

from dataclasses import dataclass

from dashboard.incident.hero import Banner
from dashboard.reader import Reader
from dashboard.status import queries, rows
from gateway.access.auth import Visit
from gateway.acts.notices import WRITERS
from gateway.store.tables import Incident
from rules.reports.public import ENDS, About, Notice, Phase, in_language, phase
from rules.words import Status


@dataclass(frozen=True, slots=True)
class Told:
    """One notice."""

    number: int
    title: str
    stage: str
    over: bool
    at: rows.When  # its last word


@dataclass(frozen=True, slots=True)
class Clients:
    told: list[Told]
    may_write: bool
    banners: list[Banner]


def clients(found: Incident, visit: Visit, reader: Reader) -> Clients:
    some = queries.of_incident(found.id)
    may_write = visit.person.role in WRITERS and queries.set_page().on
    left = [one for one in some if _is_left_open(one, found)]
    return Clients([_told(one, reader) for one in some], may_write, [_banner(one, reader) for one in left])


def _is_left_open(one: Notice, found: Incident) -> bool:
    """Nobody has said to the world that it is over, and the clock does not."""
    return found.status == Status.RESOLVED and one.about is About.TROUBLE and one.last.stage not in ENDS


def _banner(one: Notice, reader: Reader) -> Banner:
    title, _ = in_language(one.titles, reader.language)
    text = reader.say("It is over here, and the status page still says: %(title)s", title=title)
    return Banner("warn", "globe", text, f"/notices/{one.id}", reader.say("Tell that it is over"))


def _told(one: Notice, reader: Reader) -> Told:
    title, _ = in_language(one.titles, reader.language)
    over = phase(one, reader.now) is Phase.OVER
    return Told(one.id, title, rows.stage(one.last.stage, reader), over, rows.when(one.last.at, reader))
