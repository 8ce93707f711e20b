"""What was stored, added up for the metrics: once a commit, since each counter costs more than all the adding."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from gateway import metrics
from gateway.flows.arriving import Outcome
from gateway.store.incidents.alerts import Post
from rules.words import Urgency

NAMES = tuple(urgency.value for urgency in Urgency)


def add_up(requests: int, stored: Iterable[tuple[Post, Outcome]]) -> None:
    """After the commit that these requests shared, so that the metrics never run ahead of it."""
    sums: Counter[tuple[Any, tuple[str, ...]]] = Counter()  # by metric and its labels
    for post, outcome in stored:
        firing = sum(1 for alert in post.alerts if alert.firing)
        sums[metrics.alerts_received, (post.source, "firing")] += firing
        others = len(post.alerts) - firing
        for said in (one.said for one in post.alerts if one.said is not None) if others else ():
            sums[metrics.alerts_received, (post.source, said.what.value)] += 1
            others -= 1
        sums[metrics.alerts_received, (post.source, "resolved")] += others
        sums[metrics.quarantined, (post.source,)] += len(post.quarantined)
        sums[metrics.passed_over, (post.source,)] += not (post.alerts or post.quarantined or post.error)
        sums[metrics.never_seen, (post.source,)] += outcome.never_seen
        for rank, number in Counter(outcome.opened).items():
            sums[metrics.incidents_opened, (NAMES[rank],)] += number
    metrics.batch_posts.observe(requests)
    for (counter, labels), number in sums.items():
        if number:
            counter.labels(*labels).inc(number)
