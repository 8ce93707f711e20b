"""Sources and tokens: who may send to us, and who may ask."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from gateway.secrets import Vault, digest, new_token
from gateway.store.db import locked
from gateway.store.tables import Source, Token

INGEST, API, SIGNING = "ingest", "api", "signing"
SCOPES = ("read", "act", "admin")  # the last: keys, what was received, the audit log
WALL = "wall"  # of a screen: its token travels in an address, and so opens the wallboard and nothing else
ENDING = 4  # characters of a token that are kept to tell two apart
LONGEST_NAME = 100
LEAST_SECRET, LONGEST_SECRET = 16, 200  # characters of a signing secret that a sender has made
LONGEST_ID = 10  # digits: more do not fit the column, and PostgreSQL would complain


class NotPossible(Exception):
    """A token cannot be made or found as asked; the text says why."""


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose token it is: a source's (kind as the source's) or a program's (no source, but scopes)."""

    token_id: int
    source_id: int | None
    name: str
    kind: str  # alertmanager, ticket, …; "api" for a program
    scopes: tuple[str, ...] = ()
    priority: str = ""  # of a source's tickets that name none we know
    person_id: int | None = None  # of a program that asks for a person
    signs: bool = False  # known by its signature
    account: str = ""  # of a service desk, that we write as


def create_token(session: Session, kind: str, name: str, now: datetime, known: Collection[str], token: str = "") -> str:
    """A new ingest token of the source `name` (made if new; its name defaults to the kind). Shown this once.

    `known` are the kinds there are (gateway.sources.names(), which the store may not ask itself).
    """
    if kind not in known:
        raise NotPossible(f"there is no kind {kind!r}: known are {', '.join(sorted(known))}")
    source = _source(session, kind, name, now)
    return _keep(session, Token(kind=INGEST, source_id=source.id, name=source.name, scopes=[]), now, token)


def keep_signing_secret(session: Session, kind: str, name: str, now: datetime, vault: Vault, secret: str) -> str:
    """Of a kind there is; those its source has go on being right. Kept sealed. Raises NotPossible."""
    if not (LEAST_SECRET <= len(secret) <= LONGEST_SECRET and secret.isascii() and secret.isprintable()):
        raise NotPossible(f"a signing secret has {LEAST_SECRET} to {LONGEST_SECRET} printable characters, all of ASCII")
    if session.scalar(select(Token.id).where(Token.hash == digest(secret))) is not None:
        raise NotPossible("this secret is, or was, in use already: let the sender make another one")
    row = Token(kind=SIGNING, source_id=_source(session, kind, name, now).id, scopes=[])
    row.name, row.sealed = _name(name or kind), vault.seal(secret)
    return _keep(session, row, now, secret)


def create_api_token(
    session: Session,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    ends: datetime | None = None,
    person_id: int | None = None,
) -> str:
    """A new token for a program that asks us, or for a person who asks by one. Shown this once."""
    wanted = tuple(dict.fromkeys(scope.strip() for scope in scopes))
    if not set(wanted) <= {*SCOPES, WALL}:
        known = ", ".join((*SCOPES, WALL))
        raise NotPossible(f"scopes are {known}, with a comma between: not {','.join(scopes)!r}")
    if WALL in wanted and (len(wanted) > 1 or person_id is not None):
        raise NotPossible("the token of a screen opens the wallboard and nothing else: no other scope beside wall")
    made = Token(kind=API, person_id=person_id, name=_name(name), scopes=list(wanted), expires_at=ends)
    return _keep(session, made, now)


def find_token(session: Session, token: str, now: datetime, shown: Collection[str] = ()) -> TokenOwner | None:
    """Whose it is, unless nobody's, revoked or over. Looked up by its hash: no time tells how near a guess was.

    `shown`: the kinds of sources that send their signing secret as it is, which then is as good as a token.
    """
    row = session.execute(
        select(
            Token.id,
            Token.source_id,
            Token.person_id,
            Token.name,
            Token.scopes,
            Source.name.label("source"),
            Source.kind,
            Source.default_priority,
            Source.account,
        )
        .outerjoin(Source, Source.id == Token.source_id)
        .where(Token.hash == digest(token), Token.revoked_at.is_(None))
        .where(or_(Token.kind != SIGNING, Source.kind.in_(shown)))
        .where(or_(Token.expires_at.is_(None), Token.expires_at > now))
    ).one_or_none()
    if row is None:
        return None
    if row.source_id is None:
        return TokenOwner(row.id, None, row.name, API, tuple(row.scopes), person_id=row.person_id)
    return TokenOwner(row.id, row.source_id, row.source, row.kind, priority=row.default_priority, account=row.account)


def signing_secrets(session: Session, kind: str) -> list[tuple[TokenOwner, str]]:
    """The secrets in use of all sources of this kind, sealed, the newest first."""
    query = (
        select(
            Token.id, Token.source_id, Source.name, Source.kind, Source.default_priority, Source.account, Token.sealed
        )
        .join(Source, Source.id == Token.source_id)
        .where(Token.kind == SIGNING, Source.kind == kind, Token.revoked_at.is_(None))
        .order_by(Token.id.desc())
    )
    found = session.execute(query).all()
    return [
        (TokenOwner(*row[:4], priority=row.default_priority, signs=True, account=row.account), row.sealed or "")
        for row in found
    ]


def touch(
    session: Session, token_ids: Iterable[int], source_ids: Iterable[int], now: datetime, address: str = ""
) -> None:
    """They were used just now; `address` is told of programs that ask us."""
    tokens, sources = sorted(set(token_ids)), sorted(set(source_ids))  # sorted: two processes lock in the same order
    if tokens:
        where = {"last_address": address[:64]} if address else {}
        session.execute(update(Token).where(Token.id.in_(tokens)).values(last_used_at=now, **where))
    if sources:
        session.execute(update(Source).where(Source.id.in_(sources)).values(last_seen_at=now))


def list_sources(session: Session) -> Sequence[Source]:
    """Every source, in the order in which they were made; but not our own voice."""
    return session.scalars(select(Source).where(Source.id != 0).order_by(Source.id)).all()


def of_people(session: Session, kind: str, now: datetime) -> int:
    """The source of what people report by hand, made when the first of them does. It has no token."""
    known = session.scalar(select(Source.id).where(Source.kind == kind))
    if known is not None:
        return known
    taken = session.scalar(select(Source.id).where(Source.name == kind))
    return _source(session, kind, kind if taken is None else f"{kind} by hand", now).id


def find_source(session: Session, name: str) -> Source:
    """The source of this name. Raises NotPossible if there is none."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        raise NotPossible(f"there is no source {name!r}: make it with its first token")
    return source


def list_tokens(session: Session) -> Sequence[Row[Token, Source | None]]:
    """Every token with its source, if it has one, newest first; revoked ones too."""
    query = select(Token, Source).outerjoin(Source, Source.id == Token.source_id).order_by(Token.id.desc())
    return session.execute(query).all()


def rotate(session: Session, old: Token, now: datetime, lives: timedelta, token: str = "") -> str:
    """A new token beside the old one, which goes on for so long. Shown this once."""
    if old.source_id is None:
        made = Token(kind=API, person_id=old.person_id, name=old.name, scopes=list(old.scopes))
    else:
        made = Token(kind=INGEST, source_id=old.source_id, name=old.name, scopes=[])
    end = now + lives
    old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
    return _keep(session, made, now, token)


def of_person(session: Session, person_id: int, now: datetime) -> Sequence[Token]:
    """A person's own, as far as they work; newest first."""
    query = select(Token).where(Token.person_id == person_id, Token.revoked_at.is_(None))
    query = query.where(or_(Token.expires_at.is_(None), Token.expires_at > now))
    return session.scalars(query.order_by(Token.id.desc())).all()


def usable(session: Session, token_id: int, now: datetime) -> Token:
    """The token, locked. Raises NotPossible if it does not work any more, or never was."""
    row: Token | None = session.scalar(locked(select(Token).where(Token.id == token_id, Token.revoked_at.is_(None))))
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise NotPossible("this token does not work any more")
    return row


def revoke(session: Session, ending_or_id: str, now: datetime) -> Token:
    """End a token, given by its last characters or its id. Raises NotPossible when that is none or more than one."""
    wanted = Token.ending == ending_or_id
    if ending_or_id.isdecimal() and len(ending_or_id) < LONGEST_ID:
        wanted = or_(wanted, Token.id == int(ending_or_id))
    found = session.scalars(select(Token).where(wanted, Token.revoked_at.is_(None))).all()
    if len(found) != 1:
        raise NotPossible(f"{'several tokens are' if found else 'no token in use is'} {ending_or_id!r}")
    found[0].revoked_at = now
    return found[0]


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotPossible(f"a name has 1 to {LONGEST_NAME} printable characters")
    return name


def _source(session: Session, kind: str, name: str, now: datetime) -> Source:
    """The source of this name, made if it is new. Raises NotPossible if it is of another kind."""
    name = _name(name or kind)
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        source = Source(name=name, kind=kind, created_at=now)
        session.add(source)
        session.flush()
    elif source.kind != kind:
        raise NotPossible(f"the source {name!r} is of kind {source.kind}: choose another name")
    return source


def _keep(session: Session, row: Token, now: datetime, token: str = "") -> str:
    token = token or new_token()
    row.hash, row.ending, row.created_at = digest(token), token[-ENDING:], now
    session.add(row)
    session.flush()
    return token
