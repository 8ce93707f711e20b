"""The pages of sources: a token and what to paste, what came and why it was refused, keys, replays dry and real."""

import html
import json
import re
import shlex
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.tables import AlertmanagerAddress, Audit, Delivery, Entry, Incident, Payload, Source, Token
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.alertmanager import FakeAlertmanager
from tests.samples import webhook


@pytest.fixture
def people(world_of):
    """A world, and browsers of an administrator and a responder."""
    world = world_of(NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL="https://nabat.example.org")
    everybody_has_a_password()
    found = [Browser(world.app), Browser(world.app)]
    for browser, name in zip(found, ("irina", "anna"), strict=True):
        assert browser.sign_in(f"{name}@example.org").status_code == 302
    return world, *found


def tokens():
    db.session.rollback()
    db.session.expunge_all()
    return list(db.session.scalars(select(Token).order_by(Token.id)))


def send(world, token, body=None, kind="alertmanager", **more):
    return world.client.post(f"/ingest/{kind}", json=body, headers={"Authorization": f"Bearer {token}"}, **more)


def shown(page):
    return re.findall(r"nabat_[A-Za-z0-9_-]{43}|nabat[a-z0-9]{27}", page)


def test_a_new_source_gets_a_token_once_with_what_to_paste_and_hears_of_the_first_request(people):
    world, irina, _ = people
    assert irina.press("/sources/new", kind="pigeon", name="x").status_code == 422
    assert "No source was added." in irina.press("/sources/new", kind="alertmanager", name="x" * 101).text
    made = irina.press("/sources/new", kind="alertmanager", name="am-prod")
    token = shown(made.text)[0]
    assert made.headers["Cache-Control"] == "no-store"
    assert f"credentials: {token}" in made.text
    assert "https://nabat.example.org/ingest/alertmanager" in made.text
    assert "Listening" in made.text
    number = db.session.scalar(select(Source.id).where(Source.name == "am-prod"))
    assert "there is a source of this name already" in irina.press("/sources/new", kind="ticket", name="am-prod").text
    page = irina.get(f"/sources/{number}").text
    assert not shown(page)
    assert "YOUR-TOKEN" in page
    assert re.search(r'data-copy="snippet-1".*id="snippet-1"', page, re.S)
    assert irina.get(f"/sources/{number}/heard").status_code == 200
    assert send(world, token, webhook()).status_code == 202
    heard = irina.get(f"/sources/{number}/heard")
    assert heard.status_code == 286
    assert "Heard it." in heard.text
    assert "hx-get" not in heard.text
    assert ("token create", "am-prod") in db.session.execute(select(Audit.action, Audit.target)).all()
    ticket = irina.press("/sources/new", kind="ticket", name="desk").text
    assert "/ingest/ticket" in ticket
    assert "alertmanager.yml" not in ticket


def test_what_was_refused_and_put_aside_is_shown_with_its_reason(people):
    world, irina, anna = people
    token = world.token()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    auth = {"Authorization": f"Bearer {token}"}
    assert world.client.post("/ingest/alertmanager", data=b"{<b>", headers=auth).status_code == 400
    for _ in range(2):
        assert world.client.post("/ingest/alertmanager", data=b"", headers=auth).status_code == 400
    encoded = {**auth, "Content-Encoding": "gzip"}
    assert world.client.post("/ingest/alertmanager", data=b"x", headers=encoded).status_code == 415
    body = webhook()
    body["alerts"].append("not an alert <script>")
    assert send(world, token, body).status_code == 202
    page = irina.get(f"/sources/{number}").text
    assert "202, 1 item put aside" in page
    assert "<b>2×</b> the body is empty" in page
    assert "content encoding" in page
    assert "<script>" not in page.replace("<script src", "")
    listed = irina.get("/sources").text
    assert "refusing some" in listed
    assert f"…{token[-4:]}" in listed
    for browser_page in (anna.get("/sources").text, anna.get(f"/sources/{number}").text):
        assert token[-4:] not in browser_page
        assert "Rotate" not in browser_page
        assert "Send test alert" not in browser_page
    world.clock.advance(days=1, seconds=1)
    irina.sign_in("irina@example.org")
    assert "the body is empty</li>" not in irina.get(f"/sources/{number}").text


def test_a_rotated_token_lives_a_day_more_and_a_revoked_one_no_longer(people):
    world, irina, _ = people
    old = world.token()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    (row,) = tokens()
    new = shown(irina.press(f"/sources/{number}/token", old=row.id).text)[0]
    assert irina.press(f"/sources/{number}/token", old=row.id + 100).status_code == 422
    assert [send(world, one, webhook()).status_code for one in (old, new)] == [202, 202]
    page = irina.get(f"/sources/{number}").text
    assert "ends Sun 6 Dec, 03:12" in page
    assert "Last used" in page
    world.clock.advance(hours=23, minutes=59)
    assert send(world, old, webhook()).status_code == 202
    world.clock.advance(minutes=1)
    assert [send(world, one, webhook()).status_code for one in (old, new)] == [401, 202]
    irina.sign_in("irina@example.org")
    page = irina.get(f"/sources/{number}").text
    assert old[-4:] not in page
    fresh = tokens()[1]
    assert irina.press(f"/sources/{number}/revoke", token=fresh.id, confirm="nope").status_code == 422
    assert irina.press(f"/sources/{number}/revoke", token=fresh.id, confirm=fresh.ending).status_code == 302
    assert send(world, new, webhook()).status_code == 401
    assert "None works" in irina.get(f"/sources/{number}").text
    actions = db.session.scalars(select(Audit.action).order_by(Audit.id)).all()
    assert [one for one in actions if one.startswith("token")] == ["token rotate", "token revoke"]


def count(*tables):
    db.session.rollback()
    return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_a_payload_is_explained_without_a_trace_and_replayed_through_intake(people):
    world, irina, anna = people
    token = world.token("ticket", "desk")
    number = db.session.scalar(select(Source.id).where(Source.name == "desk"))
    assert send(world, token, {"id": "T-1", "subject": "Mail <down>"}, "ticket").status_code == 202
    payload = db.session.scalar(select(Payload.id))
    irina.get("/sources")
    tables = (Incident, Delivery, Entry, Audit, Payload)
    before = count(*tables)
    place = f"/sources/{number}/requests/{payload}"
    page = anna.get(place).text
    assert "Mail &lt;down&gt;" in page
    assert "everything else" in page  # the rule
    assert "Irina" in page  # told first
    assert "Take it in again" not in page
    assert count(*tables) == before
    assert anna.press(f"{place}/replay").status_code == 403
    assert irina.get(f"/sources/{number + 1}/requests/{payload}").status_code == 404
    irina.press(f"/sources/{number}/settings", priority="critical")
    assert "critical tickets" in irina.get(place).text  # as it would be taken now
    done = irina.press(f"{place}/replay")
    assert done.headers["Location"] == f"/incidents/{world.incidents()[0].id}"
    assert len(world.incidents()) == 1  # the same ticket
    assert count(Payload) == [before[-1] + 1]
    assert send(world, token, {"id": "T-2"}, "ticket").status_code == 202
    assert world.incidents()[-1].rule == "critical tickets"
    rows = db.session.execute(select(Audit.action, Audit.target, Audit.detail).order_by(Audit.id)).all()
    told = {action: (target, detail) for action, target, detail in rows}
    assert told["payload replay"][1]["payload"] == payload
    assert told["source set"][1]["after"]["default_priority"] == "critical"


@pytest.mark.parametrize("kind", ["ticket", "jira", "zendesk"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_service_desk_says_which_priority_stands_in_for_none_and_who_nabat_is_there(people, kind):
    world, irina, _ = people
    world.token(kind)
    number = db.session.scalar(select(Source.id).where(Source.kind == kind))
    irina.press(f"/sources/{number}/settings", priority="low", account="nabat@example.org, 5b10a2")
    page = irina.get(f"/sources/{number}").text
    assert "<dt>Priority if none is known</dt><dd>low</dd>" in page
    assert "<dt>Nabat writes there as</dt><dd>nabat@example.org, 5b10a2</dd>" in page
    assert irina.press(f"/sources/{number}/settings", account="x" * 301).status_code == 422
    irina.press(f"/sources/{number}/settings", priority="high")
    assert 'value="nabat@example.org, 5b10a2"' in irina.get(f"/sources/{number}").text


def test_a_test_alert_takes_the_way_of_the_others_and_is_marked(people):
    world, irina, _ = people
    world.token()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    place = irina.press(f"/sources/{number}/test").headers["Location"]
    incident = world.incident()
    assert place == f"/incidents/{incident.id}"
    assert incident.is_test
    assert world.deliveries()
    assert count(Audit) != [0]


def test_alertmanagers_are_asked_and_guarded_and_keep_their_secret_for_their_own_address_only(people):
    world, irina, _ = people
    world.token()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    place = f"/sources/{number}/alertmanagers"
    refused = irina.press(place, urls="http://169.254.169.254/latest", auth="none")
    assert refused.status_code == 422
    assert "169.254.169.254" in refused.text
    assert irina.press(place, urls="https://am.example.org", auth="bearer", secret="").status_code == 422
    with FakeAlertmanager(world.clock) as there:
        said = irina.press(place, urls=there.url, auth="bearer", secret="s3cret").text
        assert "it answers: 0 alerts fire there" in said
        assert "s3cret" not in said
        kept = irina.press(place, urls=f"{there.url} {there.url}/other", auth="keep")
    assert kept.status_code == 302
    rows = db.session.execute(select(Audit.detail).where(Audit.action == "source set")).all()
    assert "s3cret" not in repr(rows)
    found = db.session.scalars(select(AlertmanagerAddress).order_by(AlertmanagerAddress.id)).all()
    assert [bool(one.sealed) for one in found] == [True, False]
    wrong = irina.press(f"/sources/{number}/settings", stale="soon")
    assert wrong.status_code == 422
    assert irina.press(f"/sources/{number}/settings", stale="24h").status_code == 302
    assert db.session.scalar(select(Source.stale_after).where(Source.id == number)) == timedelta(days=1).total_seconds()


GRAFANA = {  # as a contact point of the kind Webhook sends it
    "receiver": "nabat", "status": "firing", "orgId": 1, "version": "1", "title": "[FIRING:1]", "state": "alerting",
    "alerts": [{
        "status": "firing", "labels": {"alertname": "HighLoad", "grafana_folder": "prod", "severity": "critical"},
        "annotations": {"summary": "Load is high"}, "startsAt": "2026-12-05T00:11:00Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "https://grafana.example.org/alerting/grafana/1/view",
        "fingerprint": "c0ffee", "silenceURL": "https://grafana.example.org/s", "values": {"A": 97.5},
    }],
}  # fmt: skip


def test_what_is_to_be_pasted_really_works(people):
    world, irina, _ = people
    for kind, tabs in (
        ("alertmanager", ["Alertmanager", "curl"]),
        ("ticket", ["Ticket webhook", "curl"]),
        ("grafana", ["Grafana", "curl"]),
        ("jira", ["Jira", "curl"]),
        ("zendesk", ["Zendesk", "curl"]),
        ("freshdesk", ["Freshdesk", "curl"]),
        ("zammad", ["Zammad", "curl"]),
        ("otrs", ["OTRS, Znuny", "curl"]),
        ("redmine", ["Redmine", "curl"]),
        ("servicenow", ["ServiceNow", "curl"]),
        ("glpi", ["GLPI", "curl"]),
        ("zabbix", ["Zabbix", "curl"]),
        ("github", ["GitHub", "curl"]),
        ("gitlab", ["GitLab", "curl"]),
        ("linear", ["Linear", "curl"]),
        ("azure", ["Azure Monitor", "curl"]),
        ("generic", ["Webhook", "Body", "curl"]),
        ("uptime-kuma", ["Uptime Kuma", "curl"]),
        ("sns", ["AWS CloudWatch (SNS)", "curl"]),
        ("sentry", ["Sentry", "curl"]),
        ("gcp", ["Google Cloud Monitoring", "curl"]),
        ("pagerduty", ["PagerDuty", "curl"]),
        ("opsgenie", ["Opsgenie", "curl"]),
        ("nagios", ["Nagios", "Icinga 2", "curl"]),
        ("datadog", ["Datadog", "curl"]),
        ("healthchecks", ["Healthchecks", "curl"]),
        ("statuscake", ["StatusCake", "curl"]),
    ):
        page = irina.press("/sources/new", kind=kind, name=f"{kind}-x").text
        assert re.findall(r'<label for="for-\d">([^<]+)<', page) == tabs
        texts = [html.unescape(text) for text in re.findall(r'id="snippet-\d"[^>]*>(.*?)</pre>', page, re.S)]
        token = shown(page)[0]
        assert all(token in text and f"https://nabat.example.org/ingest/{kind}" in text for text in texts)
        words = shlex.split(texts[-1].replace("\\\n", " "))
        assert (words[0], words[2]) == ("curl", f"https://nabat.example.org/ingest/{kind}")
        given = dict(one.split(": ") for flag, one in pairwise(words) if flag == "-H")
        answer = world.client.post(f"/ingest/{kind}", data=words[-1], headers=given)
        assert (answer.status_code, answer.json["accepted"], answer.json["quarantined"]) == (202, 1, 0)
        if kind == "ticket":
            body = texts[0].partition("\n\n")[2]
            assert send(world, token, json.loads(body), kind).json["accepted"] == 1
        if kind in ("alertmanager", "grafana"):
            assert send(world, token, GRAFANA, kind).json["accepted"] == 1
    page = irina.get(f"/sources/{db.session.scalar(select(Source.id).where(Source.name == 'alertmanager-x'))}").text
    assert re.search(r"Taken in, median</dt><dd>\d+(\.\d)? ms", page)


def test_what_was_about_nothing_is_shown_with_what_it_said(people):
    world, irina, _ = people
    token = shown(irina.press("/sources/new", kind="uptime-kuma", name="kuma").text)[0]
    number = db.session.scalar(select(Source.id).where(Source.name == "kuma"))
    said = {"heartbeat": None, "monitor": None, "msg": "To Nabat Testing"}
    assert send(world, token, said, "uptime-kuma").json["accepted"] == 0
    page = irina.get(f"/sources/{number}").text
    assert "no monitor is up or down by it, as in a test: To Nabat Testing" in page
    assert "never used" not in page
    assert "refused</td>" not in page
    assert not world.incidents()


def test_a_signing_secret_is_shown_once_and_never_pasted_as_a_token(people):
    _, irina, _ = people
    irina.press("/sources/new", kind="zendesk", name="desk")
    number = db.session.scalar(select(Source.id).where(Source.name == "desk"))
    page = irina.get(f"/sources/{number}").text
    assert "X-Zendesk-Webhook-Signature" in page
    made = irina.press(f"/sources/{number}/token", signing="1").text
    (secret,) = set(shown(made))
    assert "The new signing secret, shown this once" in made
    assert f"Bearer {secret}" not in made
    assert "YOUR-TOKEN" in made
    assert secret not in irina.get(f"/sources/{number}").text


def test_a_secret_that_the_sender_has_made_is_entered_and_never_shown(people):
    world, irina, anna = people
    irina.press("/sources/new", kind="zendesk", name="desk")
    number = db.session.scalar(select(Source.id).where(Source.name == "desk"))
    place, public = f"/sources/{number}/token", "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    assert anna.press(place, signing="1", secret="their-own-secret-41==").status_code == 403
    for wrong, word in (("short", "16 to 200"), (public, "everybody knows this secret")):
        refused = irina.press(place, signing="1", secret=wrong)
        assert (refused.status_code, word in refused.text) == (422, True)
    assert irina.press(place, signing="1", secret=" their-own-secret-41== ").status_code == 302
    page = irina.get(f"/sources/{number}?done=secret").text
    assert "their-own-secret" not in page
    assert "…41==" in page
    assert "is kept, encrypted" in page
    kept = tokens()[-1]
    assert world.app.extensions["gateway"].vault.open(kept.sealed) == "their-own-secret-41=="
    again = irina.press(place, signing="1", secret="their-own-secret-41==")
    assert (again.status_code, "in use already" in again.text) == (422, True)


def test_senders_without_a_signature_of_their_own_are_offered_none(people):
    world, irina, _ = people
    world.token()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    assert "A secret that the sender has made" not in irina.get(f"/sources/{number}").text
