"""By which ways the one who sets up can be told, what is missing for the others, and what they would not hear of."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboard.me.contacts import CHANNELS
from dashboard.reader import Reader
from dashboard.words import BY_VALUE, WAYS
from gateway.access import contacts
from gateway.acts import trying
from gateway.outward.addresses import is_loopback
from gateway.store.tables import ContactRow
from gateway.world import world
from rules.words import CHANNELS_OF_WAY, Way

EXAMPLES = {  # what to write before ./nabat up
    "email": (
        "NABAT_MAIL_FROM=nabat@example.org",
        "NABAT_SMTP_URL='smtp://user:password@mail.example.org:587?starttls=1'",
    ),
    "sms": ("NABAT_TWILIO_ACCOUNT_SID=AC…", "NABAT_TWILIO_AUTH_TOKEN=…", "NABAT_TWILIO_FROM=+15005550006"),
}
STARTED = "./nabat up"
NEXT_LINE = " \\\n"


@dataclass(frozen=True, slots=True)
class Lack:
    """A channel that the person has a contact on and that cannot send yet."""

    name: str
    settings: str
    example: str


@dataclass(frozen=True, slots=True)
class Ways:
    lacks: list[Lack]
    able: bool  # something that is set up can reach them
    unheard: str  # classes of the rule book of which they would not be told
    local: str  # where the links of messages lead, if no other device can open that


def ways(person_id: int, reader: Reader) -> Ways:
    book = world().shelf.book
    mine = [row for row in contacts.mine(person_id) if row.verified_at is not None and row.failed_at is None]
    lacking = missing()
    usable = {row.channel for row in mine} - set(lacking)
    has = {way for way in Way if usable & set(CHANNELS_OF_WAY[way])}
    deaf = [one for one in book.classes.values() if not has & {*one.channels, *one.fallback}]
    said = [
        f"{reader.say(BY_VALUE[one.urgency.value])} ({', '.join(reader.say(WAYS[way]) for way in one.channels)})"
        for one in deaf
    ]
    public = world().settings.public_url
    local = public if is_loopback(urlsplit(public).hostname or "") else ""
    return Ways(_lacks(mine, lacking, reader), bool(usable), ", ".join(said), local)


def missing() -> dict[str, tuple[str, ...]]:
    """The channels that cannot send, each with the settings that it waits for."""
    return {one.name: one.lacking for one in trying.channels(world().settings.env) if one.lacking}


def _lacks(mine: list[ContactRow], lacking: dict[str, tuple[str, ...]], reader: Reader) -> list[Lack]:
    found = []
    for channel in dict.fromkeys(row.channel for row in mine):
        if channel in lacking:
            example = NEXT_LINE.join((*EXAMPLES[channel], STARTED)) if channel in EXAMPLES else ""
            found.append(Lack(reader.say(CHANNELS[channel][1]), ", ".join(lacking[channel]), example))
    return found
