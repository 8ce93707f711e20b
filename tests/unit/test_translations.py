"""Every text of the pages has its Russian one, with the same places to fill in."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from dashboard.i18n import catalogue
from dashboard.i18n import texts as translated
from dashboard.reader import reader

ROOT = Path(__file__).parent.parent.parent
KEYWORDS = {"_": None, "say": None, "count": (1, 2), "plural": (1, 2), "say_as": ((1, "c"), 2)}
MORE = {"rules": {"Sentence": (1,)}, "gateway": {"Setting": (3,)}}  # classes whose texts are said later
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


def texts():
    """What the pages say: (context, text or its two forms)."""
    found = set()
    pages = [("*.html", "jinja2"), ("pages/*.html", "jinja2"), ("partials/*.html", "jinja2")]
    said = [(f"{name}.py", "python") for name in ("texts/reasons", "checks/explain", "timing", "checks/call_remarks")]
    ours = (("dashboard", [("**.py", "python")]), ("templates", pages), ("rules", said))
    for folder, method in (*ours, ("gateway", [("telling/why.py", "python"), ("settings.py", "python")])):
        words = KEYWORDS | MORE.get(folder, {})
        for _, _, text, _, context in extract_from_dir(ROOT / folder, method_map=method, keywords=words):
            found.add((context, text))
    return found


@pytest.fixture(scope="module")
def russian():
    return translated("ru")


def test_every_text_is_translated_and_none_is_left_over(russian):
    there = {(message.context, message.id) for message in russian if message.id}
    assert texts() - there == set()
    assert there - texts() == set()
    empty = [message.id for message in russian if message.id and not message.string]
    assert empty == []


def test_the_places_to_fill_in_are_the_same(russian):
    for message in russian:
        if not message.id:
            continue
        ours = message.id[-1] if isinstance(message.id, tuple) else message.id
        theirs = message.string if isinstance(message.string, tuple) else (message.string,)
        assert {tuple(sorted(PLACES.findall(one))) for one in theirs} == {tuple(sorted(PLACES.findall(ours)))}, ours


def test_numbers_decide_the_form():
    from_russian = catalogue("ru").ngettext
    said = [from_russian("%(n)s alert", "%(n)s alerts", n) % {"n": n} for n in (1, 2, 5, 11, 21, 22)]
    assert said == ["1 сигнал", "2 сигнала", "5 сигналов", "11 сигналов", "21 сигнал", "22 сигнала"]


def test_an_unknown_language_is_english():
    assert catalogue("xx").gettext("Resolve") == "Resolve"
    assert catalogue("../../etc/passwd").gettext("Resolve") == "Resolve"


def test_the_reader_tells_time_in_the_zone_and_language(clock):
    who = reader(clock.now(), "ru", "Asia/Kolkata")
    assert who.moment(clock.now()).full == "сб 5 дек 2026 05:42:00 (UTC+5:30)"  # noqa: RUF001
    assert who.duration(timedelta(hours=1, minutes=20)) == "1 ч 20 мин"
    assert who.countdown(timedelta(seconds=192)) == "3:12"
    assert reader(clock.now(), "en", "Not/AZone").zone.key == "UTC"
