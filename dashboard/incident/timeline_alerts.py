"""The timeline's sentences about what senders say: alerts that joined or cleared, tickets, what was lost on the way."""

from collections.abc import Callable, Mapping

from dashboard.incident.timeline_lines import Event, Said, moment_text, number, titles_of, told_lines


def joined(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s more alert", "%(n)s more alerts", count)
    return Said("zap", "", strong, event.reader.say("joined"), titles_of(event))


def cleared(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s alert", "%(n)s alerts", count)
    return Said("check", "green", strong, event.reader.say("no longer firing"), titles_of(event))


def attached(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s more alert", "%(n)s more alerts", count)
    small = event.reader.say("Attached by inhibition: as long as this fires, nobody is told of it.")
    return Said("zap", "", strong, event.reader.say("joined"), (*titles_of(event), small))


def stale(event: Event) -> Said:
    strong = event.reader.say("Stale: nothing was heard of it for %(time)s", time=event.detail.get("after", "?"))
    small = event.reader.say("It is taken for over, as the source's setting says.")
    return Said("check", "green", strong, "", (*titles_of(event), small))


def lost_resolve(event: Event) -> Said:
    strong = event.reader.say("Lost resolve: %(source)s no longer has it", source=event.actor)
    small = event.reader.say("Found by reconciliation, in two checks: nobody told us that it is over.")
    return Said("check", "green", strong, "", (*titles_of(event), small))


def lost_alert(event: Event) -> Said:
    strong = event.reader.say("Lost alert: %(source)s has had it for some time", source=event.actor)
    small = event.reader.say("Found by reconciliation, in two checks: nobody told us that it fires.")
    return Said("triangle-alert", "red", strong, "", (*titles_of(event), small))


def reconciled(event: Event) -> Said:
    small = event.reader.say("Found by reconciliation: PagerDuty did not know, and is told again.")
    return Said("corner-up-right", "", event.reader.say("PagerDuty is told again"), "", (small,))


def ticket(event: Event) -> Said:
    comment = event.detail.get("comment") or {}
    text = str(comment.get("text", "")) if isinstance(comment, dict) else ""
    who = str(comment.get("author", "")) if isinstance(comment, dict) else ""
    happened = event.reader.say(_EVENTS.get(event.kind, "changed"))
    given = str(event.detail.get("assignee") or "")
    hands = event.reader.say("in the hands of %(who)s", who=event.names.get(given, given)) if given else ""
    comes = event.detail.get("arrival_at")
    arrival = event.reader.say("arrives %(time)s", time=moment_text(event, "arrival_at")) if comes else ""
    small = tuple(one for one in (who, hands, arrival) if one)
    return Said("ticket", "", event.reader.say("Ticket"), happened, (*small, *told_lines(event)), note=text)


_EVENTS = {
    "ticket commented": "has a new comment",
    "ticket assigned": "was assigned",
    "ticket arrival": "has a time of arrival",
    "ticket updated": "changed",
}

KINDS: Mapping[str, Callable[[Event], Said]] = {
    "joined": joined,
    "cleared": cleared,
    "attached": attached,
    "stale": stale,
    "lost resolve": lost_resolve,
    "lost alert": lost_alert,
    "reconciled": reconciled,
}

TICKETS = tuple(_EVENTS)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("has a new comment"), _("was assigned"), _("has a time of arrival"), _("changed")
