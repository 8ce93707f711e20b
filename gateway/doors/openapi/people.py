"""What the description of HTTP for programs says of people, teams, settings and tokens; as data."""

from gateway.doors.machine import answers
from gateway.doors.openapi.parts import (
    ANYTHING,
    FLAG,
    MOMENT,
    NAMES,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    asks,
    does,
    object_of,
    page,
)

OF_ADMINS = "a person's token with the scope `admin`"
SAID: Data = {"name": TEXT, "role": TEXT, "language": TEXT, "timezone": TEXT}
SCOPES: Data = {"type": "array", "items": TEXT}


def paths() -> Data:
    return {**_people(), **_settings()}


def _does(summary: str, required: list[str], answer: str = "WholePerson", /, **said: Data) -> Data:
    return does(f"{summary}; {OF_ADMINS}", answer, required, **said)


def _people() -> Data:
    one = "/api/v1/people/{number}"
    ways = {"channel": TEXT, "address": TEXT, "verified": FLAG}
    return {
        one: {
            "get": asks("One person, with contacts as others may see them, and what they lack", "WholePerson"),
            "post": _does("Changed; what is not named stays", [], **SAID, teams=NAMES),
        },
        f"{one}/leave": {"post": _does("Has left; `instead` takes their turns", ["sure"], sure=FLAG, instead=TEXT)},
        f"{one}/back": {"post": _does("Is back", [])},
        f"{one}/remind": {"post": does("Told what lacks for them to be reached, once an hour at most", "Reminder", [])},
        f"{one}/sign-out": {"post": _does("Signed out everywhere, their tokens ended", [])},
        f"{one}/contacts": {"post": _does("A contact of theirs", ["channel", "address"], **ways)},
        f"{one}/contacts/{{contact}}": {"delete": _does("Nothing goes there any more", [])},
        f"{one}/contacts/{{contact}}/confirm": {"post": _does("Checked otherwise than by a code", [])},
        "/api/v1/teams/{name}": {"post": _does("All its members anew", ["members"], "KeptTeam", members=NAMES)},
    }


def new_person() -> Data:
    return _does("Somebody new, without a password", ["email", "name"], email=TEXT, **SAID)


def new_team() -> Data:
    return _does("A new team", ["name"], "KeptTeam", name=TEXT)


def _settings() -> Data:
    days: Data = {"type": ["integer", "null"], "minimum": 1}
    return {
        "/api/v1/settings": {"get": asks(f"Every setting, channels, and whether all is well; {OF_ADMINS}", "Settings")},
        "/api/v1/settings/test": {
            "post": _does("One message to oneself by this channel, at once", ["channel"], "Tried", channel=TEXT)
        },
        "/api/v1/tokens": {
            "get": page("tokens", "ApiToken", f"Tokens that programs and people ask with; {OF_ADMINS}"),
            "post": _does("A program's token, or (scope wall) a screen's, shown this once", ["name", "scopes"],
                          "NewToken", name=TEXT, days=days, scopes=SCOPES),
        },
        "/api/v1/tokens/{number}/revoke": {
            "post": _does("It opens nothing any more; `confirm` is its ending", ["confirm"], "Revoked", confirm=TEXT)
        },
    }  # fmt: skip


def schemas() -> Data:
    ways = {"type": "array", "items": object_of("id", "channel", "address", verified=FLAG, failing=FLAG)}
    lacks = {"type": "array", "items": object_of("kind", detail=ANYTHING)}
    setting = object_of("name", "value", "origin", "what", secret=FLAG)
    channel = object_of("name", "label", lacking=NAMES)
    check = object_of("name", "state", "words")
    lists = {"settings": setting, "channels": channel, "checks": check}
    return {
        "WholePerson": object_of(*answers.PERSON, "quiet_hours", active=FLAG, teams=NAMES, contacts=ways, lacks=lacks,
                                 notify=ANYTHING),
        "Reminder": object_of("result"),
        "KeptTeam": object_of("name", members=NAMES),
        "Settings": object_of("book_version", **{name: {"type": "array", "items": one} for name, one in lists.items()}),
        "Tried": object_of("words", well=FLAG),
        "ApiToken": object_of(*answers.TOKEN, scopes=SCOPES, person=TEXT_OR_NONE),
        "NewToken": object_of("token"),
        "Link": object_of("id", "query", "made_by", "created_at", "expires_at", "url", revoked_at=MOMENT),
        "RevokedLink": object_of(revoked=NUMBER),
    }  # fmt: skip
