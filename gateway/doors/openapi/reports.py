"""What the description of HTTP for programs says of reports: their parameters, as data."""

from collections.abc import Mapping
from typing import Any

from rules.words import Urgency

_TEXT = {"type": "string"}
_DAY = {"type": "string", "format": "date"}
REPORTS_SAY = "The figures of the response report; needs the scope `read`"
OF_REPORTS: Mapping[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("report", "from"): (_DAY, "The first day, by the rule book's zone. Default: 30 days ago."),
    ("report", "to"): (_DAY, "The last day, included. Default: yesterday."),
    ("report", "urgency"): ({"type": "string", "enum": list(Urgency)}, "Of this class only."),
    ("", "team"): (_TEXT, "Of this team only."),
    ("", "service"): (_TEXT, "Of this service only."),
}
