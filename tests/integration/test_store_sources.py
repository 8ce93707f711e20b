"""Sources and tokens in the database."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.secrets import digest
from gateway.store.db import db, transaction
from gateway.store.senders import sources
from gateway.store.tables import Source, Token

KINDS = ("alertmanager", "ticket")


def make(clock, kind="alertmanager", name=""):
    with transaction() as session:
        return sources.create_token(session, kind, name, clock.now(), KINDS)


def test_a_token_belongs_to_a_source_made_for_it(app, clock):
    token = make(clock)
    owner = sources.find_token(db.session(), token, clock.now())
    assert (owner.name, owner.kind, owner.scopes) == ("alertmanager", "alertmanager", ())
    assert db.session.get(Source, owner.source_id).created_at == clock.now()


def test_only_the_hash_is_kept(app, clock):
    token = make(clock)
    row = db.session.scalars(select(Token)).one()
    assert row.hash == digest(token)
    assert row.ending == token[-4:]
    assert token not in repr(vars(row))


def test_two_tokens_are_one_source(app, clock):
    first, second = make(clock, name="prod"), make(clock, name="prod")
    owners = [sources.find_token(db.session(), token, clock.now()) for token in (first, second)]
    assert owners[0].source_id == owners[1].source_id
    assert owners[0].token_id != owners[1].token_id


def test_a_name_belongs_to_one_kind(app, clock):
    make(clock, name="prod")
    with pytest.raises(sources.NotPossible, match="of kind alertmanager"):
        make(clock, "ticket", "prod")


def test_an_unknown_kind_is_refused_with_the_known_ones(app, clock):
    with pytest.raises(sources.NotPossible, match="known are alertmanager, ticket"):
        make(clock, "alertmanger")


@pytest.mark.parametrize("name", ["x" * 101, "a\nb"])
def test_bad_names_are_refused(app, clock, name):
    with pytest.raises(sources.NotPossible, match="printable"):
        make(clock, name=name)


def test_a_program_has_scopes(app, clock):
    with transaction() as session:
        token = sources.create_api_token(session, "wallboard", ["read"], clock.now())
    owner = sources.find_token(db.session(), token, clock.now())
    assert (owner.name, owner.kind, owner.source_id, owner.scopes) == ("wallboard", "api", None, ("read",))


@pytest.mark.parametrize("token", ["", "nabat_x", "é", "\ud800", "\x00", "x" * 100_000])
def test_nobody_owns_a_token_that_was_never_made(app, clock, token):
    make(clock)
    assert sources.find_token(db.session(), token, clock.now()) is None


def test_use_is_remembered(app, clock):
    token = make(clock)
    owner = sources.find_token(db.session(), token, clock.now())
    clock.advance(minutes=1)
    with transaction() as session:
        sources.touch(session, [owner.token_id, owner.token_id], [owner.source_id], clock.now())
        sources.touch(session, [], [], clock.now())
    ((row, source),) = sources.list_tokens(db.session())
    assert row.last_used_at == source.last_seen_at == row.created_at + timedelta(minutes=1)


@pytest.mark.parametrize("which", ["ending", "id"])
def test_a_revoked_token_opens_nothing_and_stays_listed(app, clock, which):
    token, other = make(clock), make(clock)
    with transaction() as session:
        given = token[-4:] if which == "ending" else str(sources.find_token(session, token, clock.now()).token_id)
        assert sources.revoke(session, given, clock.now()).revoked_at == clock.now()
    assert sources.find_token(db.session(), token, clock.now()) is None
    assert sources.find_token(db.session(), other, clock.now()) is not None
    assert len(sources.list_tokens(db.session())) == 2


@pytest.mark.parametrize("which", ["", "none", "99999999999999999999", "0"])
def test_revoking_nothing_says_so(app, clock, which):
    make(clock)
    with pytest.raises(sources.NotPossible, match="no token in use"), transaction() as session:
        sources.revoke(session, which, clock.now())
