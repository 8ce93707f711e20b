"""Tickets looked up: by number from everywhere, and by the words of the filter box in their list."""

import importlib
import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, insert, select, update

from dashboard.tickets import filtering, queries
from gateway.lists import matching
from gateway.store.db import transaction
from gateway.store.tables import Incident, TicketName
from tests.integration.test_ticket_pages import signed_in
from tests.integration.test_tickets import post, ticket

CLIENT = {"name": "Пётр Никитин", "email": "p@client.example"}


def listed(browser, path="/tickets", **asked):
    page = browser.get(f"{path}?{urlencode(asked)}").text
    return re.findall(r'<span class="mono">(SD-\d+)</span><', page)


def test_the_search_on_top_finds_a_ticket_by_its_number(world, monkeypatch):
    (first,) = post(world, ticket(number="SD-4711", subject="Nothing prints"))
    (other,) = post(world, ticket(number="SD-47", subject="See SD-4711 too"))
    (counted,) = post(world, ticket(number="48213"))
    world.alert(name="SD-47110")
    page = signed_in(world)

    def found(q, **more):
        text = page.get(f"/incidents?{urlencode({'status': 'all', 'q': q, **more})}").text
        return sorted(int(one) for one in re.findall(r"<tr id=\"?row-(\d+)", text))

    assert found("SD-4711") == [first, other, other + 2]  # the text is looked for as before
    assert found("#SD-4711") == [first]
    assert found("48213") == [counted]
    assert found(str(counted)) == [counted]
    assert found("SD-4711", urgency="fast") == [first, other]
    assert found("SD-4711", urgency="ordinary") == []
    assert found("SD-4711", source="ticket", sort="-age") == [first, other]
    assert first in found("SD-4711", sort="-alerts", status="unresolved")
    assert found("SD-9") == []
    page.press(f"/incidents/{first}/resolve")
    monkeypatch.setattr(matching, "SEARCHED", 1)  # however many have come since
    for n in range(3):
        post(world, ticket(number=f"X-{n}"))
    assert first in found("sd-4711")
    assert other not in found("sd-4711")  # in the text of what lies too far back
    assert found("SD-4711", status="resolved") == [first]
    assert found("SD-4711", assignee="none", source="ticket") == [first]
    assert found("SD-4711", assignee="me") == []


def test_the_list_of_tickets_is_narrowed_by_the_words_of_every_list(world):
    numbers = {n: post(world, ticket(number=f"SD-{n}", **more))[0] for n, more in (
        (1, {"requester": CLIENT, "service": "mail"}),
        (2, {"service": "vpn", "priority": "low"}),
        (3, {"service": "mail", "subject": "Скрипит стул"}),
        (4, {"service": "mail"}),
    )}  # fmt: skip
    page = signed_in(world)
    page.press(f"/incidents/{numbers[3]}/assign", to="anna@example.org")
    page.press(f"/incidents/{numbers[4]}/resolve")
    for asked, found in (
        ({"q": "SD-1"}, ["SD-1"]), ({"q": "никитин"}, ["SD-1"]), ({"q": "client.example"}, ["SD-1"]),
        ({"q": "service:mail"}, ["SD-1"]), ({"q": "service:mail", "tab": "open"}, ["SD-1", "SD-3"]),
        ({"tab": "open", "assignee": "anna@example.org"}, ["SD-3"]), ({"tab": "open", "q": "СТУЛ"}, ["SD-3"]),
        ({"q": "urgency:ordinary"}, ["SD-2"]), ({"q": "source:ticket"}, ["SD-1", "SD-2"]),
        ({"q": f"#{numbers[2]}"}, ["SD-2"]), ({"q": "from:-1h urgency:ordinary"}, ["SD-2"]), ({"q": "to:-1h"}, []),
        ({"q": "status:resolved"}, ["SD-4"]), ({"tab": "closed", "q": "service:mail"}, ["SD-4"]),
        ({"tab": "closed", "q": "service:vpn"}, []), ({"q": "status:snoozed"}, []), ({"q": "team:infra"}, []),
        ({"tab": "open", "q": "status:ack"}, []), ({"q": "nonsense"}, []),
    ):  # fmt: skip
        assert listed(page, **asked) == found, asked
    text = page.get("/tickets?q=SD-3+service:mail+sort:age+colour:red&urgency=fast").text
    assert re.search(r"In another tab:.*href=\"/tickets/SD-3\?source=ticket\">SD-3 Скрипит стул", text)
    for words in ("No ticket matches", "This list has one order only.", "There is no such word.", "urgency:fast",
                  'name="service" value="mail"', 'value="SD-3"', "urgency=fast&amp;service=mail&amp;q=SD"):  # fmt: skip
        assert words in text, words
    assert 'href="/tickets?tab=open&amp;urgency=fast' in text  # the tabs keep what was asked for, and count by it
    snoozed = page.get("/tickets?tab=open&q=status:snoozed").text
    assert 'status:snoozed</span><a href="/tickets?tab=open"' in snoozed
    live = page.get("/live?page=tickets&since=old&q=" + "q%3DSD-2").text
    assert "SD-2<" in live
    assert "SD-1<" not in live


def issue(world, event="jira:issue_created", key="TES-41", number="31001", **fields):
    said = {"webhookEvent": event, "issue": {"id": number, "key": key, "fields": {"summary": "No mail", **fields}}}
    assert world.post(said, "jira").status_code == 202


def test_what_people_know_by_another_name_than_its_desk_is_found_by_it(world):
    issue(world)
    issue(world, number="31002", key="TES-4")
    world.clock.advance(minutes=1)
    issue(world, "jira:issue_updated", key="NEW-7", status={"name": "Done", "statusCategory": {"key": "done"}})
    (closed, other), page = world.incidents(), signed_in(world)
    assert closed.status == "resolved"
    with transaction() as session:  # what was there before names were kept is named by a migration
        kept = sorted(session.execute(select(TicketName.key, TicketName.fingerprint)).all())
        session.execute(delete(TicketName))
        names = importlib.import_module("gateway.store.migrations.versions.0043_names_of_old_tickets")
        names.portion(session.connection(), [closed.id, other.id])
        session.execute(insert(TicketName).values(key="TES-41", source_id=closed.source_id, fingerprint="31001"))
        assert sorted(session.execute(select(TicketName.key, TicketName.fingerprint)).all()) == kept
    assert kept == [("NEW-7", "31001"), ("TES-4", "31002"), ("TES-41", "31001")]
    for key in ("NEW-7", "new-7", "TES-41", "#NEW-7"):  # an old key leads to where it was moved
        found = page.get(f"/incidents?{urlencode({'status': 'all', 'q': key})}").text
        assert re.findall(r"<tr id=\"?row-(\d+)", found) == [str(closed.id)], key
        text = page.get(f"/tickets?{urlencode({'tab': 'closed', 'q': key})}").text
        assert re.findall(r'<span class="mono">([A-Z]+-\d+)</span><', text) == ["NEW-7"], key
    assert [page.get(f"/tickets/{key}").status_code for key in ("NEW-7", "TES-41", "TES-4", "TES-5")] == [200] * 3 + [
        404
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_closed_tickets_are_looked_through_page_by_page(world, monkeypatch):
    for module, name, size in ((filtering, "PAGE", 2), (filtering, "TRIED", 2), (filtering, "MOST_TRIED", 4),
                               (queries, "PAGE", 2)):  # fmt: skip
        monkeypatch.setattr(module, name, size)
    for n in range(1, 10):
        post(world, ticket(number=f"SD-{n}", service="mail" if n in (1, 2, 8, 9) else "vpn"))
    with transaction() as session:
        session.execute(update(Incident).values(status="resolved"))
    page, path, seen = signed_in(world), "/tickets?tab=closed&q=service:mail", []
    while path:
        text = page.get(path).text
        seen += re.findall(r'<span class="mono">(SD-\d+)</span><', text)
        more = re.search(r'class="btn sm" href="([^"]*after=[^"]*)"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == ["SD-9", "SD-8", "SD-2", "SD-1"]
    assert listed(page, tab="closed", q="SD-1") == ["SD-1"]  # its number is found at once
