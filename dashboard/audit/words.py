"""The words of the audit log in the reader's language: acts, what they were done to, and the names of what is told."""

import re
from datetime import datetime

from dashboard.reader import Reader
from dashboard.words import BY_VALUE, ROLES, WAYS
from rules.words import Role

# What stands before a number, or before a name. The file and the API keep the plain form.
NUMBERED = (
    "incident",
    "silence",
    "maintenance",
    "view",
    "guest link",
    "override",
    "swap",
    "person",
    "schedule",
    "delivery",
    "notice",
    "component",
    "subscriber",
)
NAMED = {"schedule": "schedule", "rule": "rule", "policy": "policy", "calendar": "calendar", "urgency": "class"}
WHOLE = ("status page", "rule book", "whole book", "order of the rules", "people", "browser")
NAMES = {
    "matchers": "matchers", "reason": "reason", "until": "until", "name": "name",
    "page_emergencies": "emergencies still page", "who": "who", "from": "from", "to": "to", "number": "number",
    "asker": "who asked", "asked": "who was asked", "kind": "kind", "ending": "ending", "scopes": "scopes",
    "expires": "expires", "own": "one’s own", "alertmanagers": "Alertmanagers", "receivers": "receivers",
    "desk": "service desk", "stale_after": "over when unheard for", "default_priority": "usual priority",
    "account": "account of Nabat",
    "payload": "payload", "ids": "messages", "act": "act", "done": "done", "why": "why", "of": "of",
    "changed": "what changed", "teams": "teams", "role": "role", "language": "language", "timezone": "time zone",
    "theme": "theme", "instead": "instead", "members": "members", "report": "report", "view": "view", "team": "team",
    "every": "every", "cron": "plan (cron)", "did": "done", "keys": "keys", "exact_times": "exact times",
    "single_keys": "single keys", "rules": "rules", "quiet_hours": "quiet hours", "wanted": "wanted",
    "told": "people told", "into": "into", "verified": "verified", "channel": "channel", "commit": "commit",
    "subject": "message of the commit", "edited since": "edited since",
    "names": "names", "titles": "titles", "texts": "texts", "stage": "stage", "components": "components",
    "service": "service", "incident": "incident", "on": "switched on", "mail": "by e-mail",
}  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def target(text: str, reader: Reader) -> str:
    """incident 17 → инцидент 17."""
    if text in WHOLE:
        return reader.say(text)
    head, _, rest = text.rpartition(" ")
    if head in NUMBERED and rest.isdigit():
        return f"{reader.say(head)} {rest}"
    head, _, rest = text.partition(" ")
    return f"{reader.say(NAMED[head])} {rest}" if head in NAMED and rest else text


def plain_target(text: str, reader: Reader) -> str:
    """What somebody looks for, as it is kept: the other way round."""
    words = {reader.say(one): one for one in (*WHOLE, *NUMBERED)} | {reader.say(NAMED[one]): one for one in NAMED}
    for said in sorted(words, key=len, reverse=True):
        if text.lower().startswith(said.lower()) and text[len(said) : len(said) + 1] in ("", " "):
            return words[said] + text[len(said) :]
    return text


def name(text: str, reader: Reader, *, alone: bool = True) -> str:
    """`alone`: without a from, a to says what became of it."""
    if text == "to" and alone:
        return reader.say("to what or whom")
    return reader.say(NAMES[text]) if text in NAMES else text


def value(name: str, text: object, reader: Reader) -> str | None:
    """Where there is a word for it: yes and no, moments by the reader's clock, classes, roles and ways."""
    if isinstance(text, bool) or text == "yes":
        return reader.say("yes") if text else reader.say("no")
    if not isinstance(text, str):
        return None
    if MOMENT.fullmatch(text):
        return reader.moment(datetime.fromisoformat(text)).full
    known = {"to": BY_VALUE, "channel": WAYS, "role": {one.value: ROLES[one] for one in Role}}.get(name, {})
    return reader.say(known[text]) if text in known else None


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("dashboard"), _("link in a message"), _("API"), _("PagerDuty"), _("./nabat"), _("files"),
        _("acknowledge"), _("resolve"), _("snooze"), _("assign"), _("note"), _("decline"), _("taste"), _("sign in"),
        _("sign out"), _("password changed"), _("first administrator"), _("browser subscribed"), _("browser removed"),
        _("browser tested"), _("silence add"), _("silence end"), _("maintenance add"), _("maintenance end"),
        _("source add"), _("source set"), _("source test"), _("token create"), _("token rotate"), _("token revoke"),
        _("payload replay"), _("user create"), _("people import"), _("people export"), _("heartbeat add"),
        _("heartbeat remove"), _("rule book changed"), _("rule changed"), _("rule added"), _("rule removed"),
        _("rule book part changed"), _("rule book part added"), _("rule book part removed"),
        _("delivery resend"), _("channel test"),
        _("first run"), _("first schedule"), _("guest link made"), _("guest link revoked"), _("home view"),
        _("incident opened"), _("notification rules"), _("other sessions ended"), _("override add"),
        _("override remove"), _("password link"), _("password set"), _("person add"), _("person back"),
        _("person edit"), _("person left"), _("person signed out"), _("reading"), _("session ended"),
        _("silence extend"), _("team add"), _("team edit"), _("view saved"), _("view save"), _("view rename"),
        _("view delete"), _("view undo"), _("weekly report"), _("calendar address end"), _("calendar address new"),
        _("calendar import"), _("calendar remove"), _("contact add"), _("contact remove"), _("contact verified"),
        _("contact arrived"), _("contact test"), _("swap ask"), _("swap decline"), _("swap accept"),
        _("swap withdraw"), _("undo acknowledge"), _("undo resolve"), _("undo snooze"), _("undo assign"), _("merge"),
        _("undo merge"), _("wake"),
        _("split"), _("urgency"), _("retitle"), _("fixed"), _("verdict"), _("escalate"),
        _("own keys"), _("view watch"), _("view unwatch"), _("desk again"), _("act stopped"), _("act not done"),
        _("hand-over confirmed"), _("person reminded"), _("contact code"), _("contact silent"), _("silence undo"),
        _("maintenance undo"),
        _("incident"), _("delivery"), _("silence"), _("maintenance"), _("view"), _("guest link"), _("override"),
        _("swap"), _("person"), _("schedule"), _("rule"), _("policy"), _("calendar"), _("class"), _("rule book"),
        _("whole book"), _("order of the rules"), _("people"), _("browser"),
        _("matchers"), _("reason"), _("until"), _("name"), _("emergencies still page"), _("who"), _("from"), _("to"),
        _("number"), _("who asked"), _("who was asked"), _("kind"), _("ending"), _("scopes"), _("expires"),
        _("one’s own"), _("Alertmanagers"), _("receivers"), _("service desk"), _("over when unheard for"),
        _("usual priority"), _("account of Nabat"), _("payload"), _("messages"), _("act"), _("done"), _("why"), _("of"),
        _("what changed"), _("to what or whom"),
        _("teams"), _("role"), _("language"), _("time zone"), _("theme"), _("instead"), _("members"), _("report"),
        _("team"), _("every"), _("plan (cron)"), _("keys"), _("exact times"), _("single keys"), _("rules"),
        _("quiet hours"), _("wanted"), _("people told"), _("into"), _("verified"), _("channel"), _("commit"),
        _("message of the commit"), _("edited since"), _("yes"), _("no"),
    )  # fmt: skip


def _marked_too() -> tuple[str, ...]:
    """The same, of the status page."""
    _ = str
    return (
        _("status page set"), _("component add"), _("component set"), _("component moved"), _("component remove"),
        _("subscriber resumed"), _("subscriber removed"), _("subscriber"),
        _("notice published"), _("notice updated"), _("notice ended"), _("notice taken back"),
        _("notice"), _("component"), _("status page"), _("names"), _("titles"), _("texts"), _("stage"),
        _("components"), _("service"), _("switched on"), _("by e-mail"),
    )  # fmt: skip
