"""What can be done for alerts before it is their turn to be stored: all that needs the rule book and no database."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.store.alerts import Post, Prepared, Ready, pack, words_of
from rules.book import RuleBook
from rules.identity import dedup_key
from rules.matchers import seen_labels


def prepare(post: Post, book: RuleBook) -> Post:
    """Done while somebody else writes: in the transaction everybody would wait for it."""
    return replace(post, prepared=Prepared(book, ready_of(post, book), pack(post.body)))


def ready_of(post: Post, book: RuleBook) -> Sequence[Ready]:
    """Its alerts with what `book` says of them. If another book came into force since it was prepared, anew."""
    if post.prepared is not None and post.prepared.book is book:
        return post.prepared.alerts
    found = []
    for alert in post.alerts:
        labels = seen_labels(alert)
        route = book.route(labels)
        found.append(Ready(alert, route, dedup_key(alert, route, labels), words_of(alert)))
    return found
