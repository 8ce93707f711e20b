"""The audit log's chain is followed again and again, a portion at a time, and how it stands is left for the page."""

from datetime import datetime, timedelta

from gateway import log
from gateway.store.db import reading, transaction
from gateway.store.upkeep import audit, chain
from gateway.store.upkeep.chain import Followed

PORTION = 20_000  # rows a round
ANEW = timedelta(days=1)  # what was followed once may have been changed since


def follow(now: datetime) -> Followed:
    """Goes on where it stopped; from the first row once a day, and after a break, which may be mended."""
    with reading() as session:
        last = chain.last(session)
        fresh = last is None or bool(last.chain.broken) or (last.chain.whole and now - last.begun > ANEW)
        found = audit.follow(session, audit.Chain() if last is None or fresh else last.chain, PORTION)
    broken, why = found.broken, found.why
    if last is not None and not broken and not found.whole:
        broken, why = last.broken, last.why
    if broken:
        log.error("audit_log_broken", row=broken, why=why)
    done = Followed(found, now if last is None or fresh else last.begun, now, broken, why)
    with transaction() as session:
        chain.keep(session, done)
    return done
