"""One request of a sender, from its bytes to its answer: the steps that the Flask view and the fast path share."""

import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

import msgspec

from gateway import crashpoint, log, metrics, sources
from gateway.doors.asking import Request
from gateway.doors.owners import Signer, heard
from gateway.doors.storing import Item, Unavailable
from gateway.flows.own_alerts import OWN_SOURCE, REFUSALS, refused_token_alert, unreadable_alert
from gateway.loader import BadJson
from gateway.outward import signing
from gateway.reply import Answer
from gateway.sources import BadPayload, Parsed
from gateway.store.incidents.alerts import Post
from gateway.store.senders.sources import TokenOwner
from rules.book import RuleBook
from rules.words import Alert

LARGEST = 16 * 1024 * 1024  # bytes of one body
RETRY_AFTER = "5"  # seconds; Alertmanager has its own back-off
HIDDEN = rb'"\1":"hidden"'  # in the place of a token that stood in a body
KEPT_UNREAD = 65536  # bytes of a body that nobody could read
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
JSON = (("Content-Type", "application/json"),)
_encode = msgspec.json.encode


class Refused(Exception):
    """The request is not taken in; `posts` is what is kept of it all the same, for people to see."""

    def __init__(self, answer: Answer, posts: tuple[Post, ...] = ()) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.posts = posts


def problem(status: int, detail: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An RFC 9457 answer."""
    body = _encode({"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail})
    return Answer(status, body, (("Content-Type", "application/problem+json"), *headers))


UNAUTHORIZED = problem(401, "a valid token is needed", headers=(("WWW-Authenticate", 'Bearer realm="nabat"'),))


def unavailable(reason: str) -> Answer:
    return problem(503, reason, headers=(("Retry-After", RETRY_AFTER),))


def token_of(request: Request) -> str:
    """Bearer, Basic (the token as password), or in the path for senders that can only set an address."""
    scheme, _, rest = request.authorization.partition(" ")
    if scheme.lower() in ("bearer", "geniekey"):  # the latter is Opsgenie's word
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace").partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return request.path_token


def signed_by(request: Request, known: Sequence[Signer], now: datetime) -> TokenOwner:
    """The source whose secret signed it: that is as good as a token. Raises Refused, whatever token came with it."""
    assert request.signed is not None
    try:
        given = request.signed.read(now)
        return known[signing.fitting(given, request.body, [one.secret for one in known])].owner
    except signing.BadSignature as wrong:
        raise _unsigned(request, wrong, now) from wrong


def _unsigned(request: Request, wrong: signing.BadSignature, now: datetime) -> Refused:
    metrics.rejected.labels("", "signature").inc()
    answer_ = problem(401, str(wrong), headers=UNAUTHORIZED.headers[1:])
    return Refused(answer_, (_own(refused_token_alert(request.kind, now), now, REFUSALS),))


def concerned(request: Request, known: Sequence[Signer], by_token: TokenOwner | None) -> Sequence[Signer]:
    """The secrets that a sender's own signature may be made with: those of the source that the token names, if it does.

    Some senders always sign. Of one that has given us no secret the token decides, as if it had not signed.
    """
    how = request.signed.how if request.signed else None
    usable = [
        one for one in known if how is None or (one.secret not in how.public and one.secret.startswith(how.key_prefix))
    ]
    return [one for one in usable if one.owner.source_id == by_token.source_id] if by_token else usable


def vouched(request: Request, known: Sequence[Signer], by_token: TokenOwner | None, now: datetime) -> TokenOwner | None:
    """Whose request a signed one is. Raises Refused."""
    assert request.signed is not None
    concerning = concerned(request, known, by_token)
    if not concerning and request.signed.how is not None:
        return by_token
    return signed_by(request, concerning, now)


def check(request: Request, owner: TokenOwner | None, now: datetime) -> TokenOwner:
    """The token fits the address, and the body may be read. Raises Refused."""
    if owner is None or owner.source_id is None or owner.kind != request.kind:
        metrics.rejected.labels("", "token").inc()
        raise Refused(UNAUTHORIZED, (_own(refused_token_alert(request.kind, now), now, REFUSALS),))
    if len(request.body) > LARGEST:
        raise too_large(owner, now)
    if request.content_encoding not in ("", "identity"):
        words = f"content encoding {request.content_encoding[:40]!r} is not supported"
        raise _alarm(_refuse(owner, 415, "encoding", words, now), owner, words, now)
    return owner


def too_large(owner: TokenOwner | None, now: datetime, largest: int = LARGEST) -> Refused:
    """`owner` is None where only the whole body would say whose it is: then nobody is told either."""
    words = f"the body is larger than {largest} bytes"
    if owner is None:
        metrics.rejected.labels("", "too large").inc()
        return Refused(problem(413, words))
    return _alarm(_refuse(owner, 413, "too large", words, now), owner, words, now)


def read(request: Request, owner: TokenOwner, now: datetime, book: RuleBook) -> Post:
    """The body as alerts. Raises Refused for what nobody can read; that is kept, and people hear of it."""
    assert owner.source_id is not None
    began = time.perf_counter()
    if secret := sources.habits(request.kind).secrets:
        request = replace(request, body=secret.sub(HIDDEN, request.body))
    if not request.body.strip():
        if sources.habits(request.kind).may_be_empty:
            return Post(owner.source_id, owner.name, b"", now, (), token_id=owner.token_id, began=began)
        raise _refuse(owner, 400, "empty", "the body is empty", now)
    try:
        parsed = _parsed(request, owner, now, book)
        # More would hold up all that others send for long.
        if len(parsed.alerts) + len(parsed.quarantined) > sources.MOST_ALERTS:
            raise BadPayload(f"more than {sources.MOST_ALERTS:,} alerts in one body")
    except (BadJson, BadPayload) as problem_:
        status, reason, words = _unread(request, problem_)
        raise _alarm(_refuse(owner, status, reason, words, now), owner, words, now, request.body) from problem_
    crashpoint.passing("parsed")
    if parsed.notes:
        log.info("payload_notes", source=owner.name, notes="; ".join(parsed.notes))
    return Post(
        owner.source_id, owner.name, request.body, now, parsed.alerts, parsed.quarantined, parsed.truncated,
        token_id=owner.token_id, once=_once(request, owner, now, parsed.alerts), asked=parsed.asked, began=began,
    )  # fmt: skip


def _parsed(request: Request, owner: TokenOwner, now: datetime, book: RuleBook) -> Parsed:
    """Raises BadJson, BadPayload, Refused."""
    body = _loaded(request, owner, now)
    try:
        return sources.find(request.kind).parse(body, heard(owner, now, book))
    except BadPayload:
        raise
    except Exception as problem_:  # a fault of ours must not lose what came without anybody's knowing
        log.error("source_failed", problem_, source=owner.name)
        words = "a fault in Nabat itself: please report it"
        raise _alarm(_refuse(owner, 500, "fault", words, now), owner, words, now, request.body) from problem_


def _loaded(request: Request, owner: TokenOwner, now: datetime) -> object:
    """Raises BadJson; and Refused for one that was signed and was not sent lately by what it says itself."""
    body = sources.loaded(request.kind, request.body)
    if owner.signs and request.signed is not None and request.signed.how is not None:
        try:
            signing.check_sent(request.signed.how, body, now)
        except signing.BadSignature as wrong:
            raise _unsigned(request, wrong, now) from wrong
    return body


def _unread(request: Request, why: BadJson | BadPayload) -> tuple[int, str, str]:
    """The status, a word for the metrics and one for people. That it is a form says curl -d of JSON, too."""
    refused = FORMS[1:] if sources.habits(request.kind).reads_forms else FORMS
    if isinstance(why, BadJson) and request.content_type.startswith(refused):
        return 415, "form", "send JSON, not a form" + (" in parts" if refused != FORMS else "")
    return 400, "json" if isinstance(why, BadJson) else "payload", str(why)


def _once(request: Request, owner: TokenOwner, now: datetime, alerts: Sequence[Alert]) -> str:
    """What tells a request from all others: sent again it has no effect, whoever it is that sends it.

    Of a signed one that is what is signed; a number that stands beside it anybody could change.
    """
    if request.signed is None or not owner.signs:
        number = request.delivery.encode("utf-8", "replace")
        return f"delivery:{owner.source_id}:{hashlib.sha256(number).hexdigest()}" if number else ""
    given, how = request.signed.read(now), request.signed.how
    at = given.number or given.at  # a number stays the same when its sender tries again
    # Without any time a ticket that is opened, closed and opened again says the same twice, and both count.
    dated = all(one.ticket is None or one.ticket.updated_at for one in alerts)
    if not at and not (how and how.unlike and dated):
        return ""
    whole = at.encode("utf-8", "replace") + b"." + request.body
    return f"signed:{owner.source_id}:{hashlib.sha256(whole).hexdigest()}"


def _refuse(owner: TokenOwner, status: int, reason: str, words: str, now: datetime) -> Refused:
    """Plainly the sender's mistake, which it is told; kept is only that it was so, for the page of the source."""
    metrics.rejected.labels(owner.name, reason).inc()
    kept = () if owner.source_id is None else (Post(owner.source_id, owner.name, b"", now, (), error=words),)
    return Refused(problem(status, words), kept)


def _alarm(refused: Refused, owner: TokenOwner, words: str, now: datetime, body: bytes = b"") -> Refused:
    """A repeat cannot help and the sender may tell nobody: what came is kept, an incident of its own tells people."""
    kept = [replace(post, body=body[:KEPT_UNREAD]) for post in refused.posts]
    return Refused(refused.answer, (_own(unreadable_alert(owner.name, words, now), now), *kept))


def _own(alert: Alert, now: datetime, threshold: int = 0) -> Post:
    return Post(OWN_SOURCE, alert.source, b"", now, (alert,), own=True, threshold=threshold)


def answer(item: Item, taken: Callable[[Post], Answer] | None = None) -> Answer:
    """What the sender hears once the writer has done with its post; `taken` says it in the sender's own way."""
    if not isinstance(item.result, list):
        reason = str(item.result) if isinstance(item.result, Unavailable) else "it was not stored in time"
        return unavailable(reason)
    if taken is not None:
        return taken(item.posts[0])
    outcome = item.result[0]
    body = {"accepted": outcome.accepted, "quarantined": outcome.quarantined, "incidents": outcome.incidents}
    return Answer(202, _encode(body), JSON)
