"""Contacts that fail for good are marked and their owners told by another way; what gets through clears the mark."""

from datetime import datetime

from gateway.changes import Changes
from gateway.store.directory import contacts
from gateway.store.outgoing import notices
from gateway.store.tables import PersonRow
from gateway.world import world


def failed(changes: Changes, channel: str, address_id: str, why: str, now: datetime) -> bool:
    """Nobody is at this address any more. True if that is news."""
    found = contacts.fails(changes.session, channel, address_id, why, now)
    for contact_id, person_id, _ in found:
        person = changes.session.get_one(PersonRow, person_id)
        once = f"contact:{contact_id}:{now:%Y-%m-%d}"
        detail = {"channel": channel, "why": why, "contact": contact_id}
        if person.active:
            notices.tell(changes.session, person_id, once, "contact", detail, now)
    return bool(found)


def worked(changes: Changes, channel: str, address_id: str, *, receipt: bool = False) -> None:
    """Something got through. Where the provider sends receipts only they say so: it takes in what then bounces."""
    if (channel, address_id) in changes.directory.failing and (receipt or not _has_receipts(channel)):
        contacts.works(changes.session, channel, address_id, changes.now)


def _has_receipts(channel: str) -> bool:
    settings = world().settings
    if channel == "sms":
        return settings.public_url.startswith("https://")
    return channel == "email" and bool(settings.env.get("NABAT_SENDGRID_API_KEY"))
