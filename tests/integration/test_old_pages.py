"""A page that outlived the sign-in it was made for, while another tab has signed in anew."""

import pytest

from tests.browsing import Browser, everybody_has_a_password


@pytest.fixture
def sign_in(world):
    everybody_has_a_password()

    def make():
        browser = Browser(world.app)
        browser.sign_in()
        return browser

    return make


def test_an_old_page_says_what_it_is_and_how_it_becomes_new(world, sign_in):
    (number,) = world.alert()
    old, anna = sign_in().csrf(), sign_in()
    place = f"/incidents/{number}"
    at = {"Referer": f"http://localhost{place}"}
    plain = anna.post(f"{place}/acknowledge", {"csrf_token": old}, at)
    assert (plain.status_code, world.timeline()) == (403, ["opened"])
    assert "This page is out of date" in plain.text
    assert "Not allowed" not in plain.text
    htmx = {"X-CSRF-Token": old, "HX-Request": "true", "HX-Current-URL": f"http://localhost{place}?tl=people"}
    part = anna.post(f"{place}/acknowledge", {}, htmx)
    assert (part.status_code, part.headers["HX-Retarget"]) == (403, "#flash-err")
    assert "This page is out of date" in part.text
    assert f'href="{place}?tl=people">Reload</a>' in part.text
    assert anna.press(f"{place}/acknowledge").status_code == 302
