"""The commands about the rule book: whether it is right, what it would do, and whether its own test cases hold."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from dashboard import i18n
from dashboard.i18n import LANGUAGES
from gateway import sources
from gateway.app import create_app
from gateway.clock import SystemClock
from gateway.loader import BadJson
from gateway.presets import presets
from gateway.rulebook import cases, shelf
from gateway.rulebook.cases import TESTS
from gateway.sources import BadPayload, Heard, Parsed
from gateway.start.backtest_command import rules_backtest
from gateway.start.console import fail, program, settings
from gateway.store.db import db, reading
from gateway.store.directory import people as people_store
from gateway.store.tables import Incident
from gateway.telling.why import why
from rules import book
from rules.checks import book_cases, explain
from rules.checks.book_cases import BookCase
from rules.checks.explain import Explanation
from rules.checks.lint import Finding, lint
from rules.checks.lint_people import lint_people
from rules.duty import audience
from rules.reading import people
from rules.senders.mappings import chosen as chosen_map
from rules.senders.mappings import names
from rules.texts.sentence import Say
from rules.times.walltime import zone_of
from rules.words import Directory


@click.group("rules", help="The rule book.")
def rules_group() -> None: ...


rules_group.add_command(rules_backtest)


def _place(place: str | None) -> Path:
    return Path(place) if place else settings().rules


def _book(place: Path) -> book.RuleBook:
    try:
        return book.parse(shelf.read(place))
    except book.BadRuleBook as problem:
        fail(*problem.complaints)


@rules_group.command(
    "check",
    help="All that is wrong or doubtful. PLACE: a directory or file, else the book in force. Exit 1 if it is wrong.",
)
@click.argument("place", required=False)
@click.option("--strict", is_flag=True, help="Warnings are mistakes as well.")
def rules_check(place: str | None, *, strict: bool) -> None:
    chosen = _place(place)
    checked, now = _book(chosen), SystemClock().now()
    directory = _directory(chosen)
    found: list[Finding] = [*lint(checked, now)]
    found += lint_people(checked, directory, now) if directory else []
    wrong = [one for one in found if one.mistake or strict]
    for one in found:
        click.echo(one.as_text(), err=True)
    if wrong:
        sys.exit(1)
    said = f", {len(found)} warnings" if found else ""
    told = (
        ""
        if directory and directory.people
        else "; no people are known here: whether they can be told was not looked at"
    )
    click.echo(f"{len(checked.routes)} routes, {len(checked.policies)} policies: ok{said}{told}")


@rules_group.command(
    "explain",
    help="What would come of a payload, and why. Or why an incident was told as it was. Sends and writes nothing.",
)
@click.argument("payload", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--incident", "number", type=int, default=None, help="An incident's number, instead of a payload.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True, help="Of the answer.")
@click.option(
    "--source",
    default="alertmanager",
    show_default=True,
    help="The kind of source it comes from, or the name of the mapping by which it is read.",
)
@click.option(
    "--at",
    default="",
    help="The moment: 2026-12-05T03:12, in the book's time zone or with an offset; now if not given.",
)
@click.option("--rules", "place", default=None, help="Another rule book: a directory or file.")
@click.option("--json", "as_json", is_flag=True, help="The same for a program.")
def rules_explain(  # noqa: PLR0913 - a command has as many as it has options
    payload: Path | None, number: int | None, language: str, source: str, at: str, place: str | None, *, as_json: bool
) -> None:
    say = texts(language)
    if number is not None:
        _tell_why(number, say)
        return
    if payload is None:
        fail("name the file of a payload, or an incident: --incident 17")
    chosen = _place(place)
    found = _book(chosen)
    moment = _moment(at, found)
    kind = source if source in sources.names() or not chosen_map(source, found.mappings, presets()) else "generic"
    if kind not in sources.names():
        maps = names(found.mappings, presets())
        fail(f"there is no source {source!r}: known are {', '.join(sources.names())}; mappings: {', '.join(maps)}")
    try:
        heard = Heard(source, moment, mappings=found.mappings)
        parsed = sources.read(kind, payload.read_bytes(), heard)
    except (BadJson, BadPayload) as problem:
        fail(f"{payload}: {problem}")
    told = _explained(parsed, found, _directory(chosen) or Directory(), moment)
    if as_json:
        click.echo("[" + ",\n".join(one.as_json() for one in told) + "]")
    else:
        click.echo("\n\n".join(one.as_text(say) for one in told))
        for item in parsed.quarantined:
            click.echo(f"{item.place}: would be set aside: {item.reason}")


def _tell_why(number: int, say: Say) -> None:
    """The same words as on the incident's page."""
    with program() as (_, world), reading() as session:
        incident = session.get(Incident, number)
        if incident is None:
            fail(f"there is no incident {number}")
        names = {email: person.name for email, person in world.roll.current(session).people.items()}
        zone = zone_of(world.settings.timezone)
        click.echo(why(session, incident, world.shelf.book).as_text(say, names, zone), nl=False)


def texts(language: str) -> Say:
    catalogue = i18n.catalogue(language)

    def say(text: str, **values: object) -> str:
        said = catalogue.gettext(text)
        return said % values if values else said

    return say


def _explained(parsed: Parsed, chosen: book.RuleBook, directory: Directory, at: datetime) -> list[Explanation]:
    return [explain.explain(alert, chosen, directory, at, audience.notices) for alert in parsed.alerts]


def _moment(at: str, chosen: book.RuleBook) -> datetime:
    if not at:
        return SystemClock().now()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        fail(f"--at {at!r}: write it as 2026-12-05T03:12:00+03:00")
    if not 1970 <= moment.year < 2200:
        fail(f"--at {at!r}: must lie between 1970 and 2200")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(chosen.timezone))


def _directory(rules: Path) -> Directory | None:
    """The people as the database has them; none, where there is no database yet. Makes none, either."""
    found = settings()
    url = make_url(found.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    with create_app(replace(found, rules=rules)).app_context():
        try:
            with reading() as session:
                return people_store.directory(session)
        except SQLAlchemyError:  # nobody answers, or a database of another version: the rules can be shown all the same
            return None
        finally:
            db.session.remove()
            db.engine.dispose()


@rules_group.command(
    "test",
    help="The book's own test cases. PLACE: a book with tests/*.yaml, else the one in force. Exit 1 if one fails.",
)
@click.argument("place", required=False)
def rules_test(place: str | None) -> None:
    chosen = _place(place)
    checked = _book(chosen)
    files = cases.files(chosen)
    if not files:
        fail(f"{chosen / TESTS}: there are no test cases (*.yaml) here")
    count = failed = 0
    for path in files:
        click.echo(f"{TESTS}/{path.name}")
        for case, wrong in _tried(path, checked, lambda: _directory(chosen)):
            count, failed = count + 1, failed + bool(wrong)
            click.echo(f"  {'FAILED' if wrong else 'ok    '} {case.name}")
            for line in [f"{TESTS}/{case.place}", *wrong] if wrong else []:
                click.echo(f"         {line}")
    click.echo(f"{count} cases, {failed} failed" if failed else f"{count} cases: ok")
    if failed:
        sys.exit(1)


def _tried(
    path: Path, checked: book.RuleBook, known: Callable[[], Directory | None]
) -> Iterator[tuple[BookCase, list[str]]]:
    """Each case of a file, and what is not as it expects."""
    try:
        yield from cases.tried(path, checked, known)
    except (book_cases.BadCases, people.BadPeopleFile) as problem:
        fail(*problem.complaints)
    except OSError as problem:
        fail(f"{problem.filename or path}: cannot be read: {problem.strerror}")
