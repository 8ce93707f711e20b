"""What a provider says became of a message: it arrived, or it never will and another way is tried.

A receipt moves a delivery forward once and never back: providers repeat themselves and mix up the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from gateway import actions, log, metrics
from gateway.acts import subscribing
from gateway.changes import Changes
from gateway.flows import mend
from gateway.flows.apart import apart
from gateway.secrets import digest
from gateway.store.db import transaction
from gateway.store.incidents import cases, timeline
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import bundles, clients, outbox, receipts
from gateway.store.outgoing.receipts import Sent
from gateway.store.senders import heard
from gateway.telling import fallback
from rules.texts.text import clean_text, cut, one_line

UNDECIDED = ("queued", "sending", "sent")


class Verdict(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt in our words."""

    provider: str
    key: str  # tells it from the provider's others
    channel: str
    verdict: Verdict
    number: int = 0  # of the delivery, if the receipt names it
    incident_uuid: str = ""  # if the receipt names it: then it must be the delivery's
    reference: str = ""  # what the provider calls the message
    words: str = ""  # why it failed
    ended: bool = False  # nobody is at this address any more


def take(told: Sequence[Receipt], now: datetime) -> list[str]:
    """What came of each. The effects and that they were heard are kept together, of all of them in one transaction.

    If one of them spoils that, it is each by itself: a provider sends many in one post.
    """
    try:
        return _all(told, now)
    except (OperationalError, PoolTimeout):  # the database is away: the provider comes again with all of them
        raise
    except Exception as problem:  # noqa: BLE001 - which of them it is, is found out and heard below
        log.warning("receipts_apart", problem=type(problem).__name__, receipts=len(told))
    each = [(one, partial(_all, [one], now)) for one in told]
    return [apart("receipt", one, lambda: ["failed"], provider=receipt.provider)[0] for receipt, one in each]


def _all(told: Sequence[Receipt], now: datetime) -> list[str]:
    with transaction() as session:
        return take_in(session, told, now)


def take_in(session: Session, told: Sequence[Receipt], now: datetime) -> list[str]:
    """The same within the caller's transaction."""
    found = _find(session, told)
    rolled = bundles.incidents(session, [one.id for one in found.values() if one.kind == bundles.DIGEST])
    loaded = cases.load(session, [*(one.incident_id for one in found.values()), *rolled])
    changes = actions.changes_of(session, now)
    results = [_apply(changes, loaded, receipt, found.get(receipt)) for receipt in told]
    changes.write()
    return results


def _find(session: Session, told: Sequence[Receipt]) -> Mapping[Receipt, Sent]:
    numbered = receipts.by_number(session, [one.number for one in told if one.number])
    found: dict[Receipt, Sent] = {}
    for channel in {one.channel for one in told}:
        mine = [one for one in told if one.channel == channel]
        named = receipts.by_reference(session, channel, [one.reference for one in mine if not one.number])
        for one in mine:
            sent = numbered.get(one.number) if one.number else named.get(one.reference)
            if sent is not None and sent.channel == channel and one.incident_uuid in ("", sent.incident_uuid):
                found[one] = sent
    return found


def _apply(changes: Changes, loaded: Mapping[int, Case], receipt: Receipt, sent: Sent | None) -> str:
    if sent is None:
        return "unknown delivery"
    if not heard.first_time(changes.session, f"{receipt.provider}:event:{digest(receipt.key)}", changes.now):
        return "repeated"
    delivered = receipt.verdict is Verdict.DELIVERED
    moved = _deliver(changes, receipt, sent) if delivered else _fail(changes, receipt, sent)
    if sent.kind in clients.KINDS and _came_back(receipt, sent):
        subscribing.bounced(changes.session, sent.who, _words(receipt), changes.now)
    if not moved:
        return "no change"
    metrics.deliveries.labels(sent.channel, receipt.verdict.value).inc()
    if sent.kind not in clients.KINDS:
        _tell(changes, loaded.get(sent.incident_id), receipt, sent)
    return receipt.verdict.value


def _came_back(receipt: Receipt, sent: Sent) -> bool:
    """For good. Also what was taken there at first, and said to have arrived: such a letter comes back hours later."""
    return receipt.ended and receipt.verdict is Verdict.FAILED and receipt.reference == sent.reference


def _tell(changes: Changes, case: Case | None, receipt: Receipt, sent: Sent) -> None:
    """On the timeline, and what follows: the mark of the address, the way that is tried instead."""
    delivered = receipt.verdict is Verdict.DELIVERED
    kind = "delivered" if delivered else "delivery failed"
    line = timeline.line(sent.incident_id, changes.now, kind, actions.CLOCK.name, _detail(receipt, sent))
    changes.lines.append(line)
    if delivered:
        mend.worked(changes, sent.channel, sent.address_id, receipt=True)
    elif receipt.ended and mend.failed(changes, sent.channel, sent.address_id, _words(receipt), changes.now):
        failing = timeline.line(
            sent.incident_id, changes.now, "contact failing", actions.CLOCK.name, _detail(receipt, sent)
        )
        changes.lines.append(failing)
    if not delivered and sent.kind == bundles.DIGEST:
        bundles.release(changes.session, sent.id, changes.now)
        outbox.wake_workers(changes.session)
    if case is not None and not delivered and sent.kind in outbox.PAGES:
        fallback.fall_back(changes, case, sent.level, sent.who, _words(receipt))


def _deliver(changes: Changes, receipt: Receipt, sent: Sent) -> bool:
    """Also where we never heard an answer to the attempt: then it need not be sent again."""
    values: dict[str, Any] = {"status": "delivered", "error": ""}
    if sent.status != "sent":  # of what was settled, the time of handing over stays
        values |= {"finished_at": changes.now, "provider_ref": receipt.reference}
    return receipts.move(changes.session, sent.id, UNDECIDED, values)


def _fail(changes: Changes, receipt: Receipt, sent: Sent) -> bool:
    """Only the attempt that counts: of an earlier one, whose answer we never heard, another has taken the place."""
    only_attempt = sent.status == "sending" and sent.attempts == 1
    if sent.reference != receipt.reference and not only_attempt:
        return False
    values = {"status": "failed", "error": _words(receipt), "finished_at": changes.now}
    return receipts.move(changes.session, sent.id, ("sending", "sent"), values)


def _words(receipt: Receipt) -> str:
    return cut(one_line(clean_text(receipt.words)), 300)


def _detail(receipt: Receipt, sent: Sent) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "delivery": sent.id, "message": sent.kind, "channel": sent.channel, "way": sent.way, "who": sent.who,
        "name": sent.name, "level": sent.level, "provider": receipt.provider,
    }  # fmt: skip
    return detail | ({"error": _words(receipt)} if receipt.verdict is Verdict.FAILED else {})
