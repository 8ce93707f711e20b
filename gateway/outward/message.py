"""What a channel is given to send. It stands below the channels so that what they share may know it too."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """Rendered, addressed, and the same on every attempt."""

    delivery: int
    incident: int  # its number
    incident_uuid: str
    kind: str  # opened, escalated, assigned, acknowledged, resolved, flapping, reopened, reminder, commented, digest, …
    address: str  # in clear
    title: str  # one line, rendered from <kind>.txt's first line
    text: str
    html: str = ""
    url: str = ""  # where to answer: the pocket page, or the incident's page
    tap: str = ""  # where a tap on it leads, if not there
    urgency: str = "ordinary"
    severity: str = "warning"
    source: str = ""  # what it is about, e.g. the instance
    component: str = ""  # the service
    group: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()  # (text, http or https address)
    language: str = "en"  # of the reader
    unsubscribe: str = ""  # a link by which one press ends them
    again: int = 0  # how many times this address was told the same of this incident before
