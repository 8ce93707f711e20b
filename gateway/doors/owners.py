"""Whose tokens and signing secrets are, remembered for a moment: to ask each time would cost as much as the rest."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway import log, sources
from gateway.secrets import BadSecret, Vault
from gateway.sources import Heard
from gateway.store.senders.sources import TokenOwner
from rules.book import RuleBook
from rules.senders.writeback import names_of

TRUST = 5.0  # seconds a token's owner is remembered, so that a revoked token lives no longer than this
REMEMBERED = 1000


def heard(owner: TokenOwner, now: datetime, book: RuleBook) -> Heard:
    """What its source takes for unknown words and for our own, as somebody set it; and the book's mappings."""
    made = Heard(owner.name, now, own=names_of(owner.account), mappings=book.mappings)
    return replace(made, default_priority=owner.priority) if owner.priority else made


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing secret in use, and whose it is."""

    owner: TokenOwner
    secret: str


def signers(found: Iterable[tuple[TokenOwner, str]], vault: Vault) -> tuple[Signer, ...]:
    """The secrets opened. One that was sealed with a lost key fits nothing, and its neighbours still do."""
    opened = []
    for owner, sealed in found:
        try:
            opened.append(Signer(owner, vault.open(sealed)))
        except BadSecret:
            log.warning("signing_secret_unreadable", source=owner.name, token=owner.token_id)
    return tuple(opened)


class Owners:
    """Whose token it is, remembered for a moment: looking it up each time would cost as much as the rest."""

    def __init__(
        self, find: Callable[[str], TokenOwner | None], find_signers: Callable[[str], tuple[Signer, ...]]
    ) -> None:
        self._find = find
        self._find_signers = find_signers
        self._held: OrderedDict[str, tuple[float, TokenOwner]] = OrderedDict()
        self._signers: dict[str, tuple[float, tuple[Signer, ...]]] = {}  # by kind, of which there are few

    def held(self, token: str) -> TokenOwner | None:
        found = self._held.get(token)
        return found[1] if found and time.monotonic() - found[0] < TRUST else None

    def of(self, token: str) -> TokenOwner | None:
        if not token or len(token) > 200:
            return None
        owner = self.held(token) or self._find(token)
        if owner is not None and self.held(token) is None:
            self._held[token] = (time.monotonic(), owner)
            while len(self._held) > REMEMBERED:
                self._held.popitem(last=False)
        return owner

    def held_signers(self, kind: str) -> tuple[Signer, ...] | None:
        if kind not in sources.names():
            return ()
        found = self._signers.get(kind)
        return found[1] if found and time.monotonic() - found[0] < TRUST else None

    def signers_of(self, kind: str) -> tuple[Signer, ...]:
        held = self.held_signers(kind)
        if held is None:
            held = self._find_signers(kind)
            self._signers[kind] = (time.monotonic(), held)
        return held
