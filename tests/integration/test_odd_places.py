"""Addresses with numbers and days that nothing can have: a page or a plain no, on both databases, no error of ours."""

import re
from urllib.parse import quote

import pytest

from tests.browsing import Browser, everybody_has_a_password

ODD = (
    "2147483648", "9223372036854775808", "99999999999999999999999", "-1", "1.5", "\u00b2\u0661",
    "9999-12-31", "0001-01-01", "9999-12-31T23:59", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
NAMES = (
    "after", "at", "before", "d", "days", "done", "from", "incident", "key", "left", "level", "n", "p", "page", "part",
    "payload", "policy", "q", "rows", "since", "skipped", "team", "to", "undo", "view", "week",
)  # fmt: skip
NUMBER = re.compile(r"<int[^>]*:\w+>")


@pytest.fixture
def irina(world):
    everybody_has_a_password()
    world.alert()
    made = Browser(world.app)
    made.sign_in("irina@example.org")
    return made


def test_no_number_in_an_address_breaks_a_page(world, irina):
    wrong = []
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith("dashboard.") or "GET" not in rule.methods or "<" in NUMBER.sub("", rule.rule):
            continue
        for odd in ODD:
            place = NUMBER.sub(odd.lstrip("-") or "0", rule.rule)
            answer = irina.get(f"{place}?{'&'.join(f'{name}={quote(odd)}' for name in NAMES)}")
            if answer.status_code >= 500 or not isinstance(answer.get_data(), bytes):  # a file is read to its end
                wrong.append((rule.rule, odd, answer.status_code))
    assert wrong == []
