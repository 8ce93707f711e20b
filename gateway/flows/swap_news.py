"""What is told of swaps of shifts: the question to who is asked, the answer to who asked. Alerts of our own."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.flows import intake
from gateway.flows.own_alerts import OWN_NAME, OWN_SOURCE, swap_alert
from gateway.flows.prepare import given_route
from gateway.store.directory import shifts
from gateway.store.incidents.alerts import Post
from gateway.store.tables import SwapRow
from gateway.world import world
from rules.words import Directory, Route, Step, Urgency

ASKED_ONLY = timedelta(hours=1)  # what tells of a swap has one step


def speak(session: Session, row: SwapRow, directory: Directory, now: datetime) -> None:
    """To who is asked while it is open; then that is over, and who asked hears the answer."""
    _say(session, row, directory, now, of_answer=False, over=row.state != shifts.REQUESTED)
    if row.state not in (shifts.REQUESTED, shifts.WITHDRAWN):
        _say(session, row, directory, now, of_answer=True, over=False)


def end(session: Session, row: SwapRow, directory: Directory, now: datetime) -> None:
    """The answer was news for long enough."""
    _say(session, row, directory, now, of_answer=True, over=True)


def _say(session: Session, row: SwapRow, directory: Directory, now: datetime, *, of_answer: bool, over: bool) -> None:
    """A word of our own, by push or else by e-mail."""
    book, names = world().shelf.book, {person.email: person.name for person in directory.people.values()}
    asker, asked = names.get(row.asker, row.asker), names.get(row.asked, row.asked)
    did = "not answered" if row.state == shifts.EXPIRED else row.state
    title = f"{asked} has {did} your swap" if of_answer else f"{asker} asks you to be on call instead"
    reason = f"{_times(row)}. {row.reason} {world().settings.public_url}/oncall/me"
    alert = swap_alert(f"{'answer' if of_answer else 'swap'} {row.id}", title, reason, now, over=over)
    kind, to = book.classes[Urgency.FAST], row.asker if of_answer else row.asked
    route = Route(
        "a swap of shifts", Urgency.FAST, "whom it concerns", ("fingerprint",), (Step((f"person:{to}",), ASKED_ONLY),),
        0, kind.channels, kind.fallback, kind.acknowledge_within, (), book.version,
    )  # fmt: skip
    post = given_route(Post(OWN_SOURCE, OWN_NAME, title.encode(), now, (alert,)), route, book)
    intake.receive(session, [post], book, world().roll, now)


def _times(row: SwapRow) -> str:
    gives = f"From {row.gives_from.isoformat()} to {row.gives_to.isoformat()}"
    if row.takes_from is None or row.takes_to is None:
        return gives
    return f"{gives}, in return for {row.takes_from.isoformat()} to {row.takes_to.isoformat()}"
