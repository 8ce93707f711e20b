"""PagerDuty keys that already have an incident: left alone, escalated there, or told by another way instead."""

from dataclasses import replace

from gateway.changes import Changes
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import promised
from gateway.world import world
from rules.duty.audience import Audience
from rules.words import Notice, NotTold


def without(changes: Changes, case: Case, found: Audience, spared: list[Notice], *, instead: bool = False) -> Audience:
    """A key that has the incident is left alone; where it was told of an answer, the fallback takes its place.

    With a key of PagerDuty's REST API the incident is escalated there instead, which an ordinary message asks for.
    """
    hushed = promised.hushed_keys(changes.session, case.id)
    onward = [] if instead else _onward(changes, case, spared)
    why = "PagerDuty already has this incident on this key: its own escalation goes on calling"
    quiet = "PagerDuty has this incident on this key and calls nobody anew: told by another way"
    left = [one for one in found.notices if one in onward or one not in spared]
    later = tuple(one for one in found.later if one in onward or one not in spared)
    silent = {one.who for one in spared if instead or one.contact.address_id in hushed}
    others = [one for one in found.fallback if one.who in silent and one not in left]
    reasons = (NotTold(one.who, quiet if one.who in silent else why) for one in spared if one not in onward)
    return replace(found, notices=(*left, *others), later=later, not_told=(*found.not_told, *reasons))


def _onward(changes: Changes, case: Case, spared: list[Notice]) -> list[Notice]:
    if not world().settings.env["NABAT_PAGERDUTY_API_KEY"]:
        return []
    waiting = promised.waiting_keys(changes.session, case.id)
    return [one for one in spared if one.contact.address_id not in waiting]


def called_already(changes: Changes, case: Case, found: Audience) -> list[Notice]:
    keys = promised.promised_keys(changes.session, case.id)
    told = (*found.notices, *found.later)
    return [one for one in told if one.contact.channel == "pagerduty" and one.contact.address_id in keys]
