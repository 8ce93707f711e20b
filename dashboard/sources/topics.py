"""Topics that send to a source, as its page draws them: every word ready, no decision left."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reader import Moment, Reader
from gateway.store.tables import TopicRow
from rules.senders.topics import Doubt, State

STATES = {
    State.WAITING: "is being confirmed",
    State.CONFIRMED: "Nabat has confirmed it",
    State.REFUSED: "not confirmed",
    State.FAILED: "not confirmed",
    State.ENDED: "ended by AWS",
}
DOUBTS = {
    Doubt.TOPIC: "Its name is none of a topic of SNS.",
    Doubt.ACCOUNT: "This source belongs to the AWS account that was confirmed first: make a source for each account.",
    Doubt.PLACE: "Its addresses are not those of SNS in the topic's region.",
    Doubt.SIGNATURE: "The signature does not fit what was sent.",
    Doubt.CERTIFICATE: "The certificate is not valid now, or is not of the kind that signs.",
}
LOOKS = {State.CONFIRMED: "ok", State.WAITING: "mute"}


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    word: str
    look: str
    at: Moment
    why: str


def cards(rows: Sequence[TopicRow], reader: Reader) -> list[Card]:
    return [_card(row, reader) for row in rows]


def _card(row: TopicRow, reader: Reader) -> Card:
    state = State(row.state)
    why = reader.say(DOUBTS[Doubt(row.doubt)]) if row.doubt else row.error
    at = reader.moment(row.settled_at or row.asked_at)
    return Card(row.name, reader.say(STATES[state]), LOOKS.get(state, "bad"), at, why)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("is being confirmed"), _("Nabat has confirmed it"), _("not confirmed"), _("ended by AWS"),
        _("Its name is none of a topic of SNS."),
        _("This source belongs to the AWS account that was confirmed first: make a source for each account."),
        _("Its addresses are not those of SNS in the topic's region."),
        _("The signature does not fit what was sent."),
        _("The certificate is not valid now, or is not of the kind that signs."),
    )  # fmt: skip
