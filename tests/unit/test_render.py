"""What people receive: complete in both languages, in their own time, and deaf to what alerts try to smuggle in."""

import dataclasses
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from gateway import channels
from gateway.channels import sms
from gateway.outward import render, wording
from gateway.outward.render import AlertFacts, Facts
from gateway.outward.wording import Wording
from tests.channels.samples import HOSTILE

NIGHT = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
KINDS = ("opened", "escalated", "acknowledged", "resolved")
CHANNELS = ("email", "log", "ntfy", "pagerduty", "sms", "webpush")
FACTS = Facts(
    number=17,
    uuid="0c9d3c1e-7a0e-4ad7-9f5e-6d1f7c4c2b11",
    title="db01 is down",
    urgency="emergency",
    severity="critical",
    status="triggered",
    opened_at=NIGHT,
    description="No answer for 5 minutes.",
    source="prometheus",
    service="mail",
    rule="production is down",
    match=('severity="critical"',),
    policy="infrastructure",
    next_at=NIGHT + timedelta(minutes=12),
    next_who="Oleg Orlov",
    duration=timedelta(minutes=7),
    alert_count=25,
    firing_count=21,
    alerts=(
        AlertFacts(
            "HostDown db01", firing=True, starts_at=NIGHT, labels={"instance": "db01:9100"}, url="https://prom/g"
        ),
        AlertFacts("HostDown db02", firing=False, starts_at=NIGHT, labels={"instance": "db02:9100"}),
    ),
    labels={"alertname": "HostDown", "site": "kazan"},
    annotations={"runbook_url": "https://wiki.example/r"},
    links=(("Runbook", "https://wiki.example/r"), ("Trap", "javascript:alert(1)"), ("Open", "https://evil.example")),
    url="https://nabat.example/incidents/17",
    pocket_url="https://nabat.example/p/token",
    name="Anna",
    timezone="Europe/Moscow",
)
TICKET = dataclasses.replace(
    FACTS,
    kind="ticket",
    title="Почта не открывается 🔥",
    alerts=(),
    ticket={
        "key": "SD-4711",
        "priority": "critical",
        "requester": {"name": "Пётр", "phone": "+70000000001"},
        "due_at": NIGHT,
        "comment": {"author": "Пётр", "text": "Срочно!"},
    },
)


def write(facts=FACTS, channel="email", kind="opened"):
    done = {"acknowledged_by": "Anna", "acknowledged_at": NIGHT} if kind == "acknowledged" else {}
    done |= {"resolved_at": NIGHT} if kind == "resolved" else {}
    return render.render(dataclasses.replace(facts, **done), channel, kind, "address", 41)


class Seen(HTMLParser):
    """Every element and every attribute that an HTML mail really has."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.addresses = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.addresses |= {value for name, value in attrs if name == "href"}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_channel_has_every_template(channel, kind):
    assert (render.TEMPLATES / channel / f"{kind}.txt").exists()
    assert (render.TEMPLATES / channel / f"{kind}.html").exists() is (channel == "email")


@pytest.mark.parametrize("facts", [FACTS, TICKET], ids=["alert", "ticket"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_russian_is_complete(monkeypatch, facts, channel):
    missing = set()

    class Words(dict):
        def get(self, text, default=None):
            if text not in self:
                missing.add(text)
            return super().get(text, default)

    words = Words(wording.catalogue()["ru"])
    monkeypatch.setattr(wording, "catalogue", lambda: {"ru": words})
    for kind in KINDS:
        for changes in ({}, {"next_who": ""}, {"resolved_by": "Anna"}, {"urgency": "ordinary", "severity": "info"}):
            write(dataclasses.replace(facts, language="ru", **changes), channel, kind)
    assert missing == set()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_message_alone_is_enough(channel, language):
    message = write(dataclasses.replace(FACTS, language=language), channel)
    everything = f"{message.title}\n{message.text}\n{message.details}"
    for fact in ("db01 is down", "mail", "db01:9100", "kazan", "03:12", "#17"):
        assert fact in everything, fact
    assert {"en": "EMERGENCY", "ru": "АВАРИЯ"}[language] in message.title
    assert message.url == "https://nabat.example/p/token"
    assert (message.source, message.component, message.group) == ("db01:9100, db02:9100, kazan", "mail", "kazan")


def test_a_mail_has_the_full_context():
    message = write()
    assert message.title == "EMERGENCY mail: db01 is down"
    for written in (message.text, message.html.replace("&#34;", '"')):
        for fact in (
            "https://nabat.example/p/token",
            "If nobody answers by 03:24, the next step is told: Oleg Orlov.",
            "03:12:00 Sat 5 Dec (UTC+3)",
            'production is down (severity="critical")',
            "infrastructure",
            "21 of 25 firing",
            "and 23 more",
            "https://wiki.example/r",
            "HostDown db02",
            "No answer for 5 minutes.",
            "https://prom/g",
        ):
            assert fact in written, fact
    assert "javascript:" not in message.html


def test_links_are_ours_first_and_never_dangerous():
    assert write().links == (
        ("Acknowledge", "https://nabat.example/p/token"),
        ("Open", "https://nabat.example/incidents/17"),
        ("Runbook", "https://wiki.example/r"),
        ("Sender’s page", "https://prom/g"),
    )
    assert write(kind="resolved").links[0][0] == "Open"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("language", "title"), [("en", "db01 is down"), ("ru", "Хост db01 недоступен")])
def test_a_text_message_is_short(kind, language, title):
    message = write(dataclasses.replace(FACTS, language=language, title=title), "sms", kind)
    link = message.url if kind in ("opened", "escalated") else ""
    assert sms.segments(sms.fit(f"{message.title}\n{message.text}", link))[1] <= 2


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_alerts_say_is_data(channel, kind, text):
    alert = AlertFacts(text, firing=True, starts_at=NIGHT, labels={text: text}, annotations={text: text}, url=text)
    hostile = dataclasses.replace(
        FACTS,
        title=text,
        description=text,
        service=text,
        rule=text,
        labels={text: text, "instance": text},
        annotations={text: text},
        alerts=(alert,),
        links=((text, text),),
        url=text,
        acknowledged_by=text,
        name=text,
    )
    message = write(hostile, channel, kind)
    assert len(message.title.splitlines()) == 1
    (message.title + message.text + message.html).encode()
    assert "\x00" not in message.title + message.text + message.html
    if message.html:
        plain, seen = Seen(write(kind=kind).html), Seen(message.html)
        assert seen.tags <= plain.tags
        assert seen.attributes <= plain.attributes
        assert all(address.startswith("https://") for address in seen.addresses)
    if text == HOSTILE["template"]:
        assert "{{7*7}}" in message.title


def test_unbounded_facts_give_bounded_messages():
    many = {f"label{n}": "v" * 5000 for n in range(1000)}
    alerts = tuple(
        AlertFacts("x" * 5000, firing=True, starts_at=NIGHT, labels=dict(list(many.items())[:5])) for _ in range(100)
    )
    message = write(dataclasses.replace(FACTS, labels=many, annotations=many, alerts=alerts, description="d" * 100_000))
    assert len(message.text) < 200_000
    assert len(message.details) < 150


def test_a_ticket_is_told_as_a_ticket():
    message = write(dataclasses.replace(TICKET, language="ru"))
    assert message.title == "АВАРИЯ mail: SD-4711 Почта не открывается 🔥"
    for fact in (
        "Заявка: SD-4711",
        "Заявитель: Пётр, +70000000001",
        "Срок: 03:12:00 сб 5 дек (UTC+3)",  # noqa: RUF001
        "Пётр, Срочно!",
    ):
        assert fact in message.text
    assert "Оповещения" not in message.text


def test_a_missing_template_costs_looks_never_the_message():
    message = write(channel="carrier-pigeon")
    assert message.title == "EMERGENCY mail: db01 is down"
    assert "https://nabat.example/p/token" in message.text
    assert write(channel="email", kind="test").title == "EMERGENCY mail: db01 is down"


def test_a_message_is_the_same_on_every_attempt():
    assert write() == write()


@pytest.mark.parametrize(
    ("zone", "language", "written"),
    [
        ("Europe/Moscow", "en", "03:12:00 Sat 5 Dec (UTC+3)"),
        ("Europe/Moscow", "ru", "03:12:00 сб 5 дек (UTC+3)"),  # noqa: RUF001
        ("Asia/Kolkata", "en", "05:42:00 Sat 5 Dec (UTC+5:30)"),
        ("America/New_York", "en", "19:12:00 Fri 4 Dec (UTC-5)"),
        ("America/St_Johns", "en", "20:42:00 Fri 4 Dec (UTC-3:30)"),
        ("UTC", "en", "00:12:00 Sat 5 Dec (UTC)"),
        ("Nowhere/Never", "en", "00:12:00 Sat 5 Dec (UTC)"),
        ("../../etc/passwd", "de", "00:12:00 Sat 5 Dec (UTC)"),
    ],
)
def test_times_are_the_reader_s(zone, language, written):
    assert Wording(language, zone).when(NIGHT) == written


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (-5, "0 s", "0 с"),
        (0, "0 s", "0 с"),
        (45, "45 s", "45 с"),
        (7 * 60, "7 min", "7 мин"),
        (7 * 60 + 30, "7 min", "7 мин"),
        (80 * 60, "1 h 20 min", "1 ч 20 мин"),
        (3600, "1 h", "1 ч"),
        (51 * 3600 + 600, "2 d 3 h", "2 д 3 ч"),
        (86_400 + 60, "1 d", "1 д"),
    ],
)
def test_durations_are_plain(seconds, english, russian):
    assert Wording("en", "UTC").span(timedelta(seconds=seconds)) == english
    assert Wording("ru", "UTC").span(timedelta(seconds=seconds)) == russian


def test_every_channel_says_what_it_needs():
    assert set(CHANNELS) <= set(channels.names())
    for name in channels.names():
        channel = channels.find(name)
        assert set(channel.NEEDS) <= set(channel.ENV)
        assert channel.LABEL
        assert isinstance(channel.SECRET, bool)
