"""What is fed with invented input: one registry, used by Hypothesis in the suite and for long runs, and by Atheris.

A target takes bytes, reads them as a stranger's word would be read, and raises only where something is wrong with us:
an exception that nobody expects, or a promise that does not hold.
"""

import json
import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import requests
import urllib3
from werkzeug.datastructures import MultiDict

from dashboard import filters, page
from dashboard.incidents import filters as lists
from gateway import log, settings, sources
from gateway.access import links, passwords
from gateway.access.proxies import TrustedProxies
from gateway.channels import ntfy, sms
from gateway.channels import webpush as push_channel
from gateway.doors.callbacks import door, pagerduty, sendgrid, twilio
from gateway.doors.machine import questions
from gateway.loader import BadJson, load
from gateway.outward import addresses, letter, signing, webpush
from gateway.outward.message import Message
from gateway.sources import BadPayload, Heard
from rules import book, identity, matchers
from rules.checks import book_cases
from rules.reading import people
from rules.senders import fields
from rules.telling import snoozing
from rules.texts import durations, text
from rules.words import Kind

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
KEY = "a-key-for-the-tests-only-0123456789abcdef"
ZONES = ("UTC", "Europe/Moscow", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")
PUBLIC = {"NABAT_MAIL_FROM": "Nabat <nabat@example.org>", "NABAT_PUBLIC_URL": "https://nabat.example"}


@dataclass(frozen=True)
class Target:
    """`seeds` are whole inputs to begin with, `words` are pieces worth putting in, `names` are keys of JSON objects."""

    name: str
    call: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    names: tuple[str, ...] = ()


TARGETS: dict[str, Target] = {}


def target(*seeds: str | bytes, words: str = "", names: str = "", label: str = ""):
    def keep(call):
        name = label or call.__name__
        whole = tuple(one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass") for one in seeds)
        TARGETS[name] = Target(name, call, whole, tuple(word.encode() for word in words.split()), tuple(names.split()))
        return call

    return keep


def files(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(ROOT.glob(pattern)))


def plain(data: bytes) -> str:
    """Text as a sender may well have it: whatever is no UTF-8 becomes half a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


def says_why(problem: Exception, most: int = 500) -> None:
    """A refusal is a sentence for somebody."""
    assert 0 < len(str(problem)) < most, problem


def is_clean(said: str) -> None:
    """Fit for both databases, mail and a terminal."""
    said.encode()
    assert text.clean_text(said) == said, said


# --- bodies


@target('{"a": [1, "x\\ud83d\\ude00", null]}', b'\xef\xbb\xbf{"a":"\xff\n"}', "[NaN]", "1e400", "[" * 40,
        words='{ } [ ] " , : \\u0000 \\ud800 NaN -Infinity 1e999 null')  # fmt: skip
def loader(data: bytes) -> None:
    try:
        value = load(data)
    except BadJson as problem:
        says_why(problem)
        return
    assert not re.search("[IN]", _numbers(value)), "Infinity or NaN got in"


def _numbers(value) -> str:
    """All numbers of a value, written down."""
    if isinstance(value, dict):
        return "".join(map(_numbers, value.values()))
    if isinstance(value, list):
        return "".join(map(_numbers, value))
    return json.dumps(value) if isinstance(value, float) else ""


BOOK = book.parse({"book.yaml": (ROOT / "rules/book/book.yaml").read_bytes()})
SOURCE_NAMES = """alerts status labels annotations startsAt endsAt generatorURL fingerprint version groupKey severity
    alertname summary truncatedAlerts externalURL id event subject title description priority service site url requester
    email name phone language vip assignee comment text public attachments author arrival_at due_at updated_at"""
SOURCE_WORDS = """firing resolved critical 2026-12-05T00:11:30Z 0001-01-01T00:00:00Z 9999-12-31T23:59:59+14:00 created
    closed null true [] {} javascript:alert(1) \\u0000 \\ud800 https://x/"""


MAPS = book.parse({"book.yaml": (ROOT / "rules/book/book.yaml").read_text() + """
mappings:
  list: {id: [id, event], each: "alerts || @", status: status, title: [title, summary], url: url, at: updated_at,
         labels: {"*": labels, severity: severity}, annotations: {"*": annotations}, starts_at: startsAt,
         ends_at: endsAt, who: name}
  desk: {kind: ticket, id: "id || to_string(@)", subject: subject, event: event, priority: priority,
         status: {from: status, closed: "re*ed"}, updated_at: updated_at, requester: requester,
         comment: {author: author, text: text, public: public}}
"""}).mappings  # fmt: skip
READ_BY = {"generic": ("generic", "newrelic", "uptimerobot", "list", "desk")}  # the names of its sources say by what


def source(kind: str) -> None:
    samples = (json.loads(sample)["body"] for sample in files(f"tests/sources/{kind}/*.json"))
    bodies = [json.dumps(one, ensure_ascii=False) for one in samples]

    def parse(data: bytes) -> None:
        for name in READ_BY.get(kind, (kind,)):
            read_as(name, data)

    def read_as(name: str, data: bytes) -> None:
        try:
            parsed = sources.find(kind).parse(load(data), Heard(name, NOW, mappings=MAPS))
        except (BadJson, BadPayload) as problem:
            says_why(problem)
            return
        for item in parsed.quarantined:
            is_clean(item.place + item.excerpt)
        for alert in parsed.alerts:
            holds(alert)

    target(*bodies, words=SOURCE_WORDS, names=SOURCE_NAMES, label=kind)(parse)


def holds(alert) -> None:
    """What is promised of an alert whatever the sender said."""
    for said in (alert.title, alert.url, *alert.labels, *alert.labels.values(), *alert.annotations.values()):
        is_clean(said)
    is_clean(alert.fingerprint)
    assert alert.fingerprint
    assert len(alert.fingerprint) <= sources.LONGEST_FINGERPRINT
    assert alert.title.splitlines() == [alert.title.strip()]
    assert len(alert.title) <= fields.LONGEST_TITLE
    assert text.safe_url(alert.url) == alert.url
    assert len(alert.annotations) <= fields.MOST_LABELS + 2
    assert sources.EARLIEST < alert.starts_at <= NOW + sources.AHEAD
    assert alert.ends_at is None or sources.EARLIEST < alert.ends_at <= NOW + sources.AHEAD
    if alert.kind is Kind.TICKET:
        assert alert.ticket.priority in ("low", "normal", "high", "critical")
        json.dumps([alert.ticket.requester, alert.ticket.comment]).encode()
    labels = matchers.seen_labels(alert)
    route = BOOK.at(NOW).route(labels)
    assert route.steps
    assert len(identity.dedup_key(alert, route, labels)) == 32


for one in sources.names():
    source(one)


# --- files that people write


@target('severity="critical"', 'env=~"prod|stage"', '"my label"!~"(a+)+$"', 'x=""', "a={b}", 'a=~"\\\\d{1,1000}"',
        words='" = != =~ !~ \\\\ ( ) + * | [a-z] {2,9} (?i) \\p{L} ^ $ .*')  # fmt: skip
def matcher(data: bytes) -> None:
    try:
        made = matchers.Matcher.parse(plain(data))
    except ValueError as problem:
        says_why(problem)
        return
    for value in ("", "critical", "a" * 5000, "\ud800", plain(data)):
        made.matches({made.label: value})
        made.explain({made.label: value}).as_text()


YAML_WORDS = """- : [ ] { } , & * | > ' " # ! !!python/object/apply:os.system ~ null &a *a << ? 5m 1h30m
    severity="critical" =~"( schedule: team: person: role:admin emergency urgent fast ordinary webpush voice sms email
    09:00 calendars: lookups: {any: [ {not: [ when: not work continue: true
    days: mon-fri "22:00-06:00" DE-BY 2026-12-31"""


@target(*files("rules/book/*.yaml"), *files("tests/rulebooks/*.yaml"), words=YAML_WORDS)
def rule_book(data: bytes) -> None:
    try:
        made = book.parse({"book.yaml": data})
    except book.BadRuleBook as problem:
        placed(problem.complaints, "book.yaml")
        return
    for labels in ({}, {"severity": "critical"}, {"kind": "ticket", "priority": "low"}):
        assert made.at(NOW).route(labels).steps
        made.at(NOW).explain(labels)


TABLED = files("rules/book/book.yaml")[0] + b"\nlookups: [{file: services.csv, by: service}]\n"


@target("service,team\nmail,infra\n", 'service;a\n"x;y";"b ""c"""\n', "\ufeffservice,a,b\r\n,,\r\n",
        words=', ; " service \r\n \\x00 kind severity')  # fmt: skip
def table(data: bytes) -> None:
    try:
        made = book.parse({"book.yaml": TABLED, "services.csv": data})
    except book.BadRuleBook as problem:
        placed(problem.complaints, "services.csv")
        return
    for row in made.lookups[0].rows.values():
        assert not {"kind", "source", "severity", "service", ""} & row.keys()
        for said in (*row, *row.values()):
            is_clean(said)


@target("tests:\n  - {name: a, at: 2026-12-05T03:12, payload: {alerts: []}, expect: {alerts: 0}}\n",
        *files("rules/book/tests/*.yaml"), words=YAML_WORDS)  # fmt: skip
def cases(data: bytes) -> None:
    try:
        found = book_cases.parse(data, "cases.yaml", "Europe/Moscow")
    except book_cases.BadCases as problem:
        placed(problem.complaints, "cases.yaml")
        return
    for case in found.cases:
        json.dumps(case.payload)


PEOPLE = """
people:
  - {email: anna@example.org, name: Anna, role: responder, language: ru, timezone: Europe/Moscow,
     contacts: [{channel: sms, address: "+79990000001"}, {channel: ntfy, address: "https://ntfy.example/anna"}]}
teams: [{name: infra, members: [anna@example.org], contacts: [{channel: email, address: infra@example.org}]}]
schedules:
  - {name: infra, team: infra, layers: [{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}]}
"""


@target(PEOPLE, words=YAML_WORDS + " ${HOME} $${A} viewer admin Europe/Moscow 1w 2026-11-02T09:00 https://127.0.0.1/x")
def people_file(data: bytes) -> None:
    try:
        made = people.parse(data, "people.yaml", {"HOME": "x"})
    except people.BadPeopleFile as problem:
        placed(problem.complaints, "people.yaml")
        return
    assert people.parse(people.dump(made), "people.yaml", {}) == made


def placed(complaints, file: str) -> None:
    """Each with its place, on one line."""
    assert complaints
    for complaint in complaints:
        assert re.match(rf"{re.escape(file)}:[0-9]+: |… and [0-9]+ more", complaint), complaint
        assert complaint.isprintable(), complaint
        complaint.encode()


@target("NABAT_SMTP_URL=smtp://u:p@h:587?starttls=1", "NABAT_PUBLIC_URL=https://h", "NABAT_TRUSTED_PROXIES=10.0.0.0/8",
        "NABAT_TIMEZONE=Europe/Moscow", "NABAT_TWILIO_URL=http://127.0.0.1:1", "NABAT_VAPID_SUBJECT=mailto:a@b",
        "NABAT_DATABASE_URL=postgresql://u:p@h/d", "NABAT_MAIL_FROM=A <a@b>", "NABAT_SECRET_KEY=x",
        words="NABAT_LOG_LEVEL= NABAT_ALLOW_PRIVATE_HOSTS= NABAT_PAGERDUTY_EVENTS_URL= [::1] :// @ ? #")  # fmt: skip
def setting(data: bytes) -> None:
    name, _, value = plain(data).partition("=")
    if name.endswith("_FILE") or name == "NABAT_DATA_DIR" or "\0" in name + value:  # no process can be given a NUL
        return
    try:
        settings.load({"NABAT_DATA_DIR": "/nowhere", name: value})
    except settings.BadSettings as problem:
        says_why(problem, most=10**6)
        keeps_quiet(name, value.strip(), str(problem))


def keeps_quiet(name: str, value: str, said: str) -> None:
    """A secret stands in no complaint."""
    secret = any(one.secret for one in settings.SETTINGS if one.name == name)
    assert not (secret and len(value) > 6 and value in said), said


# --- signatures, tokens, callbacks


@target(f"t={int(NOW.timestamp())},v1={'a' * 64}", "t=1,v1=x", f"t={int(NOW.timestamp())},v1={'0' * 64},v1={'f' * 64}",
        words="t= v1= v0= , \u0661 1e9 -1 00")  # fmt: skip
def signature(data: bytes) -> None:
    try:
        signing.fitting(signing.read(plain(data), NOW), b"body", ["a secret", "another"])
    except signing.BadSignature as problem:
        is_clean(str(problem))
        return
    raise AssertionError("a forged signature holds")


@target(links.make(KEY, str(uuid.UUID(int=7)), "anna@example.org"), "x.y", "..", "\u00e9.\ud800", words=". - _ = A")
def pocket_link(data: bytes) -> None:
    who = plain(data).encode("utf-8", "replace").decode()[:60]
    assert links.read(KEY, links.make(KEY, str(uuid.UUID(int=7)), who)).who == who
    found = links.read(KEY, plain(data))
    assert found is None or plain(data).startswith(links.make(KEY, found.incident_uuid, found.who).partition(".")[0])


CALLBACK_NAMES = """event id event_type data incident incident_key agent summary content nabat_delivery nabat_incident
    sg_event_id sg_message_id type status reason"""
CALLBACK_WORDS = """incident.acknowledged incident.resolved incident.annotated delivered bounce dropped
    nabat-00000000-0000-0000-0000-000000000007 9223372036854775808 \\u0000 \\ud800"""


@target('{"event": {"id": "01E", "event_type": "incident.acknowledged", "agent": {"summary": "Anna"}, "data": '
        '{"id": "Q1", "incident_key": "nabat-00000000-0000-0000-0000-000000000007", "content": "x"}}}',
        words=CALLBACK_WORDS, names=CALLBACK_NAMES)  # fmt: skip
def pagerduty_callback(data: bytes) -> None:
    assert not pagerduty.signed(data, plain(data), ["a secret"])
    try:
        event = pagerduty.read(load(data), "otherwise", {"NABAT_PAGERDUTY_API_URL": "https://api.pagerduty.com"})
    except BadJson:
        return
    assert event.id
    for said in (event.kind, event.actor.name, event.note, event.uuid, event.reference, event.page):
        is_clean(said)


@target('[{"event": "bounce", "nabat_delivery": "41", "nabat_incident": "u", "sg_event_id": "e",'
        '"sg_message_id": "m.1", "reason": "550 no"}]', words=CALLBACK_WORDS, names=CALLBACK_NAMES)  # fmt: skip
def sendgrid_callback(data: bytes) -> None:
    key = webpush._load(PRIVATE).public_key()
    assert not sendgrid.signed(data, plain(data), plain(data), key, NOW)
    assert not sendgrid.signed(data, str(int(NOW.timestamp())), plain(data), key, NOW)
    try:
        receipts = sendgrid.read(load(data))
    except BadJson:
        return
    for receipt in receipts:
        assert 0 < receipt.number < 10**18


PRIVATE = webpush.make_key()


@target("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", "SmsSid=SM1&SmsStatus=delivered", "%ff=%00&a&=",
        words="& = % + ; MessageStatus=failed ErrorCode= 30007 %00")  # fmt: skip
def twilio_callback(data: bytes) -> None:
    try:
        fields = twilio._fields(data)
    except door.Refused:
        return
    assert not twilio.signed(f"https://nabat.example/{plain(data)[:30]}", fields, plain(data), "a token")
    for receipt in twilio.read(dict(fields), plain(data)[:20]):
        assert 0 <= receipt.number < 10**19


# --- what people enter


@target("30m", "1h30m", "2w", "999999w999999d", "until 09:00 tomorrow", "until tomorrow 9:00", "2026-12-05T09:00+03:00",
        "0001-01-01", "9999-12-31T23:59:59-14:00", "2026-12-05 09:00", "20261205T0900Z",
        words="until tomorrow 09:00 24:00 1w 2d 3h 4m 5s +14:00 Z T -")  # fmt: skip
def snooze(data: bytes) -> None:
    try:
        durations.write_duration(durations.parse_duration(plain(data)))
    except ValueError as problem:
        says_why(problem)
    for zone in ZONES:
        try:
            end = snoozing.end_of(plain(data), NOW, ZoneInfo(zone))
        except ValueError as problem:
            says_why(problem)
            continue
        assert timedelta(minutes=1) <= end - NOW <= timedelta(days=30)


@target("https://ntfy.sh/topic", "http://127.0.0.1/x", "https://[::ffff:7f00:1]/t", "https://0x7f.1/t",
        "https://x:99999/", "https://ntfy.sh@127.0.0.1/t", "https://127。0。0。1/t", "https://пример.рф/t",
        "https://a\\@b/", "https://a#@b/t",
        words="https:// http:// @ : / ? # \\ [::1] 127.0.0.1 2130706433 0x7f %2e localhost . \u3002")  # fmt: skip
def web_address(data: bytes) -> None:
    url = plain(data)
    text.safe_url(url)
    ntfy.check(url, {})
    if addresses.check_url(url):
        return
    host = addresses.plain_host(_dialled(url))
    assert not addresses.is_loopback(host), url
    try:
        assert addresses.is_public(host), url
    except ValueError:
        assert not re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", host), url


def _dialled(url: str) -> str:
    """The host that the library would call, or nothing where it refuses the address."""
    try:
        return str(urllib3.util.parse_url(str(requests.Request("POST", url).prepare().url)).host)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
        return "refused.example"


POINT = webpush.public_key(PRIVATE)


@target(json.dumps({"endpoint": "https://push.example/x", "keys": {"p256dh": POINT, "auth": "A" * 22}}),
        words="endpoint keys p256dh auth https://127.0.0.1/ http:// = + - _",
        names="endpoint keys p256dh auth")  # fmt: skip
def subscription(data: bytes) -> None:
    said = plain(data)
    if push_channel.check(said, {}):
        return
    made = webpush.read(said)
    assert webpush.read(str(made)) == made
    webpush.seal(b"x", made)


@target("status=open&urgency=fast&after=0.5&q=db01", "after=aW5jaWRlbnRzOjE&limit=9&label=a%3Db",
        "at=2026-12-05T03:12:00",
        words="status= urgency= source= label= q= after= limit= incident= firing= at= schedule= & = ,")  # fmt: skip
def question(data: bytes) -> None:
    pairs = [tuple(part.partition("=")[::2]) for part in plain(data).split("&")]
    args = MultiDict(pairs)
    wanted = lists.read(args, NOW, ZoneInfo("Europe/Moscow"))
    is_clean(wanted.q)
    assert wanted.after is None or max(wanted.after) < 2**63
    before = filters.before(args)
    assert before is None or before < 2**63
    page.is_local(plain(data))
    for ask in (questions.wanted_incidents, questions.wanted_alerts, questions.wanted_deliveries,
                lambda asked: questions.wanted_oncall(asked, NOW)):  # fmt: skip
        try:
            ask(args)
        except questions.BadQuestion as problem:
            says_why(problem)


@target(
    "198.51.100.7, 10.0.0.1", "10.0.0.1", "x, 10.0.0.2", "::ffff:10.0.0.1", words=", [ ] : 10.0.0.1 ::1 fe80::1%eth0 ."
)
def proxy_header(data: bytes) -> None:
    environ = {"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": plain(data), "HTTP_X_FORWARDED_PROTO": plain(data)}
    TrustedProxies(lambda given, _: [], ["10.0.0.0/8"])(environ, None)
    assert environ.get("wsgi.url_scheme", "http") in ("http", "https")
    assert len(environ["REMOTE_ADDR"]) < 60


@target("a horse that is correct", "я" * 600, "\ud800", words="a b password \u0301 \u00e9 \u1e9e")
def password(data: bytes) -> None:
    said = plain(data)
    if not passwords.complaint(said, "anna@example.org"):
        said.encode()
        assert len(set(unicodedata.normalize("NFKC", said))) >= 4


# --- what goes out


@target("db01 is down\r\nBcc: victim@example.org", "a\u2028X-A: b\x0bX-B: c\x85X-C: d", "\ud800\x00 {{7*7}}",
        "я" * 3000, words="\r\n \r \n \u2028 \x0b \x85 Bcc: =?utf-8?q?x?= <script> {{7*7}}")  # fmt: skip
def message(data: bytes) -> None:
    said = plain(data)
    clean = text.clean_text(said)
    is_clean(clean)
    assert len(text.one_line(clean).splitlines()) <= 1
    for limit in (0, 1, 7, 160):
        assert len(text.cut(clean, limit)) <= limit
        assert len(text.cut_bytes(clean, limit).encode()) <= limit
    assert sms.segments(sms.fit(said, "https://nabat.example/p/abc"))[1] <= sms.MOST_SEGMENTS
    assert len(log.line("x", {"a": said}).splitlines()) == 1
    sent = Message(1, 1, "0" * 32, "opened", "anna@example.org", said, said, html=said)
    mail = letter.write(sent, PUBLIC).as_bytes()
    head = mail.partition(b"\r\n\r\n")[0]
    assert {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")} <= HEADERS, head
    assert len(push_channel.payload(sent)) <= webpush.LARGEST


HEADERS = {
    b"Subject", b"From", b"To", b"Message-ID", b"In-Reply-To", b"References", b"Auto-Submitted", b"X-Nabat-Incident",
    b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version",
}  # fmt: skip
