"""Every page with texts that want to be markup, a script, a link or too wide: nothing of it happens.

Ours stand wherever anybody outside or inside may write; those of the corpus, where there is one, come in by the doors
for machines and as notes, reasons, names and browsers.
"""

import json
import re
from urllib.parse import quote

import pytest
from sqlalchemy import select

from gateway.access import links
from gateway.store.db import db
from gateway.store.tables import PersonRow
from tests.browser.test_looks import NOT_FOUND, pages_of
from tests.browsing import Browser, everybody_has_a_password
from tests.conftest import KEY
from tests.e2e.hostile import cases
from tests.fakes.http import reply
from tests.samples import alert, group

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(1200),  # a hundred pages, while others need the machine
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BREAKS_OUT = "\"'><img class=evil src=https://evil.example/x onerror=alert(1)>"
SCRIPT = "<script class=evil src=https://evil.example/x.js>alert(2)</script>"
LONG = "W" * 90  # no place to break it
TURNED = "\u202egnp.exe {{7*7}} ${7*7} <a class=evil href=javascript:alert(3)>"
NAME = f"</title>{BREAKS_OUT}"
TEXT = f"{SCRIPT}{TURNED} {LONG} {BREAKS_OUT}"
LINK = "javascript:alert(4)"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
OF_THE_CORPUS = cases("text", "url", "ticket")
WRONG = """(site) => {
  const all = [...document.querySelectorAll("*")], said = (one) => one.outerHTML.slice(0, 200);
  const leads = (one, name) => one.hasAttribute(name) && !/^(mailto|tel):/i.test(one.getAttribute(name)) &&
    new URL(one.getAttribute(name), site).protocol.replace("https", "http") !== "http:";
  const ours = (one, name) => new URL(one.getAttribute(name), location.href).origin === site;
  const bad = (one) => one.classList.contains("evil") ||
    one.getAttributeNames().some((name) => name.startsWith("on")) ||
    ["href", "xlink:href", "src", "action", "formaction"].some((name) => leads(one, name)) ||
    /^(iframe|frame|object|embed|base|video|audio|marquee|math)$/i.test(one.tagName) ||
    (one.matches("script, img, link, form[action], [hx-get], [hx-post]") &&
      ["src", "action", "hx-get", "hx-post"].some((name) => one.hasAttribute(name) && !ours(one, name))) ||
    (one.tagName === "SCRIPT" && !/^\\/static\\//.test(one.getAttribute("src")));
  return [
    ...all.filter(bad).map(said),
    ...(/(^|\\D)49(\\D|$)/.test(document.title) ? ["reckoned: " + document.title] : []),
    ...(document.documentElement.scrollWidth > innerWidth ? [document.documentElement.scrollWidth + " px wide"] : []),
  ];
}"""
SAID = json.dumps(NAME)
ELSEWHERE = json.dumps(f'service!="{LONG}"')
BOOK = f"""
version: 1
timezone: Europe/Moscow
urgencies:
  emergency: {{channels: [voice, push], fallback: [email], acknowledge_within: 5m}}
routes:
  - {{name: {json.dumps(NAME + "all")}, match: [{ELSEWHERE}], urgency: emergency, policy: {SAID}}}
  - {{name: {json.dumps(LONG)}, urgency: emergency, policy: {SAID}}}
policies:
  {SAID}: {{steps: [{{notify: [{json.dumps("schedule:" + NAME)}], wait: 5m}}], repeat: 0}}
"""
PEOPLE = f"""
people:
  - email: eve@example.org
    name: {SAID}
    role: admin
    timezone: Europe/Moscow
    contacts: [{{channel: pagerduty, address: "eve-key-00123456789abcdef0123456"}},
               {{channel: ntfy, address: NTFY/eve}}, {{channel: email, address: eve@example.org}}]
  - {{email: {LONG[:50].lower()}@example.org, name: {LONG}, role: responder, timezone: Europe/Moscow, contacts: []}}
teams:
  - {{name: {SAID}, members: [eve@example.org]}}
  - {{name: {json.dumps(LONG)}, members: [eve@example.org]}}
schedules:
  - name: {SAID}
    team: {SAID}
    timezone: Europe/Moscow
    layers:
      - {{start: "2026-01-05T09:00", every: 1w, members: [eve@example.org]}}
"""


@pytest.fixture
def world(staffed_of, providers):
    for one in (providers.pagerduty, providers.ntfy, providers.twilio):
        one.usual = lambda _asked: reply(400, {"status": TEXT, "message": TEXT, "errors": [TEXT], "error": TEXT})
    return staffed_of(BOOK, PEOPLE)


def corpus_texts():
    """What the corpus writes into summaries."""
    bodies = [json.loads(case.body()) for case in OF_THE_CORPUS if case.cls == "text"]
    said = [one["annotations"]["summary"] for body in bodies for one in body["alerts"]]
    return [one.encode(errors="replace").decode() for one in said]


def told_by_machines(world):
    """Hostile alerts, tickets and nonsense. Answers the number of the incident that has the worst of it."""
    labels = {"alertname": TEXT, "severity": "critical", "service": NAME, TEXT[:60]: TEXT, "team": NAME}
    notes = {"summary": TEXT, "description": TEXT, "runbook_url": LINK, "dashboard": LINK}
    body = {**alert(fingerprint="h"), "labels": labels, "annotations": notes, "generatorURL": LINK}
    (number,) = world.post({**group(body), "externalURL": LINK}, name=NAME[:100]).json["incidents"]
    requester = {"name": TEXT[:200], "email": f"{BREAKS_OUT}@x", "phone": BREAKS_OUT, "lang": "en"}
    ticket = {"event": "ticket.created", "id": "SD-1", "subject": TEXT, "text": TEXT, "url": LINK}
    ticket |= {"priority": NAME, "site": NAME, "service": NAME, "requester": requester}
    assert world.post(ticket, kind="ticket", name=LONG).status_code < 300
    world.post({"nonsense": TEXT})
    for count, said in enumerate(corpus_texts()):  # each an incident of its own
        world.post(group(alert(name=said, fingerprint=f"c{count}", service=said, severity="critical")))
    for case in OF_THE_CORPUS:
        headers = {"Authorization": f"Bearer {world.token(case.kind, case.kind)}", "Content-Type": "application/json"}
        world.client.post(f"/ingest/{case.kind}", data=case.body(), headers=headers)
    world.delivers()
    return number


def written_by_people(world, number, texts):
    """The same by those who are signed in. Answers Eve's browser."""
    for said in texts:
        if said.isprintable() and said.isascii():
            assert Browser(world.app).sign_in("eve@example.org", headers={"User-Agent": said}).status_code == 302
    eve = Browser(world.app)
    assert eve.sign_in("eve@example.org", headers={"User-Agent": f"{SCRIPT}{BREAKS_OUT}"}).status_code == 302
    quiet = {"matcher": f'service="{LONG}"', "reason": TEXT}
    duty = {"from": "2026-12-08T12:00+00:00", "to": "2026-12-08T18:00+00:00"}
    world_told = {"title-en": TEXT[:120], "text-ru": TEXT, "state-1": "down"}
    invited = {"email": "new@example.org", "name": TEXT[:90], "role": "responder", "language": "ru", "timezone": "UTC"}
    said = [
        eve.press("/silences", **quiet, **{"for": "1h"}),
        eve.press("/maintenance", **quiet, start="2027-01-05T02:00", hours="2h", zone="Europe/Berlin"),
        eve.press("/settings/tokens", name=NAME[:100], scope="read", days="30"),
        eve.press("/sources/new", kind="ticket", name=(SCRIPT + LONG)[:100]),
        eve.press("/reports/guests", p="30"),
        eve.press("/teams", name="<img class=evil onerror=alert(5)>"),
        eve.press("/oncall/override", schedule=NAME, person="eve@example.org", **duty, reason=TEXT),
        eve.press("/incidents/new", title=TEXT[:200], urgency="emergency", text=TEXT, service=NAME),
        eve.press("/people", **invited, invite="1"),
        eve.press("/settings/status-page", **{"name-en": NAME, "name-ru": LONG[:80]}, on="1", mail="1"),
        eve.press("/settings/status-page/components", **{"service": NAME, "name-en": TEXT[:80], "name-ru": LONG[:80]}),
        looked := eve.press("/notices", **world_told),
    ]
    seen = re.search(r'name="seen" value="(\w+)"', looked.text)[1]
    said.append(eve.press("/notices", **world_told, seen=seen, do="publish"))
    for one in texts:
        said.append(eve.press(f"/incidents/{number}/notes", text=one))
        said.append(eve.press("/incidents/views", name=one[:50].strip() or "x", query="status=all"))
    assert [f"{one.request.path}: {one.status_code}" for one in said if one.status_code >= 400] == []
    return eve, re.search(r"/welcome/[\w.-]+", said[8].text)[0]


def places(world, number, eve, welcome):
    """Every page there is, those behind links as well, and the list asked for what is hostile."""
    who = db.session.scalar(select(PersonRow).where(PersonRow.email == "eve@example.org"))
    named = quote(NAME, safe="")
    known = {
        "/oncall/schedules/<path:name>": f"/oncall/schedules/{named}",
        "/policies/<path:name>": f"/policies/{named}",
        "/rules/<path:name>": f"/rules/{quote(NAME + 'all', safe='')}",
        "/teams/<path:name>": f"/teams/{named}",
        "/services/<path:name>": f"/services/{named}",
        "/tickets/<path:key>": "/tickets/SD-1",
        "/maintenance/<int(max=2147483647):planned>": "/maintenance/2",
        "/g/<token>": re.search(r'href="[^"]*(/g/[^"]+)"', eve.get("/reports/guests").text)[1],
        "/p/<token>": f"/p/{links.make(KEY, world.incidents()[number - 1].uuid, who.email)}",
        "/incidents/jobs/<token>": "/incidents?status=all",
        "/incidents/files/<token>": "/incidents?status=all",
        "/status/mail/<key>": "/status/mail",
        "/weekly/<token>": f"/weekly/{links.make_number(KEY, who.id, links.WEEKLY)}",
        "/s/<int(max=2147483647):number>/<token>": f"/s/1/{links.make_longer(KEY, 1, 1)}",
        "/welcome/<token>": welcome,
    }
    yield from sorted(set(pages_of(world.app, known)) - set(NOT_FOUND) - {"/setup"})
    yield f"/incidents?status=all&fold=no&q={quote(TEXT)}"
    yield f"/incidents?status=all&fold=no&service={named}"
    yield "/incidents?status=all&fold=no"
    yield from (f"/incidents/{one.id}" for one in world.incidents()[1:8])


def test_hostile_text_stays_text_on_every_page(world, site, signed_in):
    texts = [TEXT, NAME, *corpus_texts()]
    number = told_by_machines(world)
    everybody_has_a_password()
    eve, welcome = written_by_people(world, number, texts)
    seen = list(places(world, number, eve, welcome))
    page = signed_in("eve@example.org", unhurried=True, **PHONE)
    asked, wrong = set(), []
    page.on("request", lambda request: asked.add(request.url))
    page.on("console", lambda said: wrong.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("dialog", lambda said: wrong.append(f"{page.url}: dialog {said.message}"))
    for place in seen:
        answer = page.goto(place, wait_until="load")
        wrong += [f"{place}: {one}" for one in page.evaluate(WRONG, site)]
        if answer.status != 200:
            wrong.append(f"{place}: {answer.status}")
    assert wrong == [], "\n".join(wrong)
    assert {url for url in asked if not url.startswith((site + "/", "data:"))} == set()
    assert len(seen) > 60
    if not OF_THE_CORPUS:
        pytest.skip("our own texts stayed texts; there is no corpus (TEST_SHARED)")
