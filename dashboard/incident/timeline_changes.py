"""The timeline's sentences about what people changed on the incident itself: urgency, title, alerts, verdicts."""

from collections.abc import Callable, Mapping

from dashboard import words
from dashboard.incident.timeline_lines import Event, Said, how, number, titles_of, told_lines
from dashboard.status.rows import stage
from rules.reports.public import Stage

VERDICTS = {"useful": "Useful", "not actionable": "Not actionable", "false": "False alarm"}


def hurried(event: Event) -> Said:
    rest = event.reader.say("had the next step told at once: step %(level)s", level=event.detail.get("level", "?"))
    return Said("chevron-up", "red", event.actor, rest, told_lines(event))


def urgency(event: Event) -> Said:
    say, detail = event.reader.say, event.detail
    before, after = (say(words.BY_VALUE.get(str(detail.get(name, "")), "?")) for name in ("from", "to"))
    rest = say("changed the urgency: %(before)s → %(after)s", before=before, after=after)
    why = str(detail.get("why") or "")
    return Said("arrow-down" if _lower(event) else "chevron-up", "", event.actor, rest, how(event), note=why)


def _lower(event: Event) -> bool:
    order = list(words.BY_VALUE)
    before, after = str(event.detail.get("from")), str(event.detail.get("to"))
    return before in order and after in order and order.index(after) > order.index(before)


def retitled(event: Event) -> Said:
    small = event.reader.say("Before: %(title)s", title=event.detail.get("from", "?"))
    rest = event.reader.say("changed the title")
    return Said("scroll-text", "", event.actor, rest, (*how(event), small))


def merged(event: Event) -> Said:
    rest = event.reader.say("merged it into #%(n)s", n=number(event, "into"))
    return Said("git-branch", "green", event.actor, rest, (*how(event), str(event.detail.get("title", ""))))


def merged_in(event: Event) -> Said:
    rest = event.reader.say("merged #%(n)s into it", n=number(event, "number"))
    return Said("git-branch", "", event.actor, rest, (*how(event), str(event.detail.get("title", ""))))


def split(event: Event) -> Said:
    rest = event.reader.say("split alerts off: they are #%(n)s now", n=number(event, "into"))
    return Said("git-branch", "", event.actor, rest, (*how(event), *titles_of(event)))


def split_from(event: Event) -> Said:
    rest = event.reader.say("split it off from #%(n)s", n=number(event, "from"))
    return Said("git-branch", "", event.actor, rest, (*how(event), *titles_of(event)))


def fixed(event: Event) -> Said:
    rest = event.reader.say("said what fixed it")
    return Said("check-check", "green", event.actor, rest, how(event), note=str(event.detail.get("text", "")))


def verdict(event: Event) -> Said:
    _ = event.reader.say
    value, call = VERDICTS.get(str(event.detail.get("value")), ""), event.detail.get("call")
    said = _(value) if value else ""
    should = {True: _("It should have been a call."), False: _("It should not have been a call.")}.get(call, "")  # type: ignore[arg-type]
    rest = _("judged it: %(verdict)s", verdict=said) if said else _("judged it")
    return Said("info", "", event.actor, rest, (*how(event), should) if should else how(event))


def desk_told(event: Event) -> Said:
    return Said("send", "green", event.reader.say("The service desk was told"), _to_whom(event))


def desk_failed(event: Event) -> Said:
    strong = event.reader.say("The service desk was NOT told")
    return Said("triangle-alert", "red", strong, _to_whom(event), (str(event.detail.get("error", "")),))


def desk_overtaken(event: Event) -> Said:
    _ = event.reader.say
    why = _("Since then it says itself that %(who)s has it.", who=str(event.detail.get("has", "")))
    return Said("info", "", _("The service desk is not told any more"), _to_whom(event), (why,))


def _to_whom(event: Event) -> str:
    who = str(event.detail.get("to", ""))
    if not who:
        return event.reader.say("that nobody has it any more")
    return event.reader.say("that %(who)s has it", who=who)


def notice(event: Event) -> Said:
    known = str(event.detail.get("stage", ""))
    said = stage(Stage(known), event.reader) if known in tuple(Stage) else known
    rest = event.reader.say("told the world: %(stage)s", stage=said)
    return Said("globe", "blue", event.actor, rest, (*how(event), _of_notice(event)))


def notice_back(event: Event) -> Said:
    rest = event.reader.say("took back what the world was told")
    return Said("undo-2", "", event.actor, rest, (*how(event), _of_notice(event)))


def _of_notice(event: Event) -> str:
    return event.reader.say("Notice %(n)s of the status page", n=number(event, "notice"))


KINDS: Mapping[str, Callable[[Event], Said]] = {
    "hurried": hurried,
    "urgency": urgency,
    "retitled": retitled,
    "merged": merged,
    "merged in": merged_in,
    "split": split,
    "split from": split_from,
    "fixed": fixed,
    "verdict": verdict,
    "desk told": desk_told,
    "desk failed": desk_failed,
    "desk overtaken": desk_overtaken,
    "notice": notice,
    "notice back": notice_back,
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("Useful"), _("Not actionable"), _("False alarm")
