"""Pages in the middle of an act, looked at as all pages are: a menu that is open, a question, an answer, a mistake."""

import pytest

from tests.browser.test_looks import LOOKS, SIZES, demo_site, look, seats

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
fixtures = demo_site, seats  # pytest finds them by names of this file


def opens_a_rows_menu(page):
    page.goto("/incidents?fold=no")
    page.locator("#list .end-menu summary").first.click()
    page.locator("#list .end-menu .pop").wait_for()


def opens_the_help(page):
    page.goto("/incidents")
    page.evaluate("document.getElementById('keys').showModal()")


def selects_rows(page):
    page.goto("/incidents?fold=no")
    page.locator("#list .cb").first.check()
    if page.locator("#bulk-more").is_visible():
        page.click("#bulk-more")
    page.locator("#bulk-for").focus()


def explains_an_alert(page):
    page.goto("/rules/test")
    page.locator(".rb-form .btn.pri").click()
    page.locator("#decision section").nth(1).wait_for()


def writes_nonsense(page):
    page.goto("/rules/test")
    page.fill("#body", "{")
    with page.expect_response("**/rules/test"):
        page.locator(".rb-form .btn.pri").click()
    page.locator("#decision .banner").wait_for()


OPEN = "[...document.querySelectorAll('main details')].forEach((one) => { one.open = true; })"


def opens_all_of_an_incident(page):
    page.goto("/incidents/1")
    page.evaluate(OPEN)


def opens_all_of_a_ticket(page):
    page.goto("/tickets/SD-4711")
    page.evaluate(OPEN)


def is_asked_whether_it_is_meant(page):
    page.goto("/incidents?fold=no&status=all")
    page.locator("#list .cb").first.check()
    page.locator("#bulk-all").check()
    page.locator("[data-bulk=resolve]").click()
    page.locator("dialog[open], #flash-err .banner, main .narrow").first.wait_for()


STATES = (
    opens_all_of_an_incident,
    opens_all_of_a_ticket,
    is_asked_whether_it_is_meant,
    opens_a_rows_menu,
    opens_the_help,
    selects_rows,
    explains_an_alert,
    writes_nonsense,
)


@pytest.mark.parametrize("state", STATES, ids=lambda one: one.__name__)
def test_in_the_middle_of_an_act(seats, state):
    for seat_look in (LOOKS[0], LOOKS[-1]):
        page, complaints = seat = seats(seat_look)
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[seat_look[0]], strict=True)))
        complaints.clear()
        state(page)
        complaints[:] = [one for one in complaints if "status of 422" not in one]  # the browser's own word on it
        assert look(seat) == []
