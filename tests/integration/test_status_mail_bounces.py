"""Letters to subscribers of the status page that come back: nothing more is sent there, and administrators see it."""

import re

import pytest
from sqlalchemy import select, update

from gateway.acts import subscribing
from gateway.flows import housekeeping
from gateway.store.db import db, transaction
from gateway.store.outgoing.clients import AFTER
from gateway.store.public import subscribers
from gateway.store.tables import Delivery, NoticeRow
from tests.fakes.sendgrid import Signer, events
from tests.fakes.smtp import FakeSmtp
from tests.integration.test_status_pages import NAMES, ONE_IS_ENOUGH, Site

CLIENT, OTHER = "petra@client.example", "otto@client.example"
NOBODY = "550 5.1.1 <petra@client.example>: no such user"
SIGNER = Signer()


@pytest.fixture
def post():
    with FakeSmtp() as made:
        yield made


@pytest.fixture
def site(world_of, post):
    made = Site(world_of(NABAT_SMTP_URL=post.url(), NABAT_MAIL_FROM="Acme <status@acme.example>",
                         NABAT_SENDGRID_WEBHOOK_KEY=SIGNER.public))  # fmt: skip
    made.admin.press("/settings/status-page", **NAMES, on="1", mail="1")
    with transaction() as session:
        for email in (CLIENT, OTHER):
            row = subscribers.ask(session, email, f"key-of-{email}", "en", made.clock.now())
            row.confirmed_at = made.clock.now()
    return made


def settings(site):
    return site.admin.get("/settings/status-page").text


def leaves(site):
    site.clock.advance(seconds=AFTER.total_seconds() + 1)
    site.world.delivers()


def letters(site):
    db.session.rollback()
    rows = db.session.scalars(select(Delivery).where(Delivery.incident_id == 0).order_by(Delivery.id))
    return [(one.address, one.status) for one in rows]


def says(site, number=1, **more):
    """SendGrid, of a letter."""
    told = {
        "event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no such user", "sg_event_id": f"{more}",
        "sg_message_id": "abc.recvd-5d4", "nabat_delivery": str(number), "nabat_incident": f"notice-{site.uuid}",
    }  # fmt: skip
    body = events(told | more)
    headers = SIGNER.headers(body, int(site.clock.now().timestamp()))
    assert site.world.client.post("/callback/sendgrid", data=body, headers=headers).status_code == 202
    return CLIENT in settings(site)


def test_whom_a_mail_server_does_not_know_is_written_to_no_more_and_an_administrator_sees_it(site, post):
    site.publishes()
    post.at("rcpt", NOBODY)
    site.clock.advance(seconds=AFTER.total_seconds())
    site.world.delivers()  # the first; the other's is due a tenth of a second later
    leaves(site)
    assert letters(site) == [(CLIENT, "failed"), (OTHER, "sent")]
    page = settings(site)
    assert "1 address has confirmed" in page
    assert CLIENT in page
    assert "550 5.1.1" in page
    assert OTHER not in page
    said = {"title-en": "Mail", "text-en": "It is slow.", "state-2": "slow"}
    assert "by e-mail to 1 client" in site.admin.press("/notices", **said).text
    site.updates(1, "identified", "A broken disk.", **{"state-1": "down"})
    leaves(site)
    assert letters(site)[2:] == [(OTHER, "sent")]
    number = re.search(r"/status-page/mail/(\d+)/again", page)[1]
    assert site.admin.press(f"/settings/status-page/mail/{number}/again").status_code == 302
    assert CLIENT not in settings(site)
    site.updates(1, "resolved", "Over.")
    leaves(site)
    assert letters(site)[3:] == [(CLIENT, "sent"), (OTHER, "sent")]
    assert site.admin.press(f"/settings/status-page/mail/{number}/again").status_code == 404


@pytest.fixture
def told(site):
    """SendGrid has taken the letter."""
    site.publishes()
    leaves(site)
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id == 1).values(provider_ref="sendgrid:abc"))
        site.uuid = session.scalar(select(NoticeRow.uuid))
    return site


def test_what_sendgrid_says_of_a_letter_of_ours_counts(told):
    assert letters(told)[0] == (CLIENT, "sent")
    for foreign in ({"nabat_incident": "notice-of-another"}, {"nabat_incident": "status"}, {"sg_message_id": "xyz.x"}):
        assert not says(told, **foreign), foreign
    told.updates(1, "identified", "A broken disk.", **{"state-1": "down"})
    assert letters(told)[2:] == [(CLIENT, "queued"), (OTHER, "queued")]
    assert says(told)
    assert [status for _, status in letters(told)] == ["failed", "sent", "cancelled", "queued"]
    assert "SendGrid: bounced: bounce 5.1.1 550 no such user" in settings(told)


@ONE_IS_ENOUGH
def test_what_is_no_word_about_the_address_pauses_nobody(told):
    for passing in ({"type": "blocked"}, {"status": "5.2.2"}, {"event": "dropped", "reason": "Spam Content"}):
        assert not says(told, **passing), passing


@ONE_IS_ENOUGH
def test_what_comes_back_after_it_had_arrived_counts_and_what_sendgrid_keeps_back(told):
    assert not says(told, event="delivered")
    assert says(told)
    assert letters(told)[0] == (CLIENT, "delivered")
    told.admin.press("/settings/status-page/mail/0/again")
    assert CLIENT not in settings(told)
    assert says(told, event="dropped", status="", type="", reason="Bounced Address")


@ONE_IS_ENOUGH
def test_whoever_reads_there_after_all_says_so_or_leaves_and_silence_is_forgotten(told, post):
    says(told)
    link = f"/status/mail/key-of-{CLIENT}"
    assert "An e-mail to you bounced" in told.page(link)
    told.visitor.post("/status/mail", email=CLIENT)
    told.clock.advance(hours=2)
    told.world.delivers()
    assert [one["To"] for one in post.mails if "/status/mail/" in one.get_body().get_content()][-1] == CLIENT
    told.visitor.post(link, do="confirm")
    assert CLIENT not in settings(told)
    assert [one for one in letters(told) if one[0] == ""] == [("", "sent")], "the question is not needed any more"
    assert says(told, sg_event_id="another")
    told.clock.advance(days=89)
    housekeeping.tidy(told.clock.now())
    assert told.visitor.get(link).status_code == 200
    told.clock.advance(days=2)
    housekeeping.tidy(told.clock.now())
    assert told.visitor.get(link).status_code == 404
    assert CLIENT not in {address for address, _ in letters(told)}


@ONE_IS_ENOUGH
def test_an_administrator_takes_an_address_off_and_one_that_never_said_yes_is_not_listed(told):
    with transaction() as session:
        row = subscribers.ask(session, "typo@client.example", "k", "en", told.clock.now())
        subscribing.bounced(session, row.email, "no such user", told.clock.now())
    assert "typo@" not in settings(told)
    says(told)
    assert told.admin.press("/settings/status-page/mail/0/remove").status_code == 404
    assert told.admin.press("/settings/status-page/mail/1/remove").status_code == 302
    assert CLIENT not in settings(told)
    assert CLIENT not in {address for address, _ in letters(told)}
    assert told.admin.press("/settings/status-page/mail/2/again").status_code == 404, "nothing came back from there"
