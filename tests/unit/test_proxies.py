"""Whose word about the visitor is believed."""

import pytest

from gateway.access.proxies import TrustedProxies


def seen(trusted, **environ):
    caught = {}
    TrustedProxies(lambda env, _: caught.update(env) or [], trusted)(
        {"REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http", "HTTP_HOST": "inside", **environ}, None
    )
    return caught["REMOTE_ADDR"], caught["wsgi.url_scheme"], caught["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.7, 10.0.0.2",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "nabat.example.org",
}


def test_a_named_proxy_is_believed_up_to_the_first_address_that_is_none_of_ours():
    assert seen(["10.0.0.0/8"], **FORWARDED) == ("203.0.113.7", "https", "nabat.example.org")


@pytest.mark.parametrize("trusted", [[], ["192.0.2.0/24"], ["::1"]])
def test_anybody_else_is_not(trusted):
    assert seen(trusted, **FORWARDED) == ("10.0.0.1", "http", "inside")


def test_nonsense_changes_nothing():
    assert seen(["10.0.0.1"], HTTP_X_FORWARDED_FOR="x'; --", HTTP_X_FORWARDED_PROTO="javascript") == (
        "10.0.0.1",
        "http",
        "inside",
    )


@pytest.mark.parametrize("made_up", ["fe80::1%eth0", "fe80::1%" + "x" * 5000, "203.0.113.7:4711", "[::1]", "1.2.3"])
def test_what_is_not_quite_an_address_is_none(made_up):
    """Counters and logs are kept by it: it must not be a text that a visitor chooses."""
    assert seen(["10.0.0.1"], HTTP_X_FORWARDED_FOR=made_up)[0] == "10.0.0.1"


def test_the_app_uses_it(app_of):
    app = app_of(NABAT_TRUSTED_PROXIES="127.0.0.1")
    answer = app.test_client().get("/login", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" in answer.headers
    answer = app_of().test_client().get("/login", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers
