"""No page without a lock: every route of the dashboard is guarded by a role, or named here as open to all."""

import re

import pytest

from tests.browsing import Browser

PUBLIC = {
    "dashboard.static_file",  # style and scripts of the sign-in page
    "dashboard.login", "dashboard.sign_in",
    "dashboard.setup", "dashboard.make_first_admin",  # a one-time token is their lock
    "dashboard.welcome", "dashboard.set_first_password",  # a signed token is their lock
    "dashboard.choose_language",  # a cookie, before anybody is signed in
    "dashboard.pocket", "dashboard.pocket_act",  # a signed token is their lock
    "dashboard.guest_report", "dashboard.stop_weekly", "dashboard.stop_weekly_now",  # a signed token, too
    "dashboard.longer", "dashboard.make_longer",
    "dashboard.status", "dashboard.status_notice", "dashboard.status_feed", "dashboard.status_badge",  # for everybody
    "dashboard.status_history", "dashboard.status_history_of_month", "dashboard.status_history_with_a_slash",
    "dashboard.status_with_a_slash", "dashboard.status_notice_with_a_slash", "dashboard.wall_with_a_slash",
    "dashboard.status_mail", "dashboard.ask_for_mail", "dashboard.mail_choice", "dashboard.choose_mail",
    # the browser asks for them by itself, whoever is signed in
    "dashboard.service_worker", "dashboard.manifest", "dashboard.offline",
}  # fmt: skip

KEYS_ARE_LOCKS = {  # or nobody is signed in who could be made to press it
    "dashboard.pocket_act", "dashboard.stop_weekly_now", "dashboard.make_longer", "dashboard.ask_for_mail",
    "dashboard.choose_mail",
}  # fmt: skip


def rules_of(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dashboard.")]


@pytest.fixture
def app(app_of):
    return app_of()


def test_every_route_has_a_guard_or_is_named_as_public(app):
    open_ones = {
        rule.endpoint for rule in rules_of(app) if not getattr(app.view_functions[rule.endpoint], "roles", None)
    }
    assert open_ones == PUBLIC


def address(rule):
    filled = re.sub(r"<int[^>]*>", "1", rule.rule)
    return re.sub(r"<any\((?:[a-z]+, )*([a-z]+)\):[a-z]+>", r"\1", filled)


def test_a_stranger_gets_no_further_than_the_sign_in(app):
    for rule in rules_of(app):
        if rule.endpoint in PUBLIC:
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = Browser(app).client.open(address(rule), method=method)
            assert answer.status_code in (302, 286), rule
            assert "/login" in (answer.headers.get("Location") or answer.text), rule


def test_whatever_changes_something_wants_the_token_of_its_form(app):
    for rule in rules_of(app):
        if rule.endpoint in PUBLIC - KEYS_ARE_LOCKS and "POST" in rule.methods:
            assert Browser(app).client.post(address(rule)).status_code == 403, rule
