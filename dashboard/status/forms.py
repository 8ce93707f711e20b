"""What somebody wrote into the form of a notice or of an update: kept as written, and read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from werkzeug.datastructures import MultiDict

from dashboard.i18n import LANGUAGES
from dashboard.reader import Reader
from dashboard.rulebook.rows import from_input, local_input
from gateway.acts.notices import MOVED_ON, Wanted
from rules.reports.public import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    STAGES,
    About,
    NotFit,
    Notice,
    Phase,
    Said,
    Stage,
    State,
    phase,
)
from rules.texts.text import clean_text

STATE = "state-"  # and the number of a component
MOST_KEY = 100


@dataclass(frozen=True, slots=True)
class Form:
    """Every field as it was written."""

    about: str = About.TROUBLE.value
    titles: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    states: Mapping[int, str] = field(default_factory=dict)
    starts: str = ""
    ends: str = ""
    incident: str = ""
    kept: str = ""  # the step that was chosen on the other tab
    last: str = ""  # of an update: the number of the one before it, as they saw it
    once: str = ""

    @property
    def digest(self) -> str:
        """What is published is what was looked at."""
        said = {name: value for name, value in asdict(self).items() if name != "once"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def key(self) -> str:
        """The same form with other words is another matter: after a word was taken back, say."""
        return self.once and f"{self.once}-{self.digest}"

    @property
    def after(self) -> int | None:
        return int(self.last) if self.last.isascii() and self.last.isdigit() else None

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All of it, to be sent once more."""
        names = ("about", "stage", "kept", "starts", "ends", "incident", "last", "once")
        plain: list[tuple[str, str]] = [(name, getattr(self, name)) for name in names]
        written = [(f"{name}-{language}", text) for name, some in (("title", self.titles), ("text", self.texts))
                   for language, text in some.items()]  # fmt: skip
        states = [(f"{STATE}{number}", state) for number, state in self.states.items()]
        return [(name, value) for name, value in (*plain, *written, *states) if value]


def read(said: MultiDict[str, str]) -> Form:
    def text(name: str, most: int) -> str:
        return clean_text(said.get(name, "")).strip()[:most]

    about = text("about", 20)
    return Form(
        about=about if about in tuple(About) else About.TROUBLE.value,
        titles={one: text(f"title-{one}", LONGEST_TITLE + 1) for one in LANGUAGES},
        texts={one: text(f"text-{one}", LONGEST_TEXT + 1) for one in LANGUAGES},
        stage=text("stage", 20),
        states=_states(said),
        starts=text("starts", 40),
        ends=text("ends", 40),
        incident=text("incident", 18),
        kept=text("kept", 20),
        last=text("last", 10),
        once=text("once", MOST_KEY),
    )


def _states(said: MultiDict[str, str]) -> dict[int, str]:
    found = {name.removeprefix(STATE): value for name, value in said.items() if name.startswith(STATE)}
    return {
        int(number): value
        for number, value in sorted(found.items())
        if number.isascii() and number.isdigit() and len(number) < 10 and value in tuple(State)
    }


def turned(form: Form, about: About) -> Form:
    """On the other tab: all that was written stays, also what only the first one asks for."""
    if form.about == about.value:
        return form
    states = form.states
    if about is About.TROUBLE:
        states = {one: State.DOWN.value if state == State.MAINTENANCE else state for one, state in states.items()}
    return replace(form, about=about.value, stage=form.kept, kept=form.stage, states=states)


def wanted(form: Form, reader: Reader) -> Wanted:
    """Raises NotFit."""
    about = About(form.about)
    incident = int(form.incident) if form.incident.isascii() and form.incident.isdigit() else None
    first = STAGES[about][0]
    return Wanted(about, form.titles, _moment(form.starts, reader) or reader.now, said(form, first, reader), incident)


def said(form: Form, otherwise: Stage, reader: Reader) -> Said:
    """Raises NotFit."""
    stage = Stage(form.stage) if form.stage in tuple(Stage) else otherwise
    states = {number: State(state) for number, state in form.states.items()}
    if form.about == About.TROUBLE:
        return Said(stage, form.texts, states)
    under = {one: state if state is State.WORKING else State.MAINTENANCE for one, state in states.items()}
    return Said(stage, form.texts, under, _moment(form.ends, reader))


def _moment(text: str, reader: Reader) -> datetime | None:
    found = from_input(text, reader)
    if text and found is None:
        raise NotFit("a time is written like 2026-12-05T09:00")
    return found


def still_last(form: Form, notice: Notice) -> None:
    """Nobody has written since they began to. Raises NotFit."""
    if form.after not in (None, notice.last.id):
        raise NotFit(MOVED_ON)


def after(notice: Notice, reader: Reader) -> Form:
    """An empty update that leaves things as they are."""
    known = next((one.ends_at for one in reversed(notice.updates) if one.ends_at), None)
    is_over = phase(notice, reader.now) is Phase.OVER  # work by the clock, perhaps without a word
    return Form(
        about=notice.about.value,
        stage=STAGES[notice.about][-1].value if is_over else notice.last.stage.value,
        last=str(notice.last.id),
        states={number: state.value for number, state in notice.last.states.items()},
        ends=local_input(known, reader) if known and not is_over else "",
    )


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("a title is needed, in one language at least"), _("a title has at most 120 characters"),
        _("it has changed meanwhile: read what stands here now, then look at yours once more"),
        _("say which component it is about, and how that is now"),
        _("trouble that has not begun is planned maintenance"), _("it began more than 90 days ago"),
        _("say until when the work is planned"), _("it would be over already, or end before it begins"),
        _("work lasts 30 days at most"), _("work is announced a year ahead at most"),
        _("this step does not belong to this kind of notice"), _("a text is needed, in one language at least"),
        _("a text has at most 3000 characters"), _("maintenance is a notice of its own kind"),
        _("the status page is switched off: an administrator switches it on"), _("there is no such incident"),
        _("this notice has 100 updates: write another one"), _("there is no such component"),
        _("a name is needed, in one language at least"),
        _("a component needs a service, and a public name in one language at least"),
        _("this service is on the page already"), _("the page has 50 components, which is all that it takes"),
    )  # fmt: skip
