"""The mappings that Nabat brings along, for senders whose bodies are known: rules/presets/*.yaml, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rules.reading.mapping_keys import read_mappings
from rules.reading.places import Place
from rules.reading.yaml_places import Complaints, load
from rules.senders.mappings import BodyMap, names

PLACE = Path(__file__).resolve().parent.parent / "rules" / "presets"


@cache
def presets() -> Mapping[str, BodyMap]:
    """By name. They are written as in a rule book, so that one can be copied into it and changed."""
    complaints = Complaints()
    found: dict[str, BodyMap] = {}
    for file, node in load({path.name: path.read_bytes() for path in sorted(PLACE.glob("*.yaml"))}, complaints).items():
        fields = Place(file, "", node, 1, complaints).fields(("mappings",), required=("mappings",))
        found |= read_mappings(fields["mappings"]) if "mappings" in fields else {}
    if complaints:
        raise ValueError("\n".join(complaints.lines()))
    return found


def with_ours(own: Mapping[str, BodyMap]) -> list[BodyMap]:
    """A rule book's, and of those that are brought along all that it has not one of its own instead of; by name."""
    found = {**presets(), **own}
    return [found[name] for name in names(found)]
