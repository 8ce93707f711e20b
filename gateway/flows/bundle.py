"""Too much for one person is bundled: counted, linked, said by one message every two minutes, and never dropped."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions
from gateway.outward.render import BundleFacts
from gateway.store.incidents import timeline
from gateway.store.outgoing import bundles, dialling, outbox
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql.locks import one_at_a_time, whose_turn_is_free
from rules.telling.caps import CAPS, LONGEST, ROLL_UP_EVERY, common_label, is_over, roll_up_at, roll_up_contact
from rules.words import Directory, Notice, Person, Way

NO_OTHER_WAY = timedelta(seconds=60)  # until somebody whom no roll-up reaches is looked at again
SOON = timedelta(seconds=1)
TITLES = 20


def within_caps(
    session: Session, taken: Sequence[Leased], directory: Directory, now: datetime, *, patient: bool = True
) -> list[Leased]:
    """Of the messages that were just leased those that are not too much; what is, goes into the next roll-up.

    Not `patient`: whoever's turn another worker has is called a moment later, not waited for.
    """
    pages = [one for one in taken if one.kind in outbox.PAGES and one.person_id and Way(one.way) in CAPS]
    left = [one for one in taken if one not in pages]
    people = sorted({one.person_id for one in pages if one.person_id})
    if people and patient:
        one_at_a_time(session, people)
    elif people:
        pages = _of_the_free(session, pages, whose_turn_is_free(session, people), now)
    ids = [one.id for one in pages]
    told: dict[tuple[int, str], list[datetime]] = {}
    over: dict[tuple[int, str], list[Leased]] = {}
    for one in pages:
        key = (one.person_id or 0, one.way)
        if key not in told:
            told[key] = dialling.lately(session, key[0], one.way, LONGEST, now, ids)
        if is_over(Way(one.way), told[key], now):
            over.setdefault(key, []).append(one)
        else:
            told[key].append(now)
            left.append(one)
    for (person_id, way), too_many in over.items():
        _bundle(session, too_many, person_id, way, directory, now)
    return sorted(left, key=lambda one: (one.rank, one.id))


def _of_the_free(session: Session, pages: Sequence[Leased], free: Collection[int], now: datetime) -> list[Leased]:
    """The others' wait, and their patience goes on."""
    for one in pages:
        if one.person_id not in free:
            dialling.space(session, one, now + SOON)
    return [one for one in pages if one.person_id in free]


def worth_saying(session: Session, taken: Sequence[Leased], now: datetime) -> list[Leased]:
    """Without roll-ups that have nothing to say any more, and digests for which something has yet to come."""
    return [one for one in taken if one.kind != bundles.DIGEST or _says_something(session, one, now)]


def _says_something(session: Session, one: Leased, now: datetime) -> bool:
    if one.part == bundles.HELD and bundles.more_to_come(session, now):
        dialling.put_off(session, one, now + SOON, None)
        return False
    if bundles.said(session, one.id):
        return True
    dialling.call_off(session, one, "answered meanwhile", now)
    return False


def _bundle(
    session: Session, too_many: list[Leased], person_id: int, way: str, directory: Directory, now: datetime
) -> None:
    bundle_id = bundles.waiting(session, person_id) or _begin(session, too_many[0], person_id, directory, now)
    if bundle_id is None:
        for one in too_many:
            dialling.put_off(session, one, now + NO_OTHER_WAY, None)
        return
    incidents = bundles.put_in(session, bundle_id, [one.id for one in too_many], person_id, way)
    detail = {"who": too_many[0].who, "name": too_many[0].name, "way": way, "bundle": bundle_id}
    lines = [timeline.line(number, now, "bundled", actions.CLOCK.name, detail) for number in incidents]
    timeline.write(session, lines)


def _begin(session: Session, first: Leased, person_id: int, directory: Directory, now: datetime) -> int | None:
    person = directory.by_id(person_id)
    found = roll_up_contact(person, sms_over=_sms_over(session, person, now)) if person else None
    if person is None or found is None:
        return None
    notice = Notice(person.email, person.name, found[1], found[0], person.id, person.timezone, person.language)
    due = roll_up_at(bundles.last(session, person_id, now, now - ROLL_UP_EVERY), now)
    return bundles.begin(session, notice, first, due, now)


def _sms_over(session: Session, person: Person, now: datetime) -> bool:
    return is_over(Way.SMS, dialling.lately(session, person.id, Way.SMS, LONGEST, now), now)


def several(session: Session, one: Leased, list_url: str) -> BundleFacts:
    """What a roll-up says, as it stands at the moment of sending; nothing for any other message."""
    if one.kind != bundles.DIGEST:
        return BundleFacts()
    found = bundles.said(session, one.id)
    top = common_label(bundles.labels(session, [each.incident_id for each in found]))
    titles = tuple(f"#{each.incident_id} {each.title}" for each in found[:TITLES])
    return BundleFacts(len(found), top, titles, list_url, held=one.part == bundles.HELD)
