"""The pages about the rule book: rules with hits and warnings, policies with the names of a moment, the tester."""

import html
import json
import os
import re
from zoneinfo import ZoneInfo

import pytest

from gateway.flows import hits
from gateway.flows import rollups as keeping
from gateway.flows.librarian import Librarian
from gateway.flows.own_alerts import OWN_SOURCE
from gateway.store.db import reading, transaction
from gateway.store.incidents.hits import by_rule
from gateway.store.senders import sources as source_store
from rules.checks import book_cases
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import BOOK, alert, group, webhook

ODD = BOOK.replace(
    "routes:\n",
    "calendars: {work: {days: mon-fri, hours: \"09:00-18:00\"}}\nroutes:\n"
    "  - {name: \"<b>odd</b>/one & two\", match: ['a=b', "
    "'env=~\"x|y\"'], when: not work, hold_until: work, urgency: fast, policy: infra}\n"
    "  - {name: never, match: ['severity=critical', 'severity!=critical'], urgency: fast, policy: infra}\n"
    "  - {name: test, match: [c=d], urgency: urgent, policy: support, group_by: []}\n",
)  # fmt: skip


# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def world(staffed_of):
    made = staffed_of(ODD)
    everybody_has_a_password()
    return made


@pytest.fixture
def anna(world):
    browser = Browser(world.app)
    browser.sign_in("irina@example.org")
    return browser


def test_rules_say_how_often_they_are_met_and_what_is_doubtful(world, anna):
    for number in range(3):
        world.alert(name=f"Down{number}", fingerprint=f"f{number}")
    world.clock.advance(minutes=2)
    hits.count(world.clock.now())
    world.alert(name="Later", fingerprint="later")  # not counted yet: added when somebody asks
    page = anna.get("/rules").text
    row = page.partition('id="rule-4"')[2].partition("</tr>")[0]
    assert "critical" in row
    assert ">4</td>" in row.replace("&nbsp;</span>4</td>", ">4</td>")
    assert "<b>odd" not in page
    assert "&lt;b&gt;odd&lt;/b&gt;/one &amp; two" in page
    assert "never met: " in page
    assert "waits until “work” opens" in page
    assert world.app.extensions["gateway"].shelf.book.version in page
    world.clock.advance(days=9)
    hits.count(world.clock.now())
    anna.sign_in("irina@example.org")
    assert "not in seven days" in anna.get("/rules").text.partition('id="rule-4"')[2].partition("</tr>")[0]


def test_each_hit_is_counted_once_whoever_counts(world):
    world.alert()
    world.clock.advance(minutes=1)
    for _ in range(3):
        hits.count(world.clock.now())

    with reading() as session:
        assert by_rule(session, world.clock.now())["critical"].count == 1


@sqlite
def test_one_rule_with_its_text_and_the_numbers_of_its_lines(world, anna):
    page = anna.get("/rules/critical").text
    assert "{name: critical, match: [&#39;severity=&#34;critical&#34;&#39;]" in page
    line = ODD.splitlines().index(next(one for one in ODD.splitlines() if "name: critical, " in one)) + 1
    assert f'aria-hidden="true">{line}</td>' in page
    assert "critical tickets" not in page.partition("In the file")[2].partition("</section>")[0]
    odd = anna.get("/rules/%3Cb%3Eodd%3C/b%3E/one%20%26%20two")
    assert (odd.status_code, "<b>odd" in odd.text) == (200, False)
    assert anna.get("/rules/3").status_code == 200  # "test" is the tester's address
    assert 'href="/rules/3"' in anna.get("/rules").text
    assert anna.get("/rules/0").status_code == anna.get("/rules/none").status_code == 404


@sqlite
def test_a_policy_minute_by_minute_with_the_names_of_a_moment(world, anna):
    page = anna.get("/policies").text
    assert "Anna" in page
    page = anna.get("/policies/infra").text
    told = page.partition('id="h-steps"')[2]
    assert [name in told for name in ("at once", "Anna", "+5 min", "Oleg", "+15 min", "Irina")] == [True] * 6
    assert told.index("Anna") < told.index("Oleg") < told.index("Irina")
    assert "the last step is told every 15 min until somebody answers" in page
    before = anna.get("/policies/infra?at=2026-10-01T03:00&class=fast").text  # no shift had begun
    assert "nobody is on call at this time" in before
    assert "it stops and is shown as overdue" in before
    assert anna.get("/policies/nothing").status_code == 404


def tried(browser, body, **more):
    return browser.press("/rules/test", {"HX-Request": "true"}, body=body, kind="alertmanager", source="am", **more)


@sqlite
def test_the_tester_says_what_would_happen_and_does_nothing(world, anna):
    (number,) = world.alert()
    counts = (len(world.deliveries()), len(world.entries()), len(world.incidents()))
    answer = tried(anna, json.dumps(webhook()), at="2026-12-05T03:12")
    assert answer.status_code == 200
    text = answer.text
    assert "<html" not in text
    assert "severity=&#34;critical&#34;: severity is critical" in text
    assert "a=&#34;b&#34;" in text or "a=b: a is missing" in text
    assert f'href="/incidents/{number}"' not in text  # another source's
    assert "It would open an incident." in text
    assert "Anna" in text
    assert "2 rules after these were not reached" in text
    assert "voice gate: " in text
    same = anna.press("/rules/test", {"HX-Request": "true"}, body=json.dumps(webhook()), kind="alertmanager",
                      source="alertmanager", at="")  # fmt: skip
    assert f'href="/incidents/{number}"' in same.text
    assert (len(world.deliveries()), len(world.entries()), len(world.incidents())) == counts
    whole = anna.press("/rules/test", body=json.dumps(webhook()), kind="alertmanager")  # without JavaScript
    assert "<html" in whole.text
    assert "critical" in whole.text.partition('id="decision"')[2]


@sqlite
def test_the_tester_lists_the_mappings_and_tries_a_body_by_one(world_of):
    own = (
        BOOK
        + """mappings:
  boiler:
    id: unit
    status: {from: state, resolved: [fine]}
    title: [unit, state]
"""
    )
    world = world_of(own)
    everybody_has_a_password()
    anna = Browser(world.app)
    anna.sign_in()
    world.token("generic", "boiler north")
    page = anna.get("/rules/test").text.partition('id="mappings"')[2]
    mine, _, ours = page.partition("<details")
    assert re.search(r"boiler</b>.*?book\.yaml:\d+.*?an alert.*?boiler north.*?mapping=boiler", mine, re.S)
    assert "boiler" not in ours
    assert re.search(r"pingdom</b>.*?Pingdom.*?mapping=pingdom", ours, re.S)
    filled = anna.get("/rules/test?mapping=prtg").text
    assert re.search(r'<option value="generic" selected>', filled)
    assert 'name="source" value="prtg"' in filled
    assert "%sensorid" in filled
    body = json.dumps({"unit": "K7", "state": "cold"})
    told = anna.press("/rules/test", {"HX-Request": "true"}, body=body, kind="generic", source="boiler")
    assert "K7: cold" in told.text or "K7 cold" in told.text
    assert world.incidents() == []
    assert "Take a payload" in anna.get("/rules/test?mapping=unheard-of").text


def test_what_came_of_it_is_a_test_case_of_the_book(world, anna):
    text = tried(anna, json.dumps(webhook(password="hunter2")), at="2026-12-05T03:12").text
    case = html.unescape(text.partition('<pre class="code" tabindex="0">')[2].partition("</pre>")[0])
    found = book_cases.parse(case.encode(), "case.yaml", "Europe/Moscow")
    (one,) = found.cases
    assert (one.expected.route, one.expected.policy, one.expected.alerts) == (("critical",), ("infra",), 1)
    assert "hunter2" not in case


@sqlite
def test_mistakes_are_shown_with_their_place(world, anna):
    broken = tried(anna, '{"alerts": [\n  {"status": }\n]}')
    assert (broken.status_code, "line 2, column" in broken.text) == (422, True)
    assert "This payload cannot be read" in tried(anna, "[]").text
    assert "larger than 40 KiB" in tried(anna, "x" * (40 * 1024 + 1)).text
    aside = tried(anna, '{"version": "4", "alerts": [5]}').text
    assert "Items put aside" in aside or "cannot be read" in aside
    hostile = tried(anna, json.dumps(webhook(instance="<script>alert(1)</script>"))).text
    assert "<script>" not in hostile


def test_a_payload_is_taken_from_the_last_ones_or_from_an_incident_with_its_secrets_masked(world, anna):
    (number,) = world.alert(api_token="s3cr3t-value", instance="db07")
    page = anna.get(f"/rules/test?incident={number}").text
    assert "db07" in page
    assert "s3cr3t-value" not in page
    assert "db07" in anna.get("/rules/test?payload=1").text
    assert "is not kept any more" in anna.get("/rules/test?payload=999").text
    assert "#77 is not kept any more" in anna.get("/rules/test?incident=77").text
    many = [alert(fingerprint=f"m{one}", instance=f"host{one}", text="x" * 200) for one in range(200)]
    world.post(group(*many))
    long = anna.get("/rules/test?payload=2").text
    assert "alerts of it are left out here" in long
    assert "host0" in long
    assert "host199" not in long
    assert anna.get("/rules/test?incident=nonsense").status_code == 200


def test_nothing_was_received_of_what_nabat_itself_says(world, anna):
    """Its page leads to no payload, and who asks for one all the same is answered."""
    assert world.post([1]).status_code == 400
    (own,) = world.incidents()
    assert own.source_id == OWN_SOURCE
    assert "/rules/test?incident" not in anna.get(f"/incidents/{own.id}").text
    assert anna.get(f"/rules/test?incident={own.id}").status_code == 200
    (sent,) = world.alert()
    assert f"/rules/test?incident={sent}" in anna.get(f"/incidents/{sent}").text


@sqlite
def test_a_silence_is_named_and_too_many_tries_are_refused(world, anna):
    with transaction() as session:
        made = source_store.create_api_token(session, "robot", ["read", "act"], world.clock.now())
    world.client.post(
        "/api/v1/silences", headers={"Authorization": f"Bearer {made}"},
        json={"matchers": ['alertname="InstanceDown"'], "reason": "kernel update", "for": "2h",
              "page_emergencies": False},
    )  # fmt: skip
    text = tried(anna, json.dumps(webhook())).text
    assert "kernel update" in text
    codes = [tried(anna, "{}").status_code for _ in range(30)]
    assert codes[-1] == 429
    assert "Wait a minute" in tried(anna, "{}").text
    world.clock.advance(minutes=2)
    assert tried(anna, json.dumps(webhook())).status_code == 200


def test_a_policy_shows_its_changes_who_made_them_and_which_incidents_keep_an_older_version(world, anna):
    gateway = world.app.extensions["gateway"]
    librarian, book = Librarian(gateway), gateway.shelf.place / "book.yaml"
    librarian.look(world.clock.now())
    assert "None since Nabat looks at it" in anna.get("/policies/infra").text
    old = gateway.shelf.book.version
    (number,) = world.alert()
    world.clock.advance(hours=1)
    stat, text = book.stat(), book.read_text()
    book.write_text(text.replace("wait: 5m", "wait: 7m", 1))
    os.utime(book, ns=(stat.st_mtime_ns + 10**9, stat.st_mtime_ns + 10**9))
    librarian.look(world.clock.now())
    new = gateway.shelf.book.version
    assert new != old
    anna.sign_in("irina@example.org")
    page = anna.get("/policies/infra").text
    part = page.partition('id="h-hist"')[2].partition("</section>")[0]
    assert (old in part, f'href="/incidents/{number}"' in part, new in part) == (True, True, True)
    assert re.search(r'class="del">.*wait: 5m', part)
    assert re.search(r'class="ins">.*wait: 7m', part)
    assert "in force" in part
    svg = page.partition('class="rb-bar"')[2].partition("</svg><p")[0]
    assert ("at once" in svg, "+7 min" in svg, "#phone-call" in svg) == (True, True, True)
    keeping.turn(world.clock.now(), ZoneInfo("Europe/Moscow"))
    assert "1 service" not in anna.get("/policies/support").text
    listed = anna.get("/policies").text
    assert re.search(r"\d services?, \d rules?", listed)
    assert "None since Nabat looks at it" in anna.get("/rules/critical").text


@sqlite
def test_saved_cases_stand_beside_the_tester_with_their_state_and_are_run_by_one_press(world, anna, monkeypatch):
    folder = world.app.extensions["gateway"].shelf.place / "tests"
    assert "None yet." in anna.get("/rules/test").text
    folder.mkdir()
    case = "  - {{name: {}, at: 2026-12-05T03:12, payload: {}, expect: {{alerts: 1, urgency: {}}}}}\n"
    payload = json.dumps(webhook())
    both = "tests:\n" + case.format("good", payload, "emergency") + case.format("<b>bad", payload, "ordinary")
    (folder / "a.yaml").write_text(both)
    page = anna.get("/rules/test").text.partition('id="cases"')[2]
    assert "1 of 2 is not as expected" in page
    assert "<b>bad" not in page
    assert (page.count("as expected</span>"), page.count("differs"), "a.yaml:2" in page) == (2, 1, True)
    (folder / "b.yaml").write_text("tests: [{nonsense: 1}]\n")
    page = anna.press("/rules/cases").text.partition('id="cases"')[2]
    assert "Run just now" in page
    assert "b.yaml:1" in page
    (folder / "b.yaml").unlink()
    monkeypatch.setattr("dashboard.rulebook.cases.AT_ONCE", 10)
    (folder / "a.yaml").write_text(both.replace("ordinary", "emergency"))
    assert "they are run when you ask" in anna.get("/rules/test").text
    assert "2 cases, all as expected" in anna.press("/rules/cases").text
    assert "2 cases, all as expected" in anna.get("/rules/test").text
    assert anna.get("/rules/critical").text.count('id="copied"') == 1


@sqlite
def test_a_rule_that_is_never_reached_names_who_takes_all_and_since_when(staffed_of):
    two = ("  - {name: first, match: ['severity=~\"critical|error\"'], urgency: urgent, policy: infra}\n"
           "  - {name: dead, match: ['severity=critical', env=prod], urgency: fast, policy: infra}\n")  # fmt: skip
    text = BOOK.replace("routes:\n", "routes:\n" + two, 1)
    world = staffed_of(text)
    everybody_has_a_password()
    Librarian(world.app.extensions["gateway"]).look(world.clock.now())
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    page = irina.get("/rules").text
    said = re.search(r"Never reached since [^<]*:\s*<a href=\"/rules/first\">rule (\d) takes all", page)
    assert said is not None
    assert said[1] == "1"


TICKET = {
    "event": "ticket.created", "id": "SD-1", "subject": "Printer <b>", "priority": "high", "service": "mail",
    "requester": {"name": "Пётр", "email": "p@client.example"}, "url": "https://sd.example/1",
}  # fmt: skip


def test_the_tester_shows_what_each_channel_would_say_and_of_an_sms_its_parts(world, anna):
    for body, kind in ((webhook(), "alertmanager"), (TICKET, "ticket")):
        page = anna.press("/rules/test", kind=kind, body=json.dumps(body), source="", at="2026-12-05T03:12").text
        told = re.search(r"What messages would say</summary>.*?</details>", page, re.DOTALL)
        assert told, page
        for channel in ("Voice (PagerDuty)", "SMS", "Push (ntfy)", "E-mail"):
            assert f"<h4>{channel}" in told[0], channel
        letters, alphabet, parts = re.search(r"(\d+) characters, (\S+), (\d) parts?", told[0]).groups()
        assert alphabet == "GSM-7", "English letters, and a link of which no letter costs more"
        assert int(parts) == (1 if int(letters) <= 160 else -(-int(letters) // 153))
    said = re.findall(r"<pre[^>]*>(.*?)</pre>", told[0], re.DOTALL)
    assert len(said) == 4
    assert all("Printer &lt;b&gt;" in one for one in said), said
    assert (world.deliveries(), world.incidents()) == ([], [])
    resolved = anna.press("/rules/test", kind="alertmanager", body=json.dumps(webhook("resolved")), source="", at="")
    assert "What messages would say" not in resolved.text
