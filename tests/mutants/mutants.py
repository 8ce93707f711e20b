"""Eleven bugs that somebody might write, and for each a few tests that must notice it."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Mutant:
    """A bug: in `path`, each old text becomes its new one. `tests` are given to pytest: one must fail."""

    name: str
    path: str
    edits: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]

    def applied_to(self, text):
        for old, new in self.edits:
            assert text.count(old) == 1, f"{self.name}: {text.count(old)} times in {self.path}, not once: {old!r}"
            text = text.replace(old, new)
        return text


MUTANTS = (
    Mutant(
        "ack before commit",
        "gateway/doors/inbox.py",
        (
            (
                "from gateway.flows.ahead import Ahead\n",
                "from gateway.flows.ahead import Ahead\nfrom gateway.flows.arriving import Outcome\n",
            ),
            (
                """        try:
            if wanted:
                store(wanted, self._world, ahead if len(wanted) == len(batch) else None)
""",
                """        for item in wanted:
            item.result = [Outcome(len(post.alerts), len(post.quarantined)) for post in item.posts]
        self._finish(wanted)
        try:
            if wanted:
                store(wanted, self._world, ahead if len(wanted) == len(batch) else None)
""",
            ),
        ),
        ("tests/integration/test_door.py -k database_that_is_away",),
    ),
    Mutant(
        "mark before send",
        "gateway/flows/deliver.py",
        (
            (
                """        began = time.monotonic()
        asked = at_source""",
                """        began = time.monotonic()
        self.results.put((flight, Result(flight.leased, "sent")))
        asked = at_source""",
            ),
        ),
        ("tests/integration/test_ladder.py -k failing_provider",),
    ),
    Mutant(
        "no fencing token",
        "gateway/store/outgoing/outbox.py",
        (
            (
                "leased_until = NULL WHERE id = :id AND lease = :lease AND status = 'sending' \"",
                "leased_until = NULL WHERE id = :id AND status IN ('sending', 'queued', 'sent') \"",
            ),
        ),
        ("tests/integration/test_ladder.py -k word_counts_no_more",),
    ),
    Mutant(
        "first in, first out",
        "gateway/store/outgoing/outbox.py",
        (("ORDER BY d.rank, d.due_at LIMIT :limit", "ORDER BY d.due_at LIMIT :limit"),),
        ("tests/integration/test_guards.py -k overtakes",),
    ),
    Mutant(
        "429 is final",
        "gateway/outward/outbound.py",
        (("if status in (408, 429) or status >= 500:", "if status == 408 or status >= 500:"),),
        ("tests/unit/test_outbound.py -k later_is_later",),
    ),
    Mutant(
        "deferred BEGIN",
        "gateway/store/db.py",
        (('BEGIN_WRITING if connection.get_execution_options().get("writes") else "BEGIN"', '"BEGIN"'),),
        ("tests/integration/test_guards.py -k write_lock",),
    ),
    Mutant(
        "no tcp_user_timeout",
        "gateway/store/connecting.py",
        (('    "tcp_user_timeout": 5000,\n', ""),),
        ("tests/integration/test_guards.py -k cut_wire",),
    ),
    Mutant(
        "302 is followed",
        "gateway/outward/outbound.py",
        (
            (
                """        return Answer(status, answered, body, time.monotonic() - started)
""",
                """        if status in (301, 302, 307, 308) and answered.get("Location"):
            return ask(answered["Location"], allow_private=allow_private, loopback=loopback)
        return Answer(status, answered, body, time.monotonic() - started)
""",
            ),
        ),
        ("tests/unit/test_outbound.py -k redirects",),
    ),
    Mutant(
        "timer in memory",
        "gateway/store/incidents/cases.py",
        (
            (
                "_KEPT = (",
                """_REMEMBERED: dict[int, int] = {}
_KEPT = (""",
            ),
            (
                "state.level, _micros(state.next_at), _micros(state.snoozed_until),",
                "state.level, _remember(case.id, _micros(state.next_at)), _micros(state.snoozed_until),",
            ),
            (
                """    return [row[0] for row in bulk.select_plain(session, sql, micros(now), since, limit)]
""",
                """    known = [row[0] for row in bulk.select_plain(session, sql, micros(now), since, limit)]
    return [*known, *(id_ for id_, at in _REMEMBERED.items() if at <= micros(now))]


def _remember(id_: int, at: int | None) -> None:
    if at is not None:
        _REMEMBERED[id_] = at
""",
            ),
        ),
        ("tests/gameday/test_crash_points.py -k outlives_the_process",),
    ),
    Mutant(
        "dropped when too long",
        "gateway/channels/pagerduty.py",
        (('"summary": cut(message.title, LONGEST_SUMMARY) or', '"summary": message.title or'),),
        ("tests/channels/test_pagerduty.py -k hostile_text",),
    ),
    Mutant(
        "text taken for markup",
        "templates/partials/rows.html",
        (("{{ row.title }}</a>", "{{ row.title|safe }}</a>"),),
        ("tests/browser/test_hostile.py",),
    ),
)
