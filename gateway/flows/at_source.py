"""Before a call is dialled its source is asked, where it can be: whether what it is made for still fires there.

Values in, a value out, outside of any transaction and within two seconds. A source that does not answer stops no call.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from gateway.outward import alertmanager_api
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.secrets import BadSecret
from gateway.store.outgoing import dialling
from gateway.store.outgoing.dialling import Firing
from gateway.store.outgoing.outbox import Leased
from gateway.world import World
from rules.senders.drift import UP_LONG_ENOUGH

PATIENCE = 2.0  # seconds, for all addresses together
GONE = "voice gate: it does not fire at its source any more"


@dataclass(frozen=True, slots=True)
class Asked:
    gone: bool = False  # every address says that nothing of it fires
    problem: str = ""  # why it is not known


NOT_ASKED = Asked()


def questions(session: Session, calls: Sequence[Leased]) -> dict[int, Firing]:
    """By message: what the source of a call can be asked."""
    found = {one.id: dialling.at_source(session, one.incident_id) for one in calls}
    return {id_: firing for id_, firing in found.items() if firing is not None}


def ask(firing: Firing, world: World) -> Asked:
    """Gone only if every Alertmanager says so that is settled and has been up for long enough to know."""
    end, sure = time.monotonic() + PATIENCE, True
    for url, sealed in firing.addresses:
        left = end - time.monotonic()
        if left <= 0:
            return Asked(problem=f"no answer within {PATIENCE:g} s")
        try:
            secret = msgspec.json.decode(world.vault.open(sealed), type=dict[str, str]) if sealed else {}
            seen = alertmanager_api.look(url, secret, world.settings.allow_private_hosts, left / 2)
        except (TemporaryFailure, PermanentFailure, BadSecret) as problem:
            return Asked(problem=str(problem))
        if any(str(alert["fingerprint"]) in firing.fingerprints for alert in seen.alerts):
            return NOT_ASKED
        sure = sure and seen.settled and seen.up_for is not None and seen.up_for >= UP_LONG_ENOUGH
    return Asked(gone=True) if sure else Asked(problem="it was started lately, or its cluster is not settled")
