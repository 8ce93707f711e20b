"""How far the audit log's chain was followed, and how it stood: kept for the page, which cannot read all of it."""

from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Fact
from gateway.store.types import micros, moment, to_json
from gateway.store.upkeep.audit import Chain

KEY = "audit chain"


@dataclass(frozen=True, slots=True)
class Followed:
    chain: Chain
    begun: datetime  # when it was followed from its first row on
    at: datetime  # when it was followed last
    broken: int = 0  # a break, until the whole chain was seen to be whole again
    why: str = ""


def keep(session: Session, found: Followed) -> None:
    told = {"chain": asdict(found.chain), "begun": micros(found.begun), "broken": found.broken, "why": found.why}
    fresh = {"value": to_json(told), "at": found.at}
    statement = upsert(session, Fact, [{"key": KEY, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def last(session: Session) -> Followed | None:
    """None as long as no worker has looked."""
    row = session.get(Fact, KEY, populate_existing=True)
    if row is None:
        return None
    told = msgspec.json.decode(row.value)
    return Followed(Chain(**told["chain"]), moment(told["begun"]), row.at, told["broken"], told["why"])
