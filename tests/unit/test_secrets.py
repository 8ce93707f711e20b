"""Secrets: sealed, rotated, made once, compared."""

import re

import pytest

from gateway.secrets import BadSecret, Vault, digest, fits, make_key_file, make_secret_key, new_token, salted, same

OLD, NEW = make_secret_key(), make_secret_key()


def test_what_is_sealed_can_be_opened_and_not_read():
    sealed = Vault(OLD).seal("ключ-1")
    assert "1" * 32 not in sealed
    assert sealed != Vault(OLD).seal("ключ-1")
    assert Vault(OLD).open(sealed) == "ключ-1"


def test_keys_rotate():
    sealed = Vault(OLD).seal("x")
    both = Vault(f"{NEW},{OLD}")
    assert both.open(sealed) == "x"
    assert Vault(NEW).open(both.seal("y")) == "y"


@pytest.mark.parametrize("sealed", ["", "plain text", "ключ"])
def test_what_was_never_sealed_is_refused(sealed):
    with pytest.raises(BadSecret):
        Vault(OLD).open(sealed)


def test_another_key_opens_nothing():
    with pytest.raises(BadSecret):
        Vault(NEW).open(Vault(OLD).seal("x"))


def test_without_a_key_nothing_is_sealed():
    with pytest.raises(BadSecret):
        Vault("").seal("x")


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "data/secret_key"
    made = make_key_file(path)
    assert len(made) >= 43
    assert make_key_file(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_tokens_are_long_and_never_the_same():
    first, second = new_token(), new_token()
    assert first != second
    assert first.startswith("nabat_")
    assert len(first) == 6 + 43
    assert len(digest(first)) == 64


def test_a_key_that_is_counted_is_of_that_length_and_still_known_as_ours():
    made = {new_token(32) for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"nabat[a-z0-9]{27}", one) for one in made)


def test_comparing_takes_any_text():
    assert same("é\ud800", "é\ud800")
    assert not same("é", "e")
    assert digest("\ud800") != digest("\ud801")


def test_what_stands_for_a_secret_is_another_each_time_and_fits_only_it():
    told = {salted("secret") for _ in range(50)}
    assert len(told) == 50
    assert {len(one) for one in told} == {36}
    assert all(fits("secret", one) for one in told)
    one = told.pop()
    changed = [one[:n] + ("A" if one[n] != "A" else "B") + one[n + 1 :] for n in range(36)]
    for wrong in ("", "secret", one[:-1], one + "x", "é\ud800", *changed):
        assert not fits("secret", wrong), wrong
    assert not fits("another", one)
    assert not fits("", salted(""))
