"""The incident page: each state in words, the parts of the timeline, what was before, and what people change there."""

import re
from datetime import timedelta

import yaml

from gateway import actions
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import reply
from tests.samples import PEOPLE, alert, group


def page(browser, number, query=""):
    answer = browser.get(f"/incidents/{number}{query}")
    assert answer.status_code == 200
    return answer.text


def has(text, *words):
    assert [one for one in words if one not in text] == []


def test_every_state_says_in_words_what_it_is(world, anna):
    (one,) = world.alert()
    has(page(anna, one), "Unacknowledged for", "Who is next", "Escalate now", "Silence like this")
    has(page(anna, one), f'href="/rules/test?incident={one}"', 'href="/rules/critical"')
    assert re.search(r'href="/policies/[^"]+"', page(anna, one))
    anna.press(f"/incidents/{one}/acknowledge", **{"for": "30m"})
    has(page(anna, one), "Acknowledged by", "Reminds in", "30:00")
    world.passes(minutes=31)
    has(page(anna, one), "Calls again in")
    anna.press(f"/incidents/{one}/snooze", **{"for": "1h"})
    has(page(anna, one), "Snoozed for", "1 h")
    anna.press(f"/incidents/{one}/resolve", fixed_by="A new <b>disk</b>")
    text = page(anna, one)
    has(text, "To acknowledge", "To resolve", "People woken at night", "A new &lt;b&gt;disk", "Was it worth it?")
    has(text, "Should this have been a call?", "Change the title")
    assert "Escalate now" not in text

    (two,) = world.alert(name="Other", fingerprint="o")
    (three,) = world.alert(name="Third", fingerprint="t")
    anna.press(f"/incidents/{two}/merge", into=f"#{three}")
    has(page(anna, two), f"Anna merged it into #{three}", f'href="/incidents/{three}"')
    has(page(anna, three), f"merged #{two} into it", "Other on db01")


def test_what_keeps_it_quiet_is_named(world, anna):
    anna.press("/silences", matcher='alertname="Quiet"', reason="Moving the rack", emergencies="hide", **{"for": "1h"})
    (number,) = world.alert(name="Quiet", fingerprint="q")
    text = page(anna, number)
    has(text, "Suppressed", "Silence 1 by Anna keeps it quiet until 04:12: Moving the rack", 'href="/silences/1"')
    has(text, "Kept quiet for")


def test_a_call_that_pagerduty_did_not_take_is_said_in_red(staffed, providers):
    everybody_has_a_password()
    browser = Browser(staffed.app)
    browser.sign_in("anna@example.org")
    providers.pagerduty.usual = lambda _: reply(503)
    (number,) = staffed.alert()
    for _ in range(8):
        staffed.delivers()
        staffed.passes(seconds=15)
    staffed.delivers()
    text = page(browser, number)
    has(text, "PagerDuty did not accept the call (", "503", "Sent instead: SMS, ")


def test_the_timeline_has_parts_and_pages(world, anna):
    (number,) = world.post(group(alert(fingerprint="a0"), alert(fingerprint="a1"))).json["incidents"]
    world.delivers()
    for n in range(2, 5):
        world.alert(fingerprint=f"a{n}", instance=f"db{n}")
    anna.press(f"/incidents/{number}/notes", text="Looking at the disk")
    everything, people, messages, alerts = (
        page(anna, number, f"?tl={part}") for part in ("", "people", "notifications", "alerts")
    )
    has(everything, "Looking at the disk", "Call to Anna", "3 more alerts")
    has(people, "Looking at the disk", 'aria-current="page">People')
    has(messages, "Call to Anna")
    has(alerts, "4 more alerts")  # one line for three that came after each other
    assert ("Call to Anna" in people, "Looking at" in messages, "Call to Anna" in alerts) == (False,) * 3
    for n in range(70):
        actions.add_note(number, f"note {n:03}", actions.Actor("Anna", "dashboard"), world.clock.now())
    first = page(anna, number, "?tl=people")
    assert ("note 069" in first, "note 005" in first, "Older lines" in first) == (True, False, True)
    before = re.search(r"before=(\d+)", first)[1]
    assert "note 005" in page(anna, number, f"?tl=people&before={before}")
    longer = re.search(r'hx-get="(/incidents[^"]+)"', first)[1].replace("&amp;", "&")
    has(anna.get(longer).text, "note 069", "note 005")
    for n in range(70, 250):
        actions.add_note(number, f"note {n:03}", actions.Actor("Anna", "dashboard"), world.clock.now())
    last = page(anna, number, "?tl=people&much=4")  # from here on page by page
    has(last, "note 249", "note 010", "Older lines")
    assert ("note 009" in last, "much=5" in last) == (False, False)
    for odd in ("5", "0", "-1", "1000000", "x"):
        assert "note 189" not in page(anna, number, f"?tl=people&much={odd}")
    assert page(anna, number, "?tl=nonsense&before=x&from=%00")


def test_whoever_is_not_told_has_a_name(world_of):
    world = world_of(
        people=PEOPLE.replace("NTFY", "https://ntfy.example").replace(
            "name: Oleg, role: responder", "name: Oleg, role: viewer"
        )
    )
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("anna@example.org")
    (number,) = world.alert()
    world.passes(minutes=6)
    text = page(browser, number)
    has(text, "Oleg is not told: a viewer is never paged", "not Oleg: a viewer is never paged")
    assert "oleg@example.org is not told" not in text


def test_e6_no_answer(world_of):
    """E6: who has no verified phone is skipped at once, and the timeline says why; then the next one, by the clock."""
    mute = {"email": "oleg@example.org", "name": "Oleg", "role": "responder"}
    listed = yaml.safe_load(PEOPLE.replace("NTFY", "https://ntfy.example"))
    crew = {**listed, "people": [mute if one["email"] == mute["email"] else one for one in listed["people"]]}
    world = world_of(people=yaml.safe_dump(crew, allow_unicode=True))
    world.alert()
    assert [(one.level, one.who) for one in world.deliveries(channel="pagerduty")] == [(1, "anna@example.org")]
    world.passes(minutes=5)
    called = [(one.level, one.who) for one in world.deliveries(channel="pagerduty")]
    assert called[:2] == [(1, "anna@example.org"), (2, "irina@example.org")]
    (skipped, *_rest) = world.entries("escalated")
    reasons = {one["who"]: one["reason"] for one in skipped.detail["not_told"]}
    assert reasons["oleg@example.org"].startswith("no verified contact for voice")
    assert world.incident().level == 3  # his step is not waited for
    assert world.clock.now() - world.incident().opened_at < timedelta(minutes=6)
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("anna@example.org")
    has(page(browser, world.incident().id), "Oleg is not told: no verified contact for")


def test_it_is_known_what_was_before_and_what_fixed_it(world, anna):
    numbers = []
    for n in range(3):
        (number,) = world.alert(service="mail", starts=f"2026-12-05T00:{10 + n}:00Z")
        numbers.append(number)
        world.clock.advance(minutes=(4, 9, 1)[n])
        anna.press(f"/incidents/{number}/resolve", fixed_by=f"Restart {n}")
        world.clock.advance(minutes=20)
    has(page(anna, numbers[1]), "Median time to resolve", ">4 min<")
    text = page(anna, numbers[2])
    has(
        text,
        "Seen before",
        "2 times in 30 days",
        ">4 min<",
        "Restart 0",
        "Restart 1",
        f'href="/incidents/{numbers[0]}"',
    )
    (other,) = world.alert(name="Beside", fingerprint="b", service="mail")
    (near,) = world.alert(name="Near", fingerprint="n", service="mail")
    has(page(anna, near), "Began with it", f'href="/incidents/{other}"')
    world.clock.advance(days=31)
    anna.sign_in()
    (late,) = world.alert(service="mail", starts="2027-01-06T00:00:00Z")
    assert "Seen before" not in page(anna, late)


def test_the_forms_change_it_and_say_what_is_missing(world, anna):
    (number,) = world.post(group(alert(fingerprint="a0"), alert(fingerprint="a1"))).json["incidents"]
    wrong = [
        ("urgency", {"urgency": "fast"}, "Write why it is more or less urgent"),
        ("urgency", {"urgency": "x", "reason": "y"}, "Choose one of the four"),
        ("title", {"title": " "}, "A title cannot be empty"),
        ("merge", {"into": "abc"}, "Write the number of the incident"),
        ("merge", {"into": str(number)}, "Not merged: an incident cannot be merged into itself"),
        ("split", {}, "Not split: of the alerts that go"),
        ("fixed", {"text": "x"}, "It is not resolved yet"),
        ("verdict", {"verdict": "useful"}, "It is not resolved yet"),
        ("verdict", {"verdict": "huge"}, "Choose a verdict"),
    ]
    for what, said, words in wrong:
        answer = anna.press(f"/incidents/{number}/{what}", **said)
        assert (answer.status_code, words in answer.text) == (422, True), (what, said)
    assert world.timeline(number) == ["opened", "joined"]
    anna.press(f"/incidents/{number}/urgency", urgency="ordinary", reason="A test")
    anna.press(f"/incidents/{number}/title", title="Disk of <db01>")
    answer = anna.press(f"/incidents/{number}/split", alert="2")
    assert answer.headers["Location"] == f"/incidents/{number + 1}"
    text = page(anna, number)
    has(text, "Disk of &lt;db01&gt;", "changed the urgency: Emergency → Ordinary", f"they are #{number + 1} now")
    has(page(anna, number + 1), f"split it off from #{number}", "Why Ordinary")
    level = world.incidents()[0].level
    assert anna.press(f"/incidents/{number}/escalate", level=level).status_code == 302
    assert anna.press("/incidents/99/title", title="x").status_code == 404


def test_from_the_list_and_on_through_it(world, anna):
    numbers = [world.alert(name=name, fingerprint=name)[0] for name in ("A", "B", "C")]
    listed = anna.get("/incidents?status=open").text
    has(listed, f'href="/incidents/{numbers[1]}?from=status%3Dopen"')
    text = page(anna, numbers[1], "?from=status%3Dopen")
    has(text, "2 of 3 in the list", 'id="up" href="/incidents?status=open"')
    has(text, f'id="previous" href="/incidents/{numbers[2]}?from=status%3Dopen"')
    has(text, f'id="next" href="/incidents/{numbers[0]}?from=status%3Dopen"')
    assert 'id="next"' not in page(anna, numbers[0], "?from=status%3Dopen")


def test_all_alerts_and_what_was_received(world, anna):
    (number,) = world.post(group(*(alert(fingerprint=f"a{n}", instance=f"db{n}") for n in range(12)))).json["incidents"]
    has(page(anna, number), "Show all 12", f"/incidents/{number}/payloads")
    has(anna.get(f"/incidents/{number}/alerts").text, "InstanceDown on db0", "InstanceDown on db11")
    raw = anna.get(f"/incidents/{number}/payloads").text
    has(raw, "&#34;groupKey&#34;: &#34;{}:{}&#34;", "db11", "Copy")
    assert anna.get("/incidents/99/payloads").status_code == 404


def test_an_act_is_answered_whatever_page_it_says_it_comes_from(world, anna):
    (number,) = world.alert()
    for address in ("http://[", "", "http://localhost/incidents/1?before=x&much=99"):
        answer = anna.press(f"/incidents/{number}/acknowledge", {"HX-Request": "true", "HX-Current-URL": address})
        assert (answer.status_code, '<div id="incident"' in answer.text) == (200, True), address


def test_what_was_received_is_shown_though_a_character_of_it_is_broken(world, anna):
    (number,) = world.post(group(alert(note="half \ud83d of it", other="\u0007"))).json["incidents"]
    answer = anna.get(f"/incidents/{number}/payloads")
    assert answer.status_code == 200
    has(answer.text, "half \ufffd of it", "&#34;groupKey&#34;")


def test_the_page_is_russian_for_whoever_reads_russian(world, anna):
    anna.press("/me", language="ru", theme="")
    (number,) = world.alert()
    world.passes(minutes=6)
    text = page(anna, number)
    has(
        text,
        "Почему «Экстренный»",
        "дежурит (infra): Anna",
        "severity — это critical",
        "Эскалировать",
        "Части хронологии",
    )
