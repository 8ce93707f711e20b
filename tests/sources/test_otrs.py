"""OTRS and Znuny: types of states, numbers of priorities, whose article it is, and what of a whole ticket is kept."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.otrs import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


def read(event="TicketStateUpdate", article=None, **given):
    happened = {"Event": event, "TicketID": "57"} | ({"ArticleID": article} if article else {})
    (alert,) = parse({"Ticket": {"TicketNumber": "2026120510000017", **given}, "Event": happened}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body", [None, [], {}, {"Ticket": {}}, {"Event": {"TicketID": "5"}}, {"TicketNumber": "<OTRS_TICKET_TicketNumber>"}]
)
def test_what_names_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("state", "kind", "firing", "touch"),
    [("neu", "new", True, False), ("offen", "open", True, False), ("erledigt", "closed", False, False),
     ("closed successful", "", False, False), ("closed", None, False, False),
     ("wartet", "pending reminder", True, True),
     ("pending auto close+", "pending auto", True, True), ("x", "merged", False, False), ("x", "removed", False, False),
     ("open", "closed", False, False), ("x", "", True, True), ([], {}, True, True)],
)  # fmt: skip
def test_the_type_of_a_state_says_whether_it_is_over(state, kind, firing, touch):
    alert = read(State=state, StateType=kind)
    assert (alert.firing, alert.touch) == (firing, touch)


@pytest.mark.parametrize(
    ("name", "number", "priority", "guessed"),
    [("1 very low", "1", "low", False), ("2 niedrig", None, "low", False), ("3 normal", "3", "normal", False),
     ("4 hoch", None, "high", False), ("5 very high", None, "critical", False), ("very high", None, "critical", False),
     ("dringend", "5", "critical", False), ("dringend", "77", "high", True), (None, None, "high", True)],
)  # fmt: skip
def test_a_priority_is_known_by_its_word_or_its_number(name, number, priority, guessed):
    alert = read(Priority=name, PriorityID=number)
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


def test_of_a_deleted_ticket_nothing_is_left():
    assert parse({"Ticket": {}, "Event": {"Event": "TicketDelete", "TicketID": "5"}}, HEARD).alerts == []


ARTICLES = [
    {"ArticleID": "101", "ArticleNumber": "1", "Body": "first", "From": "Olga <olga@client.example>"},
    {"ArticleID": "102", "ArticleNumber": "2", "Body": "second", "From": "Ira", "IsVisibleForCustomer": 1},
]


@pytest.mark.parametrize(
    ("article", "given", "event", "text"),
    [("101", {"Articles": ARTICLES}, "created", "first"), ("102", {"Articles": ARTICLES}, "commented", "second"),
     ("101", {"Article": ARTICLES[0]}, "created", "first"), ("102", {"Article": ARTICLES[1]}, "commented", "second"),
     ("102", {"Article": ARTICLES[1], "Articles": ARTICLES}, "commented", "second"),
     ("109", {"Articles": ARTICLES}, "commented", ""), ("109", {}, "commented", "")],
)  # fmt: skip
def test_the_first_article_is_the_tickets_own_text(article, given, event, text):
    alert = read("ArticleCreate", article, **given)
    found = alert.annotations.get("description") or alert.ticket.comment.get("text", "")
    assert (alert.ticket.event, found) == (event, text)


def test_of_people_only_names_and_addresses_are_kept_and_of_attachments_their_number():
    person = {"UserFirstname": "Olga", "UserLastname": "Owl", "UserEmail": "olga@client.example"}
    more = {"UserMobile": "+49 30 1", "UserComment": "difficult", "UserPassword": "hash"}
    article = {**ARTICLES[1], "Attachment": [{"Filename": "a.bin", "Content": "QUJD" * 1000}]}
    alert = read(
        "ArticleCreate", "102", CustomerUser=person | more, OwnerData=person | more, OwnerID="3", Article=article
    )
    assert alert.ticket.requester == {"name": "Olga Owl", "email": "olga@client.example"}
    assert (alert.ticket.assignee, alert.ticket.comment["attachments"]) == ("olga@client.example", 1)
    assert not any(text in str(alert) for text in ("+49", "difficult", "hash", "QUJD"))


@pytest.mark.parametrize(("owner", "number"), [("root@localhost", "1"), ("root@localhost", None), ("x", "1"), ("", "")])
def test_what_the_system_itself_owns_is_nobodys(owner, number):
    assert (
        read(Owner=owner, OwnerID=number, OwnerData={"UserEmail": "root@localhost"} if number else {}).ticket.assignee
        == ""
    )


def test_a_ticket_opens_is_written_to_once_and_ends(world):
    whole = {"TicketNumber": "9", "Title": "Till", "StateType": "open", "Changed": "2026-12-05 00:00:00"}
    created, note = {"Event": "TicketCreate"}, {"Event": "ArticleCreate", "ArticleID": "102"}
    told = {**whole, "Articles": ARTICLES, "Changed": "2026-12-05 00:01:00"}
    over = {**told, "StateType": "closed", "Changed": "2026-12-05 00:02:00"}
    for ticket, event in ((whole, created), (told, note), (told, note), (over, {"Event": "TicketStateUpdate"})):
        assert world.post({"Ticket": ticket, "Event": event}, "otrs").status_code == 202
    assert world.timeline().count("ticket commented") == 1
    assert (world.incident().status, world.incident().title) == ("resolved", "Till")
