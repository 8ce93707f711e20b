"""What the description of HTTP for programs says of the status page and its notices; as data."""

from gateway.doors.openapi.parts import FLAG, MOMENT, NUMBER, TEXT, Data, asks, does, object_of, whole
from rules.reports.public import About, Phase, Stage, State

TEXTS: Data = {"type": "object", "properties": {"en": TEXT, "ru": TEXT}, "additionalProperties": False}
STATE: Data = {"type": "string", "enum": list(State)}
STATES: Data = {"type": "object", "additionalProperties": STATE, "propertyNames": {"pattern": "^[0-9]{1,9}$"}}
STAGE: Data = {"type": "string", "enum": list(Stage)}
NEXT = (
    "`components` takes the place of what the last update said of them: one that is left out works again. Without it "
    "they are as they were."
)
FIRST = "By a person's own token. Without `publish` it is only checked; with it the world sees it."
NUMBER_OR_NONE: Data = {"type": ["integer", "null"]}


def paths() -> Data:
    word: dict[str, Data] = {"stage": STAGE, "texts": TEXTS, "components": STATES, "ends_at": TEXT, "publish": FLAG}
    new: dict[str, Data] = {"about": {"type": "string", "enum": list(About)}, "titles": TEXTS, "starts_at": TEXT,
                            "incident": NUMBER, **word}  # fmt: skip
    one, part = "/api/v1/notices/{number}", "/api/v1/status-page/components"
    move: Data = {"type": "string", "enum": ["up", "down"]}
    return {
        "/api/v1/notices": {
            "get": whole("notices", "Notice", "What was published; what goes on or is to come first"),
            "post": does("A notice on the status page", "Published", ["titles", "texts", "components"], **new)
            | {"description": FIRST},
        },
        one: {"get": asks("One notice with its updates, the newest first", "Notice")},
        f"{one}/updates": {
            "post": does("An update of a notice; stage resolved or done ends it", "Published", ["texts"], **word)
            | {"description": f"{FIRST} {NEXT}"}
        },
        f"{one}/undo": {"post": does("One's own last word taken back, within ten minutes", "Published", [])},
        "/api/v1/status-page": {
            "get": asks("Whether there is a page, and how each component is now", "StatusPage"),
            "post": does("It is switched on or off, or has another name", "StatusPage", [], on=FLAG, mail=FLAG,
                         names=TEXTS),
        },
        part: {
            "post": does("A service that the world is told of", "Component", ["service", "names"], service=TEXT,
                         names=TEXTS)
        },
        f"{part}/{{number}}": {
            "post": does("Other names, or one place up or down", "Component", [], names=TEXTS, move=move),
            "delete": does("Taken off the page; old notices go on naming it", "Component", []),
        },
    }  # fmt: skip


def schemas() -> Data:
    update = object_of("at", "author", stage=STAGE, texts=TEXTS, components=STATES)
    part = object_of(id=NUMBER, names=TEXTS, service=TEXT, state=STATE)
    return {
        "Notice": object_of(
            "web_url", "public_url", id=NUMBER, about={"type": "string", "enum": list(About)}, titles=TEXTS,
            phase={"type": "string", "enum": list(Phase)}, stage=STAGE, starts_at=MOMENT, ends_at=MOMENT,
            incident=NUMBER_OR_NONE, updates={"type": "array", "items": update},
        ),
        "Published": object_of(published=FLAG, notice=NUMBER_OR_NONE),
        "StatusPage": object_of("web_url", on=FLAG, mail=FLAG, names=TEXTS,
                                components={"type": "array", "items": part}),
        "Component": object_of(id=NUMBER),
    }  # fmt: skip
