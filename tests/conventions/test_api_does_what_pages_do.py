"""Everything that a page does has its operation in the API, or a reason here why it has none. A new form has neither.

Each operation calls the same action as the page: tests/integration/test_own_tokens.py, test_machine_*.py.
"""

import re
from pathlib import Path

from dashboard.page import MENU
from tests.conventions.test_roles import TABLE

ROOT = Path(__file__).parents[2]
WAY_IN = "the way in of a browser: a program has a token"
LOCK = "a signed token in the address is the lock: it is the link in a message"
PAGE_ONLY = "how this browser shows pages, kept in its cookie"
PASSWORD = "passwords, and links that set them, are for pages only: a token must not become a way to sign in"
MAKES_ITSELF = "a token does not make another one for its person: the page asks for the password first"
BROWSER = "only the browser itself can give its subscription; it is tried and removed as a contact, /me/contacts"
KEYBOARD = "which keys the pages heed: a program presses none"
FIRST_RUN = "a step of the first run's page; what it does is an operation of its own"
TICK = "a note on the page for administrators that it may be put away"
WORLD = "for everybody, without an account or a token: whoever reads the letters that are sent there"
CLIENTS = "addresses of clients are for the page of an administrator only: no token reads them"
NO_API = {  # a form's address, and why there is none
    "/login": WAY_IN,
    "/logout": WAY_IN,
    "/setup": WAY_IN,
    "/welcome/<token>": LOCK,
    "/p/<token>": LOCK,
    "/s/<int(max=2147483647):number>/<token>": LOCK,
    "/weekly/<token>": LOCK,
    "/status/mail": WORLD,
    "/status/mail/<key>": WORLD,
    "/settings/status-page/mail/<int(max=2147483647):number>/<any(again, remove):what>": CLIENTS,
    "/language": PAGE_ONLY,
    "/incidents/file": "a file for a spreadsheet: a program walks through the list, page by page",
    "/incidents/density": PAGE_ONLY,
    "/notices/new": "the other tab of a form: nothing is done by it",
    "/incidents/<int(max=9223372036854775807):number>/looking": "an open page says that it is open: no act of anybody",
    "/me/password": PASSWORD,
    "/people/<int(max=2147483647):number>/link": PASSWORD,
    "/me/tokens": MAKES_ITSELF,
    "/me/push": BROWSER,
    "/me/keys": KEYBOARD,
    "/setup/steps/zone": FIRST_RUN,
    "/setup/steps/test": FIRST_RUN,
    "/setup/steps/arrived": FIRST_RUN,
    "/setup/steps/oncall": "the first schedule; later ones come by ./nabat people import, as on no page either",
    "/setup/steps/skip": FIRST_RUN,
    "/overview/checklist": TICK,
}
ONE = "POST /incidents/<number>"
API = {  # a form's address, and the operations that do the same
    "/incidents/#/<acknowledge, resolve, wake>": f"{ONE}/acknowledge {ONE}/resolve {ONE}/wake",
    **{f"/incidents/#/{what}": f"{ONE}/{what}" for what in
       ("snooze", "assign", "escalate", "desk", "urgency", "title", "merge", "split", "fixed", "verdict")},
    "/incidents/#/notes": f"{ONE}/note",
    "/undo/<token>": "POST /undo",
    "/incidents/new": "POST /incidents",
    "/incidents/bulk": "POST /incidents/bulk",
    "/incidents/home": "POST /me/home",
    "/incidents/views": "POST /views",
    "/incidents/views/undo": "POST /views/undo",
    "/incidents/views/watch": "POST /views/watch",
    "/incidents/views/#/<save, rename, delete>": "POST /views/<number> DELETE /views/<number>",
    "/oncall/override": "POST /oncall/overrides",
    "/oncall/override/#/remove": "DELETE /oncall/overrides/<number>",
    "/oncall/swap": "POST /oncall/swaps",
    "/oncall/remind/#": "POST /people/<number>/remind",
    "/oncall/swap/#/<accept, decline, withdraw>": "POST /oncall/swaps/<number>/accept"
    " POST /oncall/swaps/<number>/decline POST /oncall/swaps/<number>/withdraw",
    "/oncall/me/away": "POST /oncall/away",
    "/oncall/me/calendar": "POST /me/calendar DELETE /me/calendar",
    "/oncall/calendar/#": "POST /schedules/<number>/calendar DELETE /schedules/<number>/calendar",
    "/oncall/import/#": "POST /schedules/<number>/imports",
    "/oncall/import/#/remove": "DELETE /schedules/<number>/imports/<key>",
    "/settings/test": "POST /settings/test",
    "/settings/tokens": "POST /tokens",
    "/settings/tokens/#/revoke": "POST /tokens/<number>/revoke",
    "/deliveries/#/resend": "POST /deliveries/<number>/resend",
    "/deliveries/resend": "POST /deliveries/resend",
    "/sources/new": "POST /sources",
    **{f"/sources/#/{what}": f"POST /sources/<number>/{what}" for what in
       ("token", "revoke", "settings", "alertmanagers", "desk", "test")},
    "/sources/#/requests/#/replay": "POST /sources/<number>/replay",
    "/reports/shift": "POST /reports/shift",
    "/reports/guests": "POST /reports/guests",
    "/reports/guests/#/revoke": "POST /reports/guests/<number>/revoke",
    "/reports/weekly": "POST /me",
    "/rules/cases": "POST /rules/test",
    "/rules/test": "POST /rules/explain",
    "/silences": "POST /silences",
    "/silences/#/extend": "POST /silences/<number>/extend",
    "/silences/#/end": "DELETE /silences/<number>",
    "/silences/#/undo": "POST /silences/<number>/undo",
    "/maintenance": "POST /maintenance",
    "/maintenance/#/end": "DELETE /maintenance/<number>",
    "/maintenance/#/undo": "POST /maintenance/<number>/undo",
    "/notices": "POST /notices",
    "/notices/#/updates": "POST /notices/<number>/updates",
    "/notices/#/undo": "POST /notices/<number>/undo",
    "/settings/status-page": "POST /status-page",
    "/settings/status-page/components": "POST /status-page/components",
    "/settings/status-page/components/#/<save, up, down, remove>": "POST /status-page/components/<number>"
    " DELETE /status-page/components/<number>",
    "/me": "POST /me",
    "/me/reading": "POST /me",
    "/me/times": "POST /me",
    "/me/zone": "POST /me",
    "/me/contact": "POST /me/contacts",
    "/me/contact/#/<code, test>": "POST /me/contacts/<number>/code POST /me/contacts/<number>/test",
    "/me/contact/#/confirm": "POST /me/contacts/<number>/confirm",
    "/me/contact/#/delete": "DELETE /me/contacts/<number>",
    "/me/notifications": "POST /me/notifications",
    "/me/push/#/test": "POST /me/contacts/<number>/test",
    "/me/push/#/delete": "DELETE /me/contacts/<number>",
    "/me/sessions/#/end": "DELETE /me/sessions/<number>",
    "/me/sessions/end-others": "POST /me/sessions/end",
    "/me/tokens/#/revoke": "DELETE /me/tokens/<number>",
    "/people": "POST /people",
    "/people/#": "POST /people/<number>",
    **{f"/people/#/{what}": f"POST /people/<number>/{what}" for what in ("leave", "back", "sign-out", "contacts")},
    "/people/#/contacts/#/<delete, confirm>": "DELETE /people/<number>/contacts/<contact>"
    " POST /people/<number>/contacts/<contact>/confirm",
    "/teams": "POST /teams",
    "/teams/<name>": "POST /teams/<name>",
}  # fmt: skip
LOOKS = {  # an entry of the menu, and the operations that tell what its pages show
    "overview": "/incidents /oncall /services /reports/response /settings",
    "incidents": "/incidents /incidents/search /incidents/<number> /views",
    "tickets": "/tickets /tickets/<key>",
    "oncall": "/oncall /oncall/shifts /oncall/swaps /schedules",
    "reports": "/reports/response /reports/load /reports/noise /reports/services /reports/delivery /reports/shift",
    "deliveries": "/deliveries /deliveries/<number>",
    "audit": "/audit",
    "services": "/services /services/<path:name>",
    "sources": "/sources /sources/<number> /sources/<number>/requests",
    "rules": "/rules",
    "policies": "/policies /policies/<name>",
    "notices": "/notices /notices/<number> /status-page",
    "silences": "/silences /silences/<number> /maintenance /maintenance/<number>",
    "people": "/people /people/<number> /teams",
    "settings": "/settings /tokens",
}
MACHINES = ("/api/", "/ingest/", "/v2/", "/generic/", "/callback/", "/heartbeat/")


def plain(rule):
    """An address without what its parts may be."""
    known = re.sub(r"<any\(([^)]*)\):what>", r"<\1>", rule)
    return re.sub(r"<int(?:\([^)]*\))?:\w+>", "#", known).replace("<path:name>", "<name>")


def forms():
    return {rule for method, rule in TABLE if method not in ("GET", "HEAD") and not rule.startswith(MACHINES)}


def test_every_form_has_its_operation_or_a_reason():
    found = {rule: plain(rule) for rule in forms()}
    neither = sorted(rule for rule, short in found.items() if rule not in NO_API and short not in API)
    assert neither == []
    both = sorted(rule for rule, short in found.items() if rule in NO_API and short in API)
    assert both == []


def test_nothing_stands_here_that_is_no_longer_there():
    assert NO_API.keys() - forms() == set()
    assert API.keys() - {plain(rule) for rule in forms()} == set()
    assert all(len(why) > 20 and "\n" not in why for why in NO_API.values())


def test_the_operations_are_there():
    served = {f"{method} {rule.removeprefix('/api/v1')}" for method, rule in TABLE if rule.startswith("/api/v1")}
    named = {one for text in API.values() for one in re.findall(r"(?:POST|DELETE) \S+", text)}
    assert named - served == set()


def test_what_every_page_of_the_menu_shows_can_be_asked_for():
    assert LOOKS.keys() == {name for _, items in MENU for name, *_ in items}
    asked = {rule.removeprefix("/api/v1") for method, rule in TABLE if method == "GET"}
    assert {one for text in LOOKS.values() for one in text.split()} - asked == set()


def test_the_guide_says_what_is_left_out():
    """docs/api.md names each form without an operation, with the same words."""
    text = (ROOT / "docs/api.md").read_text()
    for rule, why in NO_API.items():
        shown = re.sub(r"<[^>]*?(\w+)>", r"<\1>", rule)
        assert f"`{shown}`" in text, rule
        assert why in text, why
