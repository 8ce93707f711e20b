"""House rules no linter knows: sizes, whole channels and sources, tables as the migrations make them, a true README."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from gateway import channels, sources
from gateway.settings import readme_table
from gateway.start import commands
from gateway.store.base import UNCHECKED
from gateway.store.db import db
from gateway.store.tables import Base
from tests.samples import webhook

ROOT = Path(__file__).parent.parent.parent
PRODUCT = [
    path
    for folder in ("rules", "gateway", "dashboard")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {"migrations", "vendor"} & set(path.parts)  # a migration is never edited again, and long by nature
]
README = ROOT / "README.md"
DOCS = [README, *sorted((ROOT / "docs").rglob("*.md")), ROOT / "bench/README.md"]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
KINDS = ("opened", "escalated", "assigned", "acknowledged", "resolved")
QUIET = ("flapping", "reopened", "reminder", "commented", "digest")  # kinds for which nobody is called
OPENERS = {
    "requests",
    "urllib3",
    "httpx2",
    "smtplib",
    "socket",
    "http.client",
    "urllib.request",
    "sendgrid",
    "pagerduty",
}
MAY_OPEN = {
    "gateway/outward/calling.py",
    "gateway/outward/dialing.py",
    "gateway/outward/pagerduty_rest.py",
    "gateway/start/web.py",
}  # the last only asks whether its port is free
METRICS = {  # what is promised to whoever watches us, with its labels
    "nabat_alerts_received_total": {"source", "status"},
    "nabat_ingest_rejected_total": {"source", "reason"},
    "nabat_ingest_seconds": set(),
    "nabat_incidents_open": {"urgency", "status"},
    "nabat_incidents_opened_total": {"urgency"},
    "nabat_deliveries_total": {"channel", "result"},
    "nabat_delivery_seconds": {"channel"},
    "nabat_outbox_depth": set(),
    "nabat_outbox_oldest_seconds": set(),
    "nabat_emergency_undelivered": set(),
    "nabat_worker_last_seen_seconds": set(),
    "nabat_config_last_reload_successful": set(),
}


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_a_file_says_what_it_is_for_and_is_read_in_one_go(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    lines = len(text.splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines, at most {LONGEST_FILE}"
    long = [
        f"line {one.lineno}: {one.name} has {one.end_lineno - one.lineno + 1} lines, at most {LONGEST_FUNCTION}"
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.end_lineno - one.lineno >= LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("folder", sorted({path.parent for path in PRODUCT}), ids=named)
def test_the_architecture_names_every_file(folder):
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    section = text.partition(f"### {named(folder)}/")[2].partition("\n### ")[0]
    wanted = [f"| `{path.name}` | {first_words(path)} |" for path in PRODUCT if path.parent == folder]
    lacking = [line for line in wanted if line not in section.splitlines()]
    assert not lacking, "\n".join([f"docs/ARCHITECTURE.md, {named(folder)}/, as the files say:", *lacking])


def first_words(path):
    """What a file says it is for, as a cell of a table."""
    return " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].split()).replace(
        "|", "\\|"
    )


def imported(path):
    for one in ast.walk(ast.parse(path.read_text())):
        if isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)
        elif isinstance(one, ast.ImportFrom):
            yield from (one.module, *(f"{one.module}.{alias.name}" for alias in one.names))


def test_only_channels_and_what_they_dial_with_open_connections():
    others = [path for path in PRODUCT if "channels" not in path.parts and named(path) not in MAY_OPEN]
    found = {named(path): sorted(set(imported(path)) & OPENERS) for path in others}
    assert not {name: modules for name, modules in found.items() if modules}


@pytest.mark.parametrize("name", channels.names())
def test_a_channel_is_whole(name):
    kinds = KINDS if name == "pagerduty" else (*KINDS, *QUIET)
    lacking = [kind for kind in kinds if not (ROOT / f"templates/messages/{name}/{kind}.txt").exists()]
    assert not lacking, f"templates/messages/{name}/ lacks {lacking}"
    assert (ROOT / f"tests/channels/test_{name}.py").exists()
    channel = channels.find(name)
    assert channel.LABEL
    assert set(channel.NEEDS) <= set(channel.ENV)
    assert callable(channel.send)
    assert callable(channel.check)


@pytest.mark.parametrize("kind", sources.names())
def test_a_source_has_a_test(kind):
    assert (ROOT / f"tests/sources/test_{kind.replace('-', '_')}.py").exists()


def test_the_tables_are_what_the_migrations_make(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        found = compare_metadata(context, Base.metadata)
        if connection.dialect.name == "postgresql":
            found = [one for one in found if one[0] != "add_fk" or one[1].table.name not in UNCHECKED]
    assert not found, "./nabat migrate makes something else than gateway/store/tables/ says"


def test_every_promised_metric_exists(world):
    world.post(webhook(severity="warning"))
    world.client.post("/ingest/alertmanager/wrong", json={})
    text = world.client.get("/metrics").text
    declared = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert set(METRICS) <= declared, f"missing: {sorted(set(METRICS) - declared)}"
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = re.sub(r"_(bucket|sum|count)$", "", sample.name)
            if name in METRICS:
                assert set(sample.labels) - {"le"} == METRICS[name], sample.name


def told_commands():
    """Every `./nabat …` of the documents, as words, without what stands for a value and without a comment."""
    lines = [line for doc in DOCS for line in re.findall(r"\./nabat ([^\n`|<>;&,]*)", doc.read_text())]
    return sorted({re.sub(r"\s+#.*", "", line).strip() for line in lines})


@pytest.mark.parametrize("line", told_commands())
def test_a_command_of_the_documents_exists(line):
    words = line.split()
    if words[0] == "test":  # the launcher's own; what follows goes to pytest
        return
    found = commands.cli
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in found.commands, f"./nabat {line}: there is no {words[0]!r}"
        found = found.commands[words.pop(0)]
    known = {option for parameter in found.params for option in parameter.opts} | {"--help"}
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= known, f"./nabat {line}: no option {sorted(given - known)}"


def every_command(command=commands.cli, words=("nabat",)):
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from every_command(inner, (*words, name))


@pytest.mark.parametrize(("words", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in every_command()])
def test_a_command_and_its_options_say_what_they_are_for(words, command):
    assert command.help, f"{' '.join(words)} has no help"
    mute = [one.opts for one in command.params if isinstance(one, click.Option) and not one.help]
    assert not mute, f"{' '.join(words)}: options without help: {mute}"
    said = CliRunner().invoke(commands.cli, [*words[1:], "--help"], terminal_width=80).output
    assert "..." not in said.replace("[ARGS]...", "").replace("[MATCHERS]...", ""), said  # a list of commands cuts


PATH = r"`([\w./*-]*\w\.(?:py|service))[:`]"  # of a file of ours, whole or its end; NAME stands for any


@pytest.mark.parametrize("doc", DOCS, ids=named)
def test_a_file_that_the_documents_name_is_there(doc):
    """As a part of its path says it: `store/upkeep/audit.py` or `tests/sources/*.py`."""
    told = {path for path in re.findall(PATH, doc.read_text()) if "NAME" not in path}
    assert not [path for path in sorted(told) if not any(one.match(path) for one in everything())]


@cache
def everything():
    """Files and folders; of hidden ones only what belongs to the project."""
    tops = [one for one in ROOT.iterdir() if one.name == ".ci" or not one.name.startswith(".")]
    return [path.relative_to(ROOT) for top in tops for path in (top, *top.rglob("*"))]


def test_the_readme_has_the_table_of_settings():
    if not README.exists():
        pytest.skip("there is no README.md yet")
    assert readme_table() in README.read_text()


SELDOM = (  # megabytes each, which every process would hold from the start
    "alembic", "cryptography.x509", "email.policy", "gateway.demo.fill", "httpx2", "pagerduty", "psycopg", "requests",
    "sendgrid", "xlsxwriter",
)  # fmt: skip


def test_what_few_installations_use_is_not_loaded_at_start():
    asked = "import sys, gateway.start.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(SELDOM) & set(loaded.stdout.split())
