"""Every example of docs/rulebook.md is one that the rule book takes, and every key has its example."""

import re
from pathlib import Path

import pytest

from rules.book import KEYS, parse
from rules.checks import book_cases
from rules.reading.calendar_keys import CALENDAR_KEYS
from rules.reading.lookups import LOOKUP_KEYS
from rules.reading.mapping_keys import COMMON, FIELDS, STATUS, WORDS
from rules.reading.mapping_keys import GROUPS as MAPPING_GROUPS
from rules.reading.quiet_keys import HEARTBEAT_KEYS, INHIBITION_KEYS
from rules.reading.route_keys import GROUPS, ROUTE_KEYS
from rules.words import Kind

TEXT = (Path(__file__).parent.parent.parent / "docs/rulebook.md").read_text()
FOUND = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
CASES = [example for example in FOUND if re.search(r"^tests:", example, re.MULTILINE)]
EXAMPLES = [example for example in FOUND if example not in CASES]
TABLES = {"services.csv": "service,team,client\nshop,web,acme\n", "clients.csv": "client,contract\nacme,gold\n"}
# What an example leaves out, so that it is a whole book.
REST = {
    "version": "version: 1\n",
    "routes": "routes: [{name: all, urgency: ordinary, policy: by mail}]\n",
    "policies": "policies:\n"
    "  on duty: {steps: [{notify: ['team:web'], wait: 5m}]}\n"
    "  by mail: {steps: [{notify: ['team:web'], wait: 5m}]}\n",
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_part_of_a_book(example):
    rest = "".join(text for key, text in REST.items() if not re.search(rf"^{key}:", example, re.MULTILINE))

    assert parse({"example.yaml": example + rest, **TABLES}).routes


@pytest.mark.parametrize("key", KEYS)
def test_a_key_has_an_example(key):
    assert any(re.search(rf"^{key}:", example, re.MULTILINE) for example in EXAMPLES)
    assert f"## {key}\n" in TEXT


INNER = (
    *CALENDAR_KEYS,
    *LOOKUP_KEYS,
    *GROUPS,
    "channels",
    "fallback",
    "acknowledge_within",
    "steps",
    "notify",
    "wait",
    "repeat",
    "changes",
    "within",
    "quiet",
    "only_when",
    "or_unacknowledged_for",
    "budget",
    "calls",
    "per",
    *COMMON,
    *FIELDS[Kind.ALERT],
    *FIELDS[Kind.TICKET],
    *WORDS[Kind.ALERT],
    *WORDS[Kind.TICKET],
    *STATUS,
    *(name for names in MAPPING_GROUPS.values() for group, inner in names.items() for name in (group, *inner)),
)


@pytest.mark.parametrize("key", [*ROUTE_KEYS, *INHIBITION_KEYS, *HEARTBEAT_KEYS, *INNER])
def test_an_inner_key_has_an_example(key):
    assert any(f"{key}: " in example or f"{key}:\n" in example for example in EXAMPLES)


def test_the_example_of_test_cases_is_one_with_every_key():
    (example,) = CASES
    found = book_cases.parse(example, "example.yaml", "UTC")

    assert len(found.cases) == 2
    for key in (*book_cases.FILE_KEYS, *book_cases.CASE_KEYS, *book_cases.EXPECT_KEYS):
        assert re.search(rf"\b{key}:", example), key
