"""Secrets: sealed at rest, made at random, compared in constant time."""

import base64
import hashlib
import hmac
import os
import secrets
import string
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SALT, MAC = 9, 18  # bytes: multiples of three, so that what they become needs no filling
PREFIX = "nabat_"  # lets people, and programs that search for leaked keys, see whose it is
BARE = "nabat"  # of keys that are counted, and are letters and digits only
_COUNTED = string.ascii_lowercase + string.digits


class BadSecret(Exception):
    """A sealed text cannot be opened: it was sealed with another key, or changed."""


class Vault:
    """Seals what the database must keep but must not show. The first of several keys seals, each of them opens."""

    def __init__(self, secret_key: str) -> None:
        self._keys = [Fernet(_derive(key)) for key in secret_key.replace(",", " ").split()]

    def seal(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken as problem:
            raise BadSecret("sealed with another NABAT_SECRET_KEY, or changed") from problem

    def _fernet(self) -> MultiFernet:
        if not self._keys:
            raise BadSecret("NABAT_SECRET_KEY is not set")
        return MultiFernet(self._keys)


def _derive(key: str) -> bytes:
    """A key for this one use, so that the same NABAT_SECRET_KEY may serve others (cookies) too."""
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nabat vault").derive(key.encode())
    return base64.urlsafe_b64encode(made)


def make_secret_key() -> str:
    return secrets.token_urlsafe(32)


def make_key_file(path: Path) -> str:
    """The key of a fresh install, made once even if two processes start at the same moment; only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(make_secret_key() + "\n")
        file.flush()
        os.fsync(file.fileno())  # what it seals is lost with it
    try:
        path.hardlink_to(draft)  # unlike a rename, never replaces what is there
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def new_secret(prefix: str) -> str:
    """To sign with: behind a prefix a key of 256 bits in BASE64, as Standard Webhooks write it; else as a token."""
    return prefix + base64.b64encode(os.urandom(32)).decode() if prefix else new_token()


def new_token(length: int = 0) -> str:
    """A key for a machine: 256 bits. Of a given length letters and digits only: 139 bits of 32 characters."""
    if length:
        return BARE + "".join(secrets.choice(_COUNTED) for _ in range(length - len(BARE)))
    return PREFIX + secrets.token_urlsafe(32)


def new_key() -> str:
    """Of one form: what comes twice with the same one is done once."""
    return secrets.token_urlsafe(12)


def digest(text: str) -> str:
    """64 hex digits that stand for a token or an address; any text at all has one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is."""
    return same_bytes(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def same_bytes(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


def salted(secret: str) -> str:
    """Stands for a secret and is another text each time: nobody who can have many of them compares their parts."""
    salt = secrets.token_urlsafe(SALT)
    return salt + _of(salt, secret)


def fits(secret: str, told: str) -> bool:
    """Whether a text is one that stands for this secret."""
    salt, rest = told[: SALT * 4 // 3], told[SALT * 4 // 3 :]
    return bool(secret) and same(_of(salt, secret), rest)


def _of(salt: str, secret: str) -> str:
    made = hmac.digest(secret.encode(), salt.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(made[:MAC]).decode()
