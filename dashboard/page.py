"""Draws a page or a part of one: language, zone and theme of the reader, the frame around it, the form token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Response, render_template, request, url_for
from flask_htmx import HTMX

from dashboard import takeback
from dashboard.alarms import alarms
from dashboard.assets import asset
from dashboard.duty import Duty, now_on_call
from dashboard.glance import Aside, Counts, whole
from dashboard.i18n import LANGUAGES
from dashboard.reader import Reader, reader
from dashboard.words import ROLES, initials
from gateway.access import shortcuts
from gateway.access.auth import Visit
from gateway.secrets import new_key, salted
from gateway.world import world
from rules.words import Role

htmx = HTMX()
Values = Mapping[str, object]
THEMES = ("light", "dark")
READ = (Role.VIEWER, Role.RESPONDER, Role.DISPATCHER, Role.ADMIN)
# (page, text, icon, who sees it)
MENU = (
    (
        "Respond",
        (
            ("overview", "Overview", "layout-dashboard", READ),
            ("incidents", "Incidents", "bell-ring", READ),
            ("tickets", "Tickets", "ticket", READ),
            ("oncall", "On call", "calendar-clock", READ),
            ("notices", "Status page", "globe", READ),
        ),
    ),
    (
        "Review",
        (
            ("reports", "Reports", "chart-column", READ),
            ("deliveries", "Deliveries", "send", READ),
            ("audit", "Audit log", "scroll-text", (Role.VIEWER, Role.ADMIN)),
        ),
    ),
    (
        "Configure",
        (
            ("services", "Services", "activity", READ),
            ("sources", "Sources", "server", READ),
            ("rules", "Rules", "git-branch", READ),
            ("policies", "Policies", "layers", READ),
            ("silences", "Silences", "bell-off", READ),
            ("people", "People", "users", READ),
            ("settings", "Settings", "settings", (Role.ADMIN,)),
        ),
    ),
)
SEE_ALL = (Role.DISPATCHER, Role.ADMIN)  # everybody's messages; the others only those of their teams
ON_PHONES = ("incidents", "oncall", "tickets", "reports")  # the bar below; the rest is behind "More"


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    word: str
    icon: str
    url: str
    count: str = ""
    counted: str = ""  # what the number is of


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the page itself."""

    menu: list[tuple[str, list[Item]]]
    bar: list[Item]
    counts: Counts
    sources: list[tuple[str, str]]
    initials: str
    colour: int
    role: str
    demo: bool
    first_run: bool
    duty: Duty | None


def draw(visit: Visit, template: str, values: Values, code: int = 200) -> Response:
    """A whole page for somebody who is signed in."""
    who = reader_of(visit)
    frame = _frame(visit, who)  # first: it asks for what the rest wants too
    known = {**_signed_in(visit, who), "frame": frame, "part": False}
    return Response(render_template(template, **known, **values), code, mimetype="text/html")


def draw_part(visit: Visit, template: str, values: Values, code: int = 200) -> Response:
    """A part of a page, for htmx."""
    known = {**_signed_in(visit, reader_of(visit)), "part": True}
    return Response(render_template(template, **{**known, **values}), code, mimetype="text/html")


def draw_outside(template: str, values: Values, code: int = 200, who: Reader | None = None) -> Response:
    """A page for somebody who is not signed in."""
    known = _common(who or stranger(), request.cookies.get("theme", ""))
    return Response(render_template(template, **known, **values), code, mimetype="text/html")


def reader_of(visit: Visit) -> Reader:
    person = visit.person
    language = person.language if person.language in LANGUAGES else world().settings.language
    found = reader(visit.now, language, person.timezone or world().settings.timezone)
    return replace(found, exact=person.exact_times)


def stranger() -> Reader:
    """Somebody whose language only the browser knows."""
    chosen = request.cookies.get("language", "")
    offered = request.accept_languages.best_match(list(LANGUAGES), world().settings.language)
    language = chosen if chosen in LANGUAGES else offered or "en"
    return reader(world().clock.now(), language, world().settings.timezone)


def theme(visit: Visit) -> str:
    return request.cookies.get("theme") or visit.person.theme


def _signed_in(visit: Visit, who: Reader) -> dict[str, object]:
    own = shortcuts.read(visit.person.own_keys)
    more = {
        "visit": visit,
        "hotkey": lambda usual: own.get(usual, usual),
        "hotkeys": json.dumps(shortcuts.pressed(visit.person.own_keys)) if own else "",
        "csrf": salted(visit.person.csrf),
        "alarms": alarms(visit.now),
        "undo": takeback.asked(visit, who),
    }
    return {**_common(who, theme(visit)), **more}


def _common(who: Reader, wanted: str) -> dict[str, object]:
    return {
        "_": who.say,
        "plural": who.count,
        "reader": who,
        "theme": wanted if wanted in THEMES else "",
        "asset": asset,
        "languages": LANGUAGES,
        "new_key": new_key,
    }


def _frame(visit: Visit, who: Reader) -> Frame:
    pulse, around = whole(visit.now)
    beside = _beside(visit, around.aside, who)
    menu = [
        (
            who.say(group),
            [
                Item(name, who.say(word), icon, url_for(f"dashboard.{name}"), *beside.get(name, ()))
                for name, word, icon, seen_by in items
                if visit.person.role in seen_by
            ],
        )
        for group, items in MENU
    ]
    heard = [
        (name, who.say("%(time)s ago", time=who.duration(who.now - at)) if at else who.say("never heard"))
        for name, at in around.heard
    ]
    name = visit.person.name or visit.person.email
    role = who.say(ROLES[visit.person.role])
    bar = [item for _, items in menu for item in items if item.name in ON_PHONES]
    bar.sort(key=lambda item: ON_PHONES.index(item.name))
    going = pulse.first_run and visit.person.role is Role.ADMIN
    duty = now_on_call(visit.person.email, pulse.people, who)
    colour = visit.person.person_id % 6
    return Frame(menu, bar, around.counts, heard, initials(name), colour, role, pulse.demo, going, duty)


def _beside(visit: Visit, aside: Aside, who: Reader) -> dict[str, tuple[str, str]]:
    """Of each page of the menu the number beside it, empty where there is nothing, and what it is of."""
    known = {
        "tickets": (aside.tickets, who.say("in nobody’s hands")),
        "silences": (aside.silences, who.say("in force now")),
    }
    if visit.person.role in SEE_ALL:
        known["deliveries"] = (aside.failed, who.say("failed in 24 hours"))
    return {name: (str(count) if count else "", words) for name, (count, words) in known.items()}


def is_local(path: str) -> bool:
    """Whether an address leads to a page of ours, and to no other site."""
    plain = path.isprintable() and "\\" not in path
    return plain and path.startswith("/") and not path.startswith("//")


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Respond"), _("Overview"), _("Incidents"), _("Tickets"), _("On call"),
        _("Status page"),
        _("Review"), _("Reports"), _("Deliveries"), _("Audit log"),
        _("Configure"), _("Sources"), _("Rules"), _("Policies"), _("Silences"), _("People"), _("Settings"),
    )  # fmt: skip
