"""What people say about themselves: how they read, how they are told, where they are signed in; each with its row."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.actions import Actor
from gateway.store.db import transaction
from gateway.store.directory import people, signins
from gateway.store.outgoing import letters
from gateway.store.tables import PersonRow
from gateway.store.upkeep import audit
from rules.duty.personal import read_quiet, read_wishes
from rules.times.walltime import is_zone

NO_ZONE = "This is not a time zone: write it like Europe/Berlin."


def end_session(number: int, sign_in: int, by: Actor, now: datetime) -> bool:
    """One sign-in of this person's. False if it is none of theirs."""
    with transaction() as session:
        done = signins.end_of_person(session, number, sign_in)
        if done:
            audit.note(session, now, by.account, "session ended", by.account, by.how)
        return done


def end_other_sessions(number: int, but: int, by: Actor, now: datetime) -> None:
    with transaction() as session:
        signins.end_others(session, number, but)
        audit.note(session, now, by.account, "other sessions ended", by.account, by.how)


def keep_zone(number: int, timezone: str, by: Actor, now: datetime, **taste: bool) -> str:
    """Where somebody is and how they read times and keys. What is wrong, or nothing."""
    if not is_zone(timezone):
        return NO_ZONE
    with transaction() as session:
        row = session.get_one(PersonRow, number)
        row.timezone, row.zone_asked = timezone, True
        row.exact_times, row.single_keys = taste["exact_times"], taste["single_keys"]
        audit.note(session, now, by.account, "reading", by.account, by.how, timezone=timezone, **taste)
        people.bump(session, now)
    return ""


def answer_zone(number: int, timezone: str, by: Actor, now: datetime) -> str:
    """Asked once which zone they read times in: that of their browser, or (empty) as it is. Says what is wrong."""
    if timezone and not is_zone(timezone):
        return NO_ZONE
    with transaction() as session:
        row = session.get_one(PersonRow, number)
        row.zone_asked = True
        if timezone:
            row.timezone = timezone
            people.bump(session, now)
        audit.note(session, now, by.account, "reading", by.account, by.how, timezone=row.timezone)
    return ""


def keep_exact(number: int, by: Actor, now: datetime, *, exact: bool) -> None:
    """Times to the second, or "7 min"."""
    with transaction() as session:
        session.get_one(PersonRow, number).exact_times = exact
        audit.note(session, now, by.account, "reading", by.account, by.how, exact_times=exact)


def keep_keys(number: int, kept: str, by: Actor, now: datetime) -> None:
    """A person's own single keys, as shortcuts.py writes them."""
    with transaction() as session:
        session.get_one(PersonRow, number).own_keys = kept
        audit.note(session, now, by.account, "own keys", by.account, by.how, keys=kept)


def keep_rules(number: int, rules: Mapping[str, Sequence[str]], quiet: str, by: Actor, now: datetime) -> str:
    """A person's own notification rules and quiet hours. What is wrong, or nothing."""
    try:
        kept = {name: list(texts) for name, texts in rules.items() if texts and read_wishes(list(texts))}
        read_quiet(quiet)
    except ValueError as problem:
        return _words(str(problem))
    with transaction() as session:
        row = session.get_one(PersonRow, number)
        row.notify, row.quiet_hours = kept, quiet
        audit.note(session, now, by.account, "notification rules", row.email, by.how, rules=kept, quiet_hours=quiet)
        people.bump(session, now)
    return ""


def _words(problem: str) -> str:
    if "twice" in problem:
        return "Name each way once."
    if "order" in problem:
        return "Put the ways in the order in which they come."
    return (
        "Quiet hours begin and end at different times."
        if "quiet" in problem
        else "Choose ways and times from the lists."
    )


def keep_taste(number: int, language: str, theme: str, by: Actor, now: datetime) -> None:
    with transaction() as session:
        signins.set_taste(session, number, language, theme)
        audit.note(session, now, by.account, "taste", by.account, by.how, language=language, theme=theme)


def want_weekly(number: int, by: Actor, now: datetime, *, wanted: bool) -> None:
    """The weekly report by e-mail, asked for or stopped."""
    with transaction() as session:
        email = letters.set_wanted(session, number, wanted=wanted)
        audit.note(session, now, by.account, "weekly report", email, by.how, wanted=wanted)
