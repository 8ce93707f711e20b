"""Alerts come in: from parsed to promised, set-wise, in one transaction whatever their number.

Read all that is known of them, decide in memory message by message as they came, write everything at the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import crashpoint
from gateway.flows import beats, repeats
from gateway.flows.arriving import Intake, Outcome
from gateway.flows.prepare import ready_of
from gateway.flows.strangers import NotAlone, Turn
from gateway.store.db import is_postgres
from gateway.store.directory.roll import Roll
from gateway.store.incidents import alerts as alert_store
from gateway.store.incidents import arrivals
from gateway.store.incidents.alerts import Post, Ready
from gateway.store.incidents.arrivals import Arrived
from gateway.store.incidents.numbers import Handful
from gateway.store.sql import pieces
from gateway.store.sql.locks import beside_others, one_writer_per_source
from rules.book import RuleBook


def receive(
    session: Session, posts: Sequence[Post], book: RuleBook, roll: Roll, now: datetime, turn: Turn = Turn.WITHIN
) -> list[Outcome]:
    """Take in `posts`, of any number of sources. When the caller's commit returns, nothing can be lost any more.

    On PostgreSQL that is two round trips for alerts that are new: all questions, then all that is written, with COMMIT
    unless something follows in the same transaction. Raises NotAlone where that is the wrong `turn`.
    """
    asked = len(posts)
    posts = [*posts, *beats.hear(session, posts, book.heartbeats, now)]
    sources = _sources_of(posts)
    if any(post.once or post.own for post in posts):
        one_writer_per_source(session, sources)
        posts = [repeats.once(session, post, now) if post.once else post for post in posts]
        posts = [repeats.at_most_now_and_then(session, post, now) if post.own else post for post in posts]
    ready, came = _prepared(posts, book)
    with pieces.pipelined(session):
        versions = roll.ask(session)
        beside = turn is Turn.BESIDE and beside_others(session, sources)
        if not beside:
            one_writer_per_source(session, sources)
        question = arrivals.Question(session, came)
    found = question.read()
    strangers = not found.known and not found.opened
    if beside and not strangers:
        raise NotAlone
    intake = Intake(session, book, roll.current(session, dict(versions.rows())), now)
    outcomes = _taken(intake, posts, ready, came, found)
    intake.note()
    _write(session, intake, posts, last=turn is not Turn.WITHIN)
    for outcome in outcomes:
        outcome.strangers = strangers
    return outcomes[:asked]


def receive_unseen(
    session: Session, posts: Sequence[Post], book: RuleBook, roll: Roll, now: datetime, handful: Handful
) -> list[Outcome]:
    """As receive() side by side, where nobody looks first whether all of it is new: in a storm it is.

    Unique indexes say so if it is not, and the server itself that the directory is the one we hold; then nothing of it
    is kept. On PostgreSQL one round trip.
    """
    ready, came = _prepared(posts, book)
    postgres = is_postgres(session)
    directory, versions = roll.held() if postgres else (roll.current(session), "")
    intake = Intake(session, book, directory, now)
    outcomes = _taken(intake, posts, ready, came, Arrived(numbers=handful.numbers))
    handful.left(intake.new_ids, lasting=postgres)
    intake.note()

    def first() -> None:
        used = sum(len(outcome.opened) for outcome in outcomes)
        handful.ask(session, _sources_of(posts), versions, used)

    _write(session, intake, posts, last=True, first=first if postgres else None)
    for outcome in outcomes:
        outcome.strangers = True
    return outcomes


@dataclass(frozen=True, slots=True)
class Decided:
    """What comes of alerts that nobody knows: all but the writing is done."""

    outcomes: Sequence[Outcome]
    said: pieces.Said
    versions: str  # of the directory by which it was decided


def decide_unseen(
    session: Session, posts: Sequence[Post], book: RuleBook, roll: Roll, now: datetime, handful: Handful
) -> Decided:
    """What receive_unseen() does before it writes, without a transaction: while somebody else has SQLite's one file.

    Takes what it needs of the numbers. Raises Unanswered where the database has to be asked, for more numbers too.
    """
    ready, came = _prepared(posts, book)
    directory, versions = roll.held()
    with pieces.put_off(session) as said:
        intake = Intake(session, book, directory, now)
        outcomes = _taken(intake, posts, ready, came, Arrived(numbers=handful.numbers))
        intake.note()
        intake.write()
    handful.left(intake.new_ids)
    for outcome in outcomes:
        outcome.strangers = True
    return Decided(outcomes, said, versions)


def receive_decided(session: Session, decided: Sequence[Decided], posts: Sequence[Post], roll: Roll) -> list[Outcome]:
    """The rest of receive_unseen() for what was decided of `posts`. Raises NotAlone if by another directory."""
    if not all(roll.is_still(session, versions) for versions in {one.versions for one in decided}):
        raise NotAlone
    alert_store.keep_payloads(session, posts)
    pieces.say(session, (one.said for one in decided))
    _written()
    return [outcome for one in decided for outcome in one.outcomes]


def _write(
    session: Session, intake: Intake, posts: Sequence[Post], *, last: bool, first: Callable[[], None] | None = None
) -> None:
    """`first` is said in one piece with it, before it; COMMIT, if this is the last of its transaction, after it."""
    with pieces.pipelined(session, to_commit=last):
        if first:
            first()
        alert_store.keep_payloads(session, posts)
        intake.write()
    _written()


def _written() -> None:
    crashpoint.passing("ingest written")


def _sources_of(posts: Sequence[Post]) -> list[int]:
    return sorted({post.source_id for post in posts})


def _prepared(posts: Sequence[Post], book: RuleBook) -> tuple[list[Sequence[Ready]], list[tuple[int, Ready]]]:
    """Of each post its alerts, and all of them with the source they came from."""
    ready = [ready_of(post, book) for post in posts]
    return ready, [(post.source_id, one) for post, of_post in zip(posts, ready, strict=True) for one in of_post]


def _taken(
    intake: Intake, posts: Sequence[Post], ready: Sequence[Sequence[Ready]], came: Sequence[tuple[int, Ready]],
    found: Arrived,
) -> list[Outcome]:  # fmt: skip
    intake.ready = {id(post): of_post for post, of_post in zip(posts, ready, strict=True)}
    intake.look_up(came, found)
    return [intake.take(post) for post in posts]
