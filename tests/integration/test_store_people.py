"""People in the database: imported, read as a directory, exported again."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway import channels
from gateway.secrets import Vault, digest
from gateway.store.db import db, transaction
from gateway.store.directory import people as store
from gateway.store.tables import ContactRow, Fact, PersonRow
from rules.reading.people import ListedContact, parse
from rules.words import Role

VAULT = Vault("a-vault-key-of-the-people-tests-0123456789")
FILE = parse(
    """
people:
  - email: Nina@example.org
    name: Нина
    role: responder
    language: ru
    timezone: Europe/Moscow
    contacts:
      - {channel: pagerduty, address: key-of-nina}
      - {channel: sms, address: "+70000000001"}
  - {email: boss@example.org, name: Boss, role: viewer}
teams:
  - name: network
    members: [nina@example.org]
    contacts: [{channel: pagerduty, address: key-of-network}]
schedules:
  - name: network
    team: network
    timezone: Europe/Moscow
    layers: [{start: "2026-11-02T09:00", every: 1w, members: [nina@example.org]}]
""",
    "people.yaml",
    {},
)


def take(file, now, vault=VAULT):
    with transaction() as session:
        return str(store.import_people(session, file, vault, now))


def version():
    return db.session.scalar(select(Fact.value).where(Fact.key == store.VERSION))


def with_contacts(*contacts):
    nina = replace(FILE.people[0], contacts=tuple(ListedContact(*contact) for contact in contacts))
    return replace(FILE, people=(nina, *FILE.people[1:]))


def test_importing_twice_changes_nothing_and_says_so(app, clock):
    assert take(FILE, clock.now()) == "4 added, 0 changed, 0 unchanged"
    first, rows = version(), db.session.execute(select(ContactRow.id, ContactRow.address)).all()
    clock.advance(hours=1)
    assert take(FILE, clock.now()) == "0 added, 0 changed, 4 unchanged"
    assert version() == first
    assert db.session.execute(select(ContactRow.id, ContactRow.address)).all() == rows


def test_the_directory_is_what_the_file_says(app, clock):
    take(FILE, clock.now())
    found = store.directory(db.session())
    nina = found.people["nina@example.org"]
    assert (nina.name, nina.role, nina.language, nina.timezone) == ("Нина", Role.RESPONDER, "ru", "Europe/Moscow")
    assert [contact.channel for contact in nina.contacts] == ["pagerduty", "sms"]
    assert all(contact.verified and contact.id for contact in nina.contacts)
    assert found.teams["network"].members == ("nina@example.org",)
    schedule = found.schedules["network"]
    assert replace(schedule, id=0, layers=()) == replace(FILE.schedules[0], layers=())
    assert schedule.layers[0].members == ("nina@example.org",)
    assert schedule.layers[0].start == FILE.schedules[0].layers[0].start


def test_secret_addresses_are_sealed_and_known_by_their_hash(app, clock):
    take(FILE, clock.now())
    key, sms = store.directory(db.session()).people["nina@example.org"].contacts
    assert "key-of-nina" not in key.address
    assert VAULT.open(key.address) == "key-of-nina"
    assert key.address_id == digest("key-of-nina")
    assert (sms.address, sms.address_id) == ("+70000000001", digest("+70000000001"))


def test_a_changed_file_changes_only_what_it_says(app, clock):
    take(FILE, clock.now())
    before = version()
    ids = {one.channel: one.id for one in store.directory(db.session()).people["nina@example.org"].contacts}
    new = with_contacts(("sms", "+70000000002"), ("pagerduty", "key-of-nina"))
    assert take(new, clock.now()) == "0 added, 1 changed, 3 unchanged"
    sms, key = store.directory(db.session()).people["nina@example.org"].contacts
    assert (sms.address, key.id) == ("+70000000002", ids["pagerduty"])
    assert sms.id != ids["sms"]
    assert version() != before


def test_an_imported_contact_counts_as_verified_even_if_it_was_not(app, clock):
    take(FILE, clock.now())
    with transaction() as session:
        session.scalars(select(ContactRow).where(ContactRow.channel == "sms")).one().verified_at = None
    assert not store.directory(db.session()).people["nina@example.org"].contacts[1].verified
    assert take(FILE, clock.now()) == "0 added, 1 changed, 3 unchanged"
    assert store.directory(db.session()).people["nina@example.org"].contacts[1].verified


def test_who_is_not_in_the_file_stays(app, clock):
    with transaction() as session:
        store.create_user(session, "Old@Example.org", "Old", Role.ADMIN, "hash", clock.now())
    take(FILE, clock.now())
    assert "old@example.org" in store.directory(db.session()).people


def test_an_import_keeps_a_password(app, clock):
    with transaction() as session:
        store.create_user(session, "nina@example.org", "", Role.ADMIN, "hash", clock.now())
    assert take(FILE, clock.now()) == "3 added, 1 changed, 0 unchanged"
    row = db.session.scalars(select(PersonRow).where(PersonRow.email == "nina@example.org")).one()
    assert (row.password_hash, row.role, row.name) == ("hash", "responder", "Нина")


def test_nobody_is_made_twice(app, clock):
    with transaction() as session:
        store.create_user(session, "nina@example.org", "N", Role.ADMIN, None, clock.now())
    before = version()
    with pytest.raises(store.PersonExists), transaction() as session:
        store.create_user(session, " NINA@example.org", "N", Role.ADMIN, None, clock.now())
    assert version() == before


def test_who_is_not_active_is_not_in_the_directory(app, clock):
    take(FILE, clock.now())
    with transaction() as session:
        session.scalars(select(PersonRow).where(PersonRow.email == "boss@example.org")).one().active = False
    assert list(store.directory(db.session()).people) == ["nina@example.org"]


def test_what_is_exported_can_be_imported_and_changes_nothing(app, clock):
    take(FILE, clock.now())
    exported = store.export_people(db.session(), VAULT)
    assert exported.people[0].contacts[0] == ListedContact("pagerduty", "key-of-nina")
    assert take(exported, clock.now()) == "0 added, 0 changed, 4 unchanged"


def test_the_store_knows_which_channels_keep_secrets():
    secret = {name for name in channels.names() if channels.find(name).SECRET}
    assert secret == store.SECRET_CHANNELS
