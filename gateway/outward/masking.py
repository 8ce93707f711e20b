"""What others say, without our own secrets in it: a provider's complaint may repeat the key that it was given."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from gateway.settings import SETTINGS, as_list

SHORTEST = 6  # characters: what is shorter than that is found everywhere, and no secret
MASK = "***"
_CREDENTIALS = re.compile(r"\b(basic|bearer)[\s:]+[A-Za-z0-9+/=._~-]{8,}", re.ASCII | re.IGNORECASE)


def mask(words: str, env: Mapping[str, str], *more: str) -> str:
    """The words without the values of secret settings, and without `more`: an address that is a secret."""
    for secret in sorted({one for one in (*_secrets(env), *more) if len(one) >= SHORTEST}, key=len, reverse=True):
        words = _without(words, secret)
    return _CREDENTIALS.sub(rf"\1 {MASK}", words)


def _secrets(env: Mapping[str, str]) -> Iterator[str]:
    """Whole values, the items of lists, and of an address its password, as it is written and as it is meant."""
    for value in (env.get(setting.name, "") for setting in SETTINGS if setting.secret):
        yield value
        yield from as_list(value)
        password = urlsplit(value).password if "://" in value else None
        yield from (password or "", unquote(password or ""))


def _without(words: str, secret: str) -> str:
    words = words.replace(secret, MASK)
    said = words.removesuffix("…").rstrip()  # cut to a length, in the middle of it
    for length in range(min(len(secret) - 1, len(said)), SHORTEST - 1, -1):
        if said.endswith(secret[:length]):
            return f"{said[:-length]}{MASK}…"
    return words
