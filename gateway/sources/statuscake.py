"""StatusCake: a form (or the same as JSON) that says of one test whether it is Up or Down."""

from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, excerpt, labelled

KIND_LABEL = "StatusCake"
HABITS = Habits(reads_forms=True)


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be a form, or an object, with Status, Name and URL")
    given = {str(name).lower(): as_text(value).strip() for name, value in body.items()}
    identity = given.get("testid") or given.get("url") or given.get("name")
    if not identity:
        raise BadPayload("is missing: without it no later word finds this test", "TestID")
    word = given.get("status", "")
    if not word:
        raise BadPayload("is missing: is the test up or down?", "Status")
    if word.lower() == "paused":
        return Parsed([], notes=[f"{excerpt(identity)} is paused: neither up nor down"])
    name = given.get("name") or given.get("url") or identity
    code = given.get("statuscode", "")
    return read_one(
        Only(
            firing=word.lower() != "up",  # a word that nobody knows is no good news
            identity=identity,
            title=name,
            labels=labelled(given.get("tags")) | {"alertname": name},
            texts={"description": f"status code {code}" if code else "", "method": given.get("method")},
            url=given.get("url"),
        ),
        heard,
    )
