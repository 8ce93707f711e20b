"""Service desks are told who works on their tickets: where each hears it, and a word that failed is sent once more."""

from dataclasses import dataclass
from datetime import datetime

from gateway.actions import Actor
from gateway.outward.outbound import check_url, fits_header
from gateway.secrets import BadSecret
from gateway.store.db import transaction
from gateway.store.outgoing import desk, outbox
from gateway.store.senders.sources import NotPossible
from gateway.store.tables import Source
from gateway.store.upkeep import audit
from gateway.world import World

LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service desk hears it. An empty address: nowhere. With `keep` the same address keeps its token."""

    url: str
    bearer: str = ""
    keep: bool = False


def set_address(source_id: int, place: Place, world: World, actor: Actor, now: datetime) -> None:
    """Raises NotPossible with what is wrong with the address; nothing is asked here."""
    url = place.url.strip()
    wrong = check_url(url, allow_private=world.settings.allow_private_hosts, loopback=False) if url else ""
    if wrong or len(url) > LONGEST_ADDRESS:
        raise NotPossible(wrong or "the address is too long")
    if not fits_header(place.bearer):
        raise NotPossible("the secret, or the user, is empty or has characters that no HTTP header takes")
    try:
        sealed = world.vault.seal(place.bearer) if place.bearer else None
    except BadSecret as problem:
        raise NotPossible(str(problem)) from problem
    with transaction() as session:
        source = session.get_one(Source, source_id, populate_existing=True)
        if source.kind != "ticket":
            raise NotPossible(f"the source {source.name!r} is of kind {source.kind}, not ticket")
        known = desk.address(session, source_id)
        before = known.url if known else ""
        kept = known.sealed if place.keep and known and known.url == url else sealed
        desk.set_address(session, source_id, url, kept)
        told = {"before": {"desk": _for_all(before)}, "after": {"desk": _for_all(url)}}
        audit.note(session, now, actor.account or actor.name, "source set", source.name, actor.how, **told)


def _for_all(url: str) -> str:
    """As more people read it: many a hook has its key in the query."""
    place, asked, _ = url.partition("?")
    return f"{place}?…" if asked else place


def again(incident_id: int, actor: Actor, now: datetime) -> bool:
    """The newest word about this ticket, if it failed or waits for its next try. False if there is none."""
    with transaction() as session:
        if not desk.once_more(session, incident_id, now):
            return False
        audit.note(session, now, actor.account or actor.name, "desk again", f"incident {incident_id}", actor.how)
        outbox.wake_workers(session)
    return True
