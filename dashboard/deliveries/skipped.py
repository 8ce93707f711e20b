"""Why a message was not sent, or not yet, in the reader's words."""

from dashboard.reader import Reader
from gateway.store.tables import Delivery

CALLED_OFF = {
    "acknowledged": "somebody had acknowledged",
    "resolved": "it was resolved before",
    "snoozed": "it was snoozed before",
    "lowered": "it was made less urgent, and this way is not meant for that",
    "undone": "the act that promised it was taken back",
    "answered meanwhile": "it was answered while it waited for its roll-up",
    "voice gate: over budget": "over budget: the next person is called",
    "voice gate: not firing": "nothing fires any more",
    "voice gate: it does not fire at its source any more": "its source said that it no longer fires",
}
GATE = "voice gate: "


def why(message: Delivery, reader: Reader) -> str:
    """Empty where there is nothing to explain: it went out, or failed with a reason of its own."""
    _ = reader.say
    if message.status == "cancelled":
        known = CALLED_OFF.get(message.error)
        if known is None and message.error.startswith(GATE):
            known = "the voice gate did not let the call through"
        return _(known) if known else _("somebody had answered, or nobody need be told any more")
    if message.status == "bundled":
        return _("too many in a short time: a roll-up says it")
    if message.status == "queued" and message.part == "held":
        return _("quiet hours: waits until %(time)s", time=reader.clock(message.due_at, short=True))
    if message.status == "queued" and message.part == "later":
        return _("their own rules say so: waits until %(time)s", time=reader.clock(message.due_at, short=True))
    if message.status == "queued" and message.attempts:
        return _("tried again at %(time)s", time=reader.clock(message.due_at))
    return ""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("somebody had acknowledged"), _("it was resolved before"), _("it was snoozed before"),
        _("it was made less urgent, and this way is not meant for that"), _("the act that promised it was taken back"),
        _("it was answered while it waited for its roll-up"), _("its source said that it no longer fires"),
        _("over budget: the next person is called"), _("nothing fires any more"),
        _("the voice gate did not let the call through"),
    )  # fmt: skip
