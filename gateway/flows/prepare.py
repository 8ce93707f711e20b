"""What can be done for alerts before it is their turn to be stored: all that needs the rule book and no database."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as changed

from gateway.store.incidents.alerts import Post, Prepared, Ready, pack, words_of
from rules.book import RuleBook
from rules.identity import dedup_key
from rules.matchers import seen_labels
from rules.reading import lookups
from rules.words import Alert, Route


def prepare(post: Post, book: RuleBook) -> Post:
    """Done while somebody else writes: in the transaction everybody would wait for it."""
    return replace(post, prepared=Prepared(book, ready_of(post, book), pack(post.body)))


def ready_of(post: Post, book: RuleBook) -> Sequence[Ready]:
    """Its alerts with what `book` says of them. If another book came into force since it was prepared, anew."""
    if post.prepared is not None and post.prepared.book is book:
        return post.prepared.alerts
    reading = book.at(post.received_at)
    times = tuple(reading.standings.values())
    found = []
    for sent in post.alerts:
        labels = seen_labels(sent)
        asked = dict(labels) if book.lookups else labels
        alert = _looked_up(sent, book, labels) if book.lookups else sent
        route = reading.route(labels)
        found.append(Ready(alert, route, dedup_key(alert, route, labels), words_of(alert), asked, times))
    return found


def _looked_up(alert: Alert, book: RuleBook, labels: dict[str, str]) -> Alert:
    """The alert with what the rule book's tables know of it: from here on as if it had been sent."""
    added = lookups.add(book.lookups, labels)
    more = {name: value for one in added for name, value in one.labels.items()}
    return changed(alert, labels={**alert.labels, **more}) if more else alert


def given_route(post: Post, route: Route, book: RuleBook) -> Post:
    """For a word of our own that is meant for somebody, whatever the rules say."""
    ready = [
        Ready(alert, route, dedup_key(alert, route, {"fingerprint": alert.fingerprint}), words_of(alert))
        for alert in post.alerts
    ]
    return replace(post, prepared=Prepared(book, ready, pack(post.body)))
