"""Whether Nabat does its own work: what the auditor saw in, what is wrong with it out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.words import Severity


class What(StrEnum):
    """What can be wrong with us."""

    WORKER = "worker"  # no worker shows itself
    MESSAGES = "messages"  # messages that are due and do not go out
    STEPS = "steps"  # steps, fallbacks and expiries whose time has come, and nothing happens
    MISSING = "missing"  # emergencies whose notification is not there
    UNREACHED = "unreached"  # emergencies that have reached nobody
    DISK = "disk"  # too little room to take anything in
    TRANSACTION = "transaction"  # somebody's is so old that dead rows pile up: all of ours gets slower


SILENCE = timedelta(seconds=30)  # after which no worker counts as running
LATE = timedelta(seconds=60)  # what has been due for so long is late
STARTING = timedelta(seconds=45)  # after the auditor's start, in which the others may still be starting too
TOLD_AFTER = timedelta(seconds=15)  # a problem that is over by then is shown, and nobody is called for it
STALE = timedelta(seconds=90)  # a report older than this says nothing about now
PING_EVERY = timedelta(seconds=60)
OF_OTHERS = (What.WORKER, What.MESSAGES, What.STEPS)  # what a worker that has just started has to catch up with
HELD = timedelta(minutes=15)  # a transaction that has been open for so long is old
PASSED = 1_000_000  # … or one since which so many others have written: of a replication slot no more is known
CALLS_FOR = {  # the others: error
    What.WORKER: Severity.CRITICAL, What.DISK: Severity.CRITICAL, What.TRANSACTION: Severity.WARNING
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of our work at one moment."""

    worker_seen: datetime | None
    message_due: datetime | None = None  # of the messages that nothing holds up, the one that is due longest
    step_due: datetime | None = None  # of the steps, fallbacks and expiries
    missing: int = 0
    unreached: int = 0
    short_of_room: bool = False
    held: timedelta = timedelta()  # for how long somebody's transaction has kept dead rows
    passed: int = 0  # transactions that have written since


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: for how long (`seconds`; none: it never was right), or how many (`count`)."""

    what: What
    count: int = 1
    seconds: int | None = None
    since: datetime | None = None  # when it was first found

    @property
    def lasted(self) -> timedelta:
        return timedelta(seconds=self.seconds or 0)

    @property
    def words(self) -> str:
        """For logs, alerts and /readyz; pages have words of their own."""
        return self.template % {"n": self.number}

    @property
    def template(self) -> str:
        """The same with a place for its number, for whoever says it in another language."""
        return (_WORDS if self.seconds is not None else _WORDS | _WITHOUT_TIME)[self.what]

    @property
    def number(self) -> int:
        """For how many seconds, or how many."""
        return self.count if self.seconds is None else self.seconds

    @property
    def grave(self) -> bool:
        """Whether our work is not done because of it."""
        return self.what is not What.TRANSACTION

    @property
    def severity(self) -> Severity:
        return CALLS_FOR.get(self.what, Severity.ERROR)


_WORDS = {
    What.WORKER: "no worker was seen for %(n)s s: nothing is sent",
    What.MESSAGES: "messages wait: the oldest has been due for %(n)s s",
    What.STEPS: "steps are late: the oldest has been due for %(n)s s",
    What.MISSING: "emergencies whose notification was missing: %(n)s",
    What.UNREACHED: "emergencies that have reached nobody: %(n)s",
    What.DISK: "the disk is nearly full: new alerts are refused",
    What.TRANSACTION: "dead rows cannot be cleared: a transaction has been open for %(n)s s",
}
_WITHOUT_TIME = {
    What.WORKER: "no worker was ever seen: nothing is sent",
    What.TRANSACTION: "dead rows cannot be cleared: one transaction has been open while %(n)s others wrote",
}


def judge(
    sight: Sight, now: datetime, before: Mapping[What, Finding], *, starting: bool = False
) -> tuple[Finding, ...]:
    """What is wrong now. `before`: what was found the last time, so that a finding keeps its beginning."""
    of_others = [] if starting else [*_silent(sight, now), *_late(sight, now)]
    found = [*of_others, *_counted(sight), *_held(sight)]
    return tuple(
        Finding(one.what, one.count, one.seconds, before[one.what].since if one.what in before else now)
        for one in found
    )


def _silent(sight: Sight, now: datetime) -> list[Finding]:
    if sight.worker_seen is None:
        return [Finding(What.WORKER)]
    silent = now - sight.worker_seen
    return [Finding(What.WORKER, seconds=int(silent.total_seconds()))] if silent > SILENCE else []


def _late(sight: Sight, now: datetime) -> list[Finding]:
    due = ((What.MESSAGES, sight.message_due), (What.STEPS, sight.step_due))
    return [
        Finding(what, seconds=int((now - at).total_seconds())) for what, at in due if at is not None and now - at > LATE
    ]


def _counted(sight: Sight) -> list[Finding]:
    counts = ((What.MISSING, sight.missing), (What.UNREACHED, sight.unreached), (What.DISK, int(sight.short_of_room)))
    return [Finding(what, count) for what, count in counts if count]


def _held(sight: Sight) -> list[Finding]:
    if sight.held > HELD:
        return [Finding(What.TRANSACTION, seconds=int(sight.held.total_seconds()))]
    return [Finding(What.TRANSACTION, sight.passed)] if sight.passed > PASSED else []


def worth_telling(finding: Finding, now: datetime) -> bool:
    """Whether somebody is told of it, beyond what is shown."""
    return finding.since is not None and now - finding.since >= TOLD_AFTER
