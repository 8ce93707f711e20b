"""In Russian no page has an English word left that is not data: the demo, and what people did, page by page."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from gateway import sources
from gateway.demo.cast import address
from gateway.demo.fill import BOOK, fill
from gateway.presets import presets
from gateway.store.db import db, transaction
from gateway.store.directory import people
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, PersonRow, SilenceRow, Source, Token
from tests.browsing import Browser, everybody_has_a_password
from tests.conventions.test_roles import READERS, TABLE
from tests.samples import webhook

# What is said does not depend on the database.
pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.slow]
WORD = re.compile(r"(?<![\w@./:=…-])[A-Za-z]{3,}(?![\w@=/]|[.:-]\w)")
COMMAND = re.compile(r"\./nabat( [a-z]+)*")
VOID = {"input", "br", "meta", "link", "img", "hr", "path", "use", "rect", "circle", "line", "source"}
TYPED = {"code", "pre", "kbd", "script", "style", "textarea", "template", "datalist"}  # what is typed is no language
CODE = {"mono", "rb-text", "rb-targets"}  # classes
SAID = ("aria-label", "title", "placeholder", "alt")
ALLOWED = {
    *re.findall("[a-z]+", " ".join(sources.names())),  # what kinds are called
    *re.findall("[a-z]+", " ".join(f"{one.name} {one.sender}" for one in presets().values()).lower()),  # and senders
    "nabat", "pagerduty", "twilio", "sendgrid", "alertmanager", "prometheus", "iphone", "ipad", "safari", "ios",
    "android", "javascript", "werkzeug", "english", "sqlite", "postgresql", "smtp", "rest", "api", "csv",
    "xlsx", "pdf", "yaml", "json", "url", "ical", "rrule", "ntfy", "webpush", "sms", "push", "vip", "utc", "email",
    # Names of values, commands and scopes, which nobody translates.
    "debug", "info", "warning", "error", "doctor", "auditor", "audit", "verify", "read", "act", "admin", "kind",
    "alert", "ticket",
    "grafana", "jira", "zendesk",
    "freshdesk", "freshservice", "otrs", "znuny", "redmine", "servicenow", "zammad", "glpi",
    "zabbix",
    "azure",
    "uptime", "kuma",
    "gcp", "google", "cloud", "monitoring", "monitor", "sentry", "opsgenie", "aws", "cloudwatch", "sns",
    "nagios", "icinga",
    "datadog", "healthchecks", "statuscake", "atom",
}  # fmt: skip


class Said(HTMLParser):
    """What a page says: its texts, and what an attribute says of a thing."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.found = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if not any(self.inside):
            self.found += [given[name] for name in SAID if given.get(name)]
        if tag not in VOID:
            self.inside.append(tag in TYPED or bool(CODE & set((given.get("class") or "").split())))

    def handle_endtag(self, tag):
        if tag not in VOID and self.inside:
            self.inside.pop()

    def handle_data(self, data):
        if not any(self.inside) and data.strip():
            self.found.append(" ".join(data.split()))


def words_of(*things):
    return {word.lower() for word in re.findall(r"[A-Za-z]{3,}", json.dumps(things, ensure_ascii=False, default=str))}


def data_of(book):
    """What the demo itself has put there."""
    every = db.session.execute
    found = words_of([tuple(row) for row in every(select(Incident.title, Incident.service, Incident.fixed_by))])
    tickets = [one.get("requester") for one in db.session.scalars(select(Incident.ticket)) if one]
    found |= words_of(tickets)
    found |= words_of([tuple(row) for row in every(select(AlertRow.labels, AlertRow.annotations))])
    found |= words_of([tuple(row) for row in every(select(PersonRow.name, PersonRow.email, PersonRow.timezone))])
    found |= words_of(
        db.session.scalars(select(Source.name)).all(), db.session.scalars(select(SilenceRow.reason)).all()
    )
    found |= words_of(db.session.scalars(select(Token.name)).all())
    said = db.session.scalars(select(Entry.detail)).all()
    found |= words_of([one.get("text") for one in said], [(one.get("comment") or {}).get("text") for one in said])
    return found | words_of([one.name for one in book.routes], list(book.policies), list(book.calendars))


def places(browser):
    """Every page without a place in its address; one of each kind of thing, and one incident of each kind."""
    rows = db.session.execute(select(Incident.id, Incident.kind, Incident.status, Incident.snoozed_until))
    numbers = {(*row[1:3], row[3] is None): row[0] for row in rows}.values()
    sent = db.session.execute(select(Delivery.id, Delivery.way, Delivery.status))
    messages = {tuple(row[1:3]): row[0] for row in sent}.values()
    yield from (f"/incidents/{number}" for number in numbers)
    yield from (f"/incidents/{number}/{part}" for number in list(numbers)[:1] for part in ("alerts", "payloads"))
    yield from (f"/deliveries/{number}" for number in messages)
    met = set()
    for (method, rule), codes in TABLE.items():
        plain = "<" not in rule and "." not in rule and not rule.startswith(("/api", "/metrics", "/healthz", "/readyz"))
        if method != "GET" or not plain or codes.split()[-1] != "200":
            continue
        yield rule
        for link in re.findall(r'href="(/[^"#?]*)"', browser.get(rule).text) if codes == READERS else ():
            kind = link.rpartition("/")[0]
            if kind and kind not in met and "incidents" not in kind and "." not in link:
                met.add(kind)
                yield link


def test_no_page_has_an_english_word_that_is_not_data(app_of, clock, tmp_path):
    folder = shutil.copytree(BOOK, tmp_path / "book")  # apart from whoever wrote it last
    app = app_of(NABAT_RULES=str(folder), NABAT_LANGUAGE="ru")
    clock.set(clock.now().replace(month=12, day=8, hour=10))
    fill(app.extensions["gateway"], clock.now(), days=2)
    with transaction() as session:
        session.execute(update(PersonRow).values(language="ru"))
        people.bump(session, clock.now())
    everybody_has_a_password()
    irina = Browser(app)
    assert irina.sign_in(address("irina")).status_code == 302
    cases = re.findall(r"name: (.*)", "".join(one.read_text() for one in folder.glob("tests/*")))
    known = ALLOWED | data_of(app.extensions["gateway"].shelf.book) | words_of(cases, folder.owner())
    for form in ({"do": "acknowledge"}, {"do": "snooze", "until": "2h"}):  # rows of the audit log
        irina.press("/incidents/bulk", n=str(db.session.scalar(select(Incident.id).limit(1))), query="", **form)
    wrong, seen = {}, 0
    for place in places(irina):
        answer = irina.get(place)
        assert answer.status_code == 200, place
        seen += 1
        look(answer.text, place, known, wrong)
    for severity, status in (("critical", "firing"), ("warning", "firing"), ("critical", "resolved")):
        body = json.dumps(webhook(status, severity=severity, env="production"))
        decision = irina.press("/rules/test", kind="alertmanager", body=body, source="", at="2026-12-08T03:00")
        look(decision.text, "/rules/test", known | words_of(body), wrong)
    assert seen > 60
    assert wrong == {}


def look(page, place, known, wrong):
    assert ("<html" in page) == ('<html lang="ru"' in page), place
    for text in Said(page).found:
        plain = COMMAND.sub("", text)
        if found := [word for word in WORD.findall(plain) if word.lower() not in known]:
            wrong.setdefault(text[:120], (place, found))
