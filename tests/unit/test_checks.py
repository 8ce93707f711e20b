"""What the doctor says is read in Russian too: no line stays English, but what is wrong with a rule book."""

import re
from datetime import UTC, datetime

import pytest

from dashboard.reader import reader
from dashboard.settings.checks import FORMS, lines
from gateway.checkup import Check, State

RUSSIAN = reader(datetime(2026, 11, 26, 3, 0, tzinfo=UTC), "ru", "Europe/Moscow")
SAMPLES = (
    "1 route, 2 policies", "3 routes, 1 policy",
    "41 MB free in /var/lib/nabat, less than 500 MB: new alerts are refused",
    "900 MB free in /srv/a b; the 64 MB of ballast are not there, a worker makes them", "900 MB free in /srv",
    "the database's is +12 s from ours: leases and steps need them alike",
    "something was written 40 s in the future: was it set back?", "ours and the database's agree",
    "it does not open 2 of 7 secrets in the database", "it opens all 7 secrets that were tried",
    "nothing is sealed yet",
    "sms: 1 contact, NABAT_TWILIO_FROM set, but not NABAT_TWILIO_AUTH_TOKEN, NABAT_TWILIO_ACCOUNT_SID",
    "email: 12 contacts, not set up (NABAT_SMTP_URL, NABAT_MAIL_FROM): its messages only go to the log",
    "pagerduty: 0 contacts", "1 person, 1 administrator who can be reached",
    "4 people, no administrator who can be reached: what nobody else hears, nobody hears",
    "the last look at the next 14 days found 1 thing: see /people",
    "no worker was seen within 30 s, and nothing waits for one", "a worker was seen, nothing is late",
    "no auditor was ever seen: ./nabat auditor watches over the others", "the last audit was 91 s ago",
    "the last audit found nothing", "no worker was ever seen: nothing is sent",
    "no worker was seen for 40 s: nothing is sent", "messages wait: the oldest has been due for 61 s",
    "steps are late: the oldest has been due for 70 s", "emergencies whose notification was missing: 2",
    "emergencies that have reached nobody: 1", "the disk is nearly full: new alerts are refused",
    "dead rows cannot be cleared: a transaction has been open for 901 s",
    "dead rows cannot be cleared: one transaction has been open while 1000001 others wrote",
)  # fmt: skip


@pytest.mark.parametrize("lead", ["", "it found: "])
def test_every_line_is_said_in_russian(lead):
    told = lines([Check(name, State.OK, lead + one) for one in SAMPLES for name in ("disk", "clock")], RUSSIAN)
    for one, words in zip(told[::2], SAMPLES, strict=True):
        assert one.known, words
        assert re.search("[а-я]", one.words), words
        assert re.findall(r"\d+|NABAT_\w+", one.words) == re.findall(r"\d+|NABAT_\w+", words), words
    assert {one.name for one in told} == {"Диск", "Часы"}
    met = {form for form, _ in FORMS for one in SAMPLES if form.fullmatch(one)}
    assert len(met) == len(FORMS)


def test_what_is_not_known_stays_and_is_marked_as_english():
    (one,) = lines([Check("rule book", State.PROBLEM, "book.yaml:3: unknown key 'x'")], RUSSIAN)
    assert (one.words, one.known) == ("book.yaml:3: unknown key 'x'", False)
