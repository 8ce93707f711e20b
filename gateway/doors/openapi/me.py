"""What the description of HTTP for programs says of a person's own things, of saved views and acts on many; as data."""

from gateway.doors.machine import answers, contacts, me
from gateway.doors.machine.bulk import ACTS
from gateway.doors.machine.questions import SEARCH
from gateway.doors.openapi.parts import (
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    asks,
    does,
    object_of,
    page,
    whole,
)

ME = "/api/v1/me"
VIEWS = "/api/v1/views"
TEXTS: Data = {"type": "array", "items": TEXT}
NUMBERS: Data = {"type": "array", "items": NUMBER}
ANY_TEXTS: Data = {"type": "object", "additionalProperties": TEXTS}


def paths() -> Data:
    return {**_me(), **_contacts(), **_views(), **_many()}


def _me() -> Data:
    taste = {
        "language": TEXT,
        "theme": TEXT,
        "timezone": TEXT,
        "exact_times": FLAG,
        "single_keys": FLAG,
        "weekly": FLAG,
    }
    own = "Whose token this is; a program's is nobody's, and everything under /me is 403 to it"
    return {
        ME: {"get": asks(own, "Me"), "post": does("How one reads; what is not named stays", "Me", [], **taste)},
        f"{ME}/notifications": {
            "get": asks("One's own notification rules and quiet hours", "Notifications"),
            "post": does("All of them anew", "Notifications", [], rules=ANY_TEXTS, quiet_hours=TEXT),
        },
        f"{ME}/sessions": {"get": whole("sessions", "Session", "Browsers in which one is signed in")},
        f"{ME}/sessions/{{number}}": {"delete": does("Signed out there", "Ended", [])},
        f"{ME}/sessions/end": {"post": does("Signed out in every browser", "Ended", [])},
        f"{ME}/tokens": {"get": whole("tokens", "OwnToken", "One's own tokens; made on the page")},
        f"{ME}/tokens/{{number}}": {"delete": does("One of them opens nothing any more", "Ended", [])},
        f"{ME}/calendar": {
            "post": does("A new secret address of one's shifts, shown this once", "Address", []),
            "delete": does("That address ends", "Ended", []),
        },
        f"{ME}/home": {
            "post": does("The view at which one begins; empty: the plain list", "Home", ["view"], view=TEXT)
        },
    }


def _contacts() -> Data:
    one = f"{ME}/contacts/{{number}}"
    did = {"type": "string", "enum": list(contacts.SAID)}
    return {
        f"{ME}/contacts": {
            "get": whole("contacts", "OwnContact", "How one is reached"),
            "post": does(
                "A contact, used once it is confirmed; a code is sent there at once",
                "Entered",
                ["channel", "address"],
                channel=TEXT,
                address=TEXT,
            ),
        },
        one: {"delete": does("Nothing goes there any more", "Contacted", [])},
        f"{one}/code": {"post": does("Another code, or a test call", "Contacted", [])},
        f"{one}/test": {"post": does("One test message at once", "Contacted", [])},
        f"{one}/confirm": {"post": does("By the code, or by what the test did", "Contacted", [], code=TEXT, did=did)},
    }


def _views() -> Data:
    view = {"name": TEXT, "query": TEXT}
    return {
        VIEWS: {
            "get": whole("views", "View", "One's own saved views and those of one's teams; to a program, of all teams"),
            "post": does(
                "Saved for oneself, or for a team of one's own", "SavedView", ["name", "query"], **view, team=TEXT
            ),
        },
        f"{VIEWS}/{{number}}": {
            "post": does("Another name, or another query", "SavedView", [], **view),
            "delete": does("Deleted, for everybody who sees it", "SavedView", []),
        },
        f"{VIEWS}/undo": {"post": does("What one renamed or deleted last is as it was", "SavedView", [])},
        f"{VIEWS}/watch": {
            "post": does("Told by push when something enters it", "Watched", ["view"], view=TEXT, on=FLAG)
        },
        f"{VIEWS}/{{key}}/incidents": {"get": page("incidents", "Incident", "What is in it, by number or name")},
    }


def _many() -> Data:
    what = {"type": "string", "enum": list(ACTS)}
    said: Data = {"incidents": NUMBERS, "query": TEXT, "for": TEXT, "until": TEXT, "to": TEXT, "sure": FLAG}
    return {
        "/api/v1/incidents/search": {
            "get": page("incidents", "Incident", "The list of the page, in its order", SEARCH)
        },
        "/api/v1/incidents/bulk": {
            "post": does("One act on many incidents, each with its own result", "Results", ["do"], do=what, **said)
        },
        "/api/v1/undo": {
            "post": does("What one did within ten minutes is taken back", "TakenBack", ["undo"], undo=TEXT)
        },
    }


def schemas() -> Data:
    each = {"type": "array", "items": object_of("why", incident=NUMBER, done=FLAG) | _why()}
    refused = {"type": "array", "items": object_of("why", incident=NUMBER)}
    return {
        "Me": object_of(
            *me.ME,
            exact_times=FLAG,
            single_keys=FLAG,
            teams=TEXTS,
            weekly=FLAG,
            calendar_since=MOMENT,
            scopes=TEXTS,
            token_ends_at=MOMENT,
        ),
        "Notifications": object_of("quiet_hours", rules=ANY_TEXTS),
        "Session": object_of(*me.SIGN_IN, lasting=FLAG),
        "OwnToken": object_of(*answers.TOKEN, scopes=TEXTS),
        "Ended": object_of(ended=FLAG),
        "Address": object_of("address"),
        "Home": object_of("view"),
        "OwnContact": object_of(*contacts.CONTACT[:-1], "address", code_waits=FLAG, on_trust=FLAG),
        "Entered": object_of("sent", contact=NUMBER),
        "Contacted": object_of("result", contact=NUMBER),
        "View": object_of("key", "team", "name", "query", id={"type": ["integer", "null"]}, home=FLAG, watched=FLAG),
        "SavedView": object_of("id", "team", "name", "query"),
        "Watched": object_of("view", watched=FLAG),
        "Results": object_of(results=each, undo=TEXT_OR_NONE),
        "TakenBack": object_of("act", done=NUMBERS, refused=refused),
    }


def _why() -> Data:
    return {"properties": {"why": TEXT_OR_NONE, "incident": NUMBER, "done": FLAG}}
