"""Every example of docs/oncall.md is one that the people file takes, and every key has its example."""

import re
from pathlib import Path

import pytest

from rules.reading.people import dump, parse
from rules.reading.schedule_keys import LAYER_KEYS, SCHEDULE_KEYS

START = "start: 2026-11-02, every: 1d, members: [anna@example.org]"
TEXT = (Path(__file__).parent.parent.parent / "docs/oncall.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PEOPLE = """people:
  - {email: anna@example.org, name: Anna}
  - {email: oleg@example.org, name: Oleg}
  - {email: irina@example.org, name: Irina}
teams: [{name: infrastructure, members: [anna@example.org]}]
"""


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_read_and_written_back(example):
    read = parse(PEOPLE + example, "people.yaml", {})

    assert read.schedules
    assert parse(dump(read), "people.yaml", {}) == read


@pytest.mark.parametrize("key", [*SCHEDULE_KEYS, *LAYER_KEYS])
def test_a_key_has_an_example(key):
    assert any(re.search(rf"\b{key}:", example) for example in EXAMPLES)


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        (
            "{START, hours: '9-18'}",
            "layers[0].hours: '9-18' are no",
        ),
        ("{START, days: monday}", "layers[0].days: is no day"),
        (
            "{START, until: 2026-11-01}",
            "layers[0].until: is not after",
        ),
        ("{ical: 'ftp://example.org/a.ics'}", "layers[0].ical: is neither the address"),
        ("{ical: 'https://example.org/a.ics', every: 1d}", "layers[0].every: unknown key"),
        ("5", "layers[0]: must be a mapping"),
    ],
)
def test_a_mistake_is_named(layer, complaint):
    with pytest.raises(ValueError, match=r"people\.yaml:6") as problem:
        parse(f"{PEOPLE}schedules: [{{name: s, layers: [{layer.replace('START', START)}]}}]", "people.yaml", {})
    assert complaint in str(problem.value)
