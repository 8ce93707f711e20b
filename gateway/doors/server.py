"""The web server's side: bodies are awaited without a thread, ingest goes to the inbox, the rest to Flask.

granian speaks HTTP and calls `Bridge` on one event loop a process. A sender that dawdles over its body costs a
coroutine, not a thread (docs/ARCHITECTURE.md, "The door").
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from gateway import log, metrics, sources
from gateway.doors import asking, dialects, ingest
from gateway.doors.bodies import BODILESS, REFUSED, BrokenOff, TooLarge, TooSlow, environ_of, read_body
from gateway.doors.dialects import Dialect
from gateway.doors.inbox import Inbox
from gateway.doors.ingest import Refused
from gateway.doors.owners import Owners, Signer, signers
from gateway.doors.pages import answer_of
from gateway.doors.seats import Ask, Full, Room, Seat
from gateway.doors.sender import Sender, wake
from gateway.doors.spread import Board, Spread
from gateway.doors.storing import Item, Unavailable
from gateway.doors.wire import request_of, send
from gateway.flows.prepare import prepare
from gateway.reply import QUICK, Answer, Quick
from gateway.store.db import reading
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from gateway.store.senders.sources import TokenOwner
from gateway.world import World

THREADS = 16  # for Flask's pages
INGEST_THREADS = 4  # for tokens nobody has asked about lately, and large bodies: pages must not hold them up
FORM_LIMIT = 1024 * 1024  # bytes; everything but ingest is small
SMALL = 128 * 1024  # bytes: a body up to this is parsed on the event loop, a larger one in a thread
BOOK_GLANCE = 0.5  # seconds between questions whether somebody asked for it
BOOK_EVERY = 5.0  # seconds between looks at the rule book's files
STORE_DEADLINE = 30.0  # seconds an answer waits for its commit
LOOKUP_DEADLINE = 15.0  # seconds to learn whose a token is: a database that says nothing must not hold senders for ever
Found = TypeVar("Found")


class Bridge:
    """An RSGI application around the Flask app."""

    def __init__(self, app: Flask, spread: Spread | None = None) -> None:
        self.app = app
        self.spread = spread or Spread(Board())
        self.world: World = app.extensions["gateway"]
        self.pages = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self.pool = ThreadPoolExecutor(INGEST_THREADS, thread_name_prefix="ingest")
        self.room = Room()
        self.inbox = Inbox(app, self.world, finish=self._finish)
        app.extensions["inbox"] = self.inbox
        self.owners = Owners(self._find_owner, self._find_signers)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.watch: asyncio.Task[None] | None = None
        self.quick: Quick | None = app.extensions.get(QUICK)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.inbox.start()
        self.watch = loop.create_task(self._watch_book())

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        if self.watch is not None:
            self.watch.cancel()
        self.inbox.close()
        self.pages.shutdown(wait=True, cancel_futures=True)
        self.pool.shutdown(wait=True, cancel_futures=True)

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        if scope.proto != "http":
            proto.close(403)
            return
        ours = scope.path.startswith("/ingest/") and scope.method == "POST"
        dialect = None if ours else dialects.find(scope.method, scope.path)
        with Seat(self.room) as seat:
            if ours or dialect:
                end = scope.http_version == "1.1" and self.spread.lets_go(scope.client, time.monotonic())
                await self._ingest(scope, seat, Sender(proto, dialect, end))
                return
            answer = await self._page(scope, proto, seat)
        send(proto, answer)

    async def _page(self, scope: Any, proto: Any, seat: Seat) -> Answer:
        assert self.loop is not None
        at_once = quick.answer(scope) if (quick := self._quick(scope)) else None
        if at_once is not None:
            return at_once
        try:
            body = await _body(scope, proto, seat, FORM_LIMIT)
        except Refused as refused:
            return await self._refused(scope, refused.answer)
        except Unavailable as problem:
            return await self._refused(scope, ingest.unavailable(str(problem)))
        if body is None:
            return await self._refused(scope, ingest.problem(413, f"the body is larger than {FORM_LIMIT} bytes"))
        return await self.loop.run_in_executor(self.pages, self._flask, scope, body)

    async def _refused(self, scope: Any, answer: Answer) -> Answer:
        """A program reads why; a person sees a page that says it."""
        get = scope.headers.get
        if "text/html" not in (get("accept") or "") and not get("hx-request"):
            return answer
        assert self.loop is not None
        return await self.loop.run_in_executor(self.pages, self._flask, scope, b"", answer.status)

    async def _watch_book(self) -> None:
        """This process routes by the book too, so it looks for a new one itself."""
        assert self.loop is not None
        while True:
            for _ in range(int(BOOK_EVERY / BOOK_GLANCE)):
                await asyncio.sleep(BOOK_GLANCE)
                self.spread.tell(time.monotonic())
                self._end_without_writer()
                if self.world.shelf.asked:
                    break
            try:
                await self.loop.run_in_executor(self.pool, self.world.shelf.refresh)
            except Exception as problem:  # noqa: BLE001 - whatever is wrong now, the next look must come
                log.error("rule_book_look_failed", problem)

    def _end_without_writer(self) -> None:
        """Nothing can be taken in here any more: granian starts another process in our place."""
        if not self.inbox.alive:
            log.error("writer_lost")
            os._exit(1)

    async def _ingest(self, scope: Any, seat: Seat, sender: Sender) -> None:
        started, dialect = time.perf_counter(), sender.dialect
        limit = dialect.largest if dialect else ingest.LARGEST
        ask = (lambda: self._may_send_much(scope, dialect)) if dialect is None or dialect.known_early else None
        try:
            body = await _body(scope, sender.proto, seat, limit, ask)
            started = time.perf_counter()
            answer = await self._take(scope, body, sender)
        except Refused as refused:
            if refused.posts:
                self._keep(refused.posts)
            answer = refused.answer
        except Unavailable as problem:
            metrics.rejected.labels("", "overload").inc()
            answer = ingest.unavailable(str(problem))
        if answer is not None:
            sender.hears(answer)
        metrics.ingest_seconds.observe(time.perf_counter() - started)

    async def _may_send_much(self, scope: Any, dialect: Dialect | None) -> None:
        """Before much of a body is read: somebody's token, or that a signature may fit. Raises Refused."""
        request, now = request_of(scope, b"", dialect), self.world.clock.now()
        by_token = await self._by_token(request)
        known = await self._signers(request.kind) if request.signed else ()
        if not ingest.concerned(request, known, by_token):
            ingest.check(request, ingest.vouched(request, (), by_token, now) if request.signed else by_token, now)

    async def _take(self, scope: Any, body: bytes | None, sender: Sender) -> Answer | None:
        """None as body: it was too large. The answer, if the sender has not heard it from the writer already."""
        now, dialect = self.world.clock.now(), sender.dialect
        if body is None and dialect is not None and not dialect.known_early:
            raise ingest.too_large(None, now, dialect.largest)
        request = request_of(scope, body or b"", dialect)
        assert self.loop is not None
        if body is None and request.signed is not None:
            raise ingest.too_large(await self._by_token(request), now)
        owner = ingest.check(request, await self._owner(request, now), now)
        if body is None:
            raise ingest.too_large(owner, now)
        if len(body) <= SMALL:
            post = self._read(request, owner, now)
        else:
            post = await self.loop.run_in_executor(self.pool, self._read, request, owner, now)
        waiting: asyncio.Future[None] = self.loop.create_future()
        sender.taken, sender.waits = request.taken, waiting
        item = Item([post], reply=sender)
        self.inbox.put(item)
        try:
            async with asyncio.timeout(STORE_DEADLINE):
                await asyncio.shield(waiting)
        except TimeoutError:
            if self.inbox.withdraw(item):
                return ingest.unavailable("it was not stored in time")
            await waiting  # it is being stored this moment: the answer is what comes of it
        return None if sender.told else ingest.answer(item, request.taken)

    def _read(self, request: asking.Request, owner: TokenOwner, now: datetime) -> Post:
        book = self.world.shelf.book
        post = ingest.read(request, owner, now, book)
        try:
            return prepare(post, book)
        except Exception:  # noqa: BLE001 - whatever it is, the writer meets it again, and sets aside what it cannot store
            return post

    async def _owner(self, request: asking.Request, now: datetime) -> TokenOwner | None:
        assert self.loop is not None
        by_token = await self._by_token(request)
        if request.signed is None:
            return by_token
        known = await self._signers(request.kind)
        if len(request.body) <= SMALL:
            return ingest.vouched(request, known, by_token, now)
        return await self.loop.run_in_executor(self.pool, ingest.vouched, request, known, by_token, now)

    async def _by_token(self, request: asking.Request) -> TokenOwner | None:
        """Our own signature is as good as a token: none is looked at beside it."""
        if request.signed is not None and request.signed.how is None:
            return None
        token = ingest.token_of(request)
        return self.owners.held(token) or await self._looked_up(self.owners.of, token)

    async def _signers(self, kind: str) -> tuple[Signer, ...]:
        assert self.loop is not None
        known = self.owners.held_signers(kind)
        return await self._looked_up(self.owners.signers_of, kind) if known is None else known

    async def _looked_up(self, find: Callable[[str], Found], what: str) -> Found:
        assert self.loop is not None
        try:
            async with asyncio.timeout(LOOKUP_DEADLINE):
                return await self.loop.run_in_executor(self.pool, find, what)
        except TimeoutError:
            raise Unavailable("the database does not answer") from None

    def _keep(self, posts: Sequence[Any]) -> None:
        """What is kept of a refused request. The refusal stands whether or not there is room for it."""
        try:
            self.inbox.put(Item(list(posts)))
        except Unavailable:
            log.warning("refusal_not_kept", reason="too much is waiting")

    def _finish(self, batch: Sequence[Item]) -> None:
        """Called by the writer thread, which answers itself: each thread that it went through would cost its waking.

        One call into the loop for the whole commit, for what is left to do there.
        """
        assert self.loop is not None
        heard = [item for item in batch if item.reply is not None]
        for item in heard:
            item.reply.hears_of(item)
        self.loop.call_soon_threadsafe(wake, [item.reply.waits for item in heard])

    def _find_owner(self, token: str) -> TokenOwner | None:
        """In a thread. A database that is away must not look like a wrong token."""
        with self.app.app_context():
            try:
                with reading() as session:
                    return source_store.find_token(session, token, self.world.clock.now(), sources.showing_secrets())
            except SQLAlchemyError as problem:
                raise Unavailable("the database cannot be asked now") from problem

    def _find_signers(self, kind: str) -> tuple[Signer, ...]:
        with self.app.app_context():
            try:
                with reading() as session:
                    return signers(source_store.signing_secrets(session, kind), self.world.vault)
            except SQLAlchemyError as problem:
                raise Unavailable("the database cannot be asked now") from problem

    def _flask(self, scope: Any, body: bytes, refused: int = 0) -> Answer:
        """`refused`: the status with which the body was not taken in, for the page about it."""
        environ = environ_of(scope, body) | {REFUSED: refused}
        answer = answer_of(self.app, environ)
        if quick := self._quick(scope):
            quick.learn(scope, environ, answer)
        return answer

    def _quick(self, scope: Any) -> Quick | None:
        return self.quick if self.quick and scope.method == "GET" and scope.path == self.quick.path else None


async def _body(scope: Any, proto: Any, seat: Seat, limit: int, ask: Ask | None = None) -> bytes | None:
    """The body; None if it is too large. Raises Refused, Unavailable."""
    if scope.method in BODILESS:
        return b""
    try:
        return await read_body(scope, proto, limit, seat, ask)
    except TooSlow:
        raise Refused(ingest.problem(408, "the body did not arrive in time")) from None
    except BrokenOff:  # nothing of it is kept, or told to people: who sent it knows, and comes again
        raise Refused(ingest.problem(400, "the body broke off before its end")) from None
    except Full:
        raise Unavailable("too many requests are under way") from None
    except TooLarge:
        return None
