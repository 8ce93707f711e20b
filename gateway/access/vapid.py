"""The key by which push services know us: made at first use, sealed in the database, the same for all processes."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import channels, log
from gateway.channels.webpush import KEY
from gateway.outward import webpush
from gateway.secrets import BadSecret, Vault
from gateway.store.directory import browsers

__all__ = ["KEY", "given_to", "private_key"]


def private_key(session: Session, vault: Vault, now: datetime) -> str:
    """Inside a transaction that may write. Raises BadSecret when the vault has another key than it was sealed with."""
    sealed = browsers.sealed_key(session) or browsers.keep_key(session, vault.seal(webpush.make_key()), now)
    return vault.open(sealed)


def given_to(channel: str, session: Session, vault: Vault, now: datetime) -> Mapping[str, str]:
    """What this channel needs besides the settings. Without it, it says what is missing."""
    if KEY not in channels.find(channel).ENV:
        return {}
    try:
        return {KEY: private_key(session, vault, now)}
    except BadSecret as problem:
        log.error("vapid_key_unusable", problem)
        return {}
