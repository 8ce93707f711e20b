"""A response report: the figures that page, file, API and /metrics show alike. Pure: a tally in, figures out."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.reports import figures, lanes
from rules.reports.figures import Sample, Spread, Sums, Tally

SENT = ("sent", "delivered", "failed", "queued", "sending")
REACHED = ("sent", "delivered")
HOURS = 168  # of a week


@dataclass(frozen=True, slots=True)
class Load:
    """What one person got; hours by that person's own clock."""

    person_id: int
    pages: int
    work: int
    off: int  # outside work hours without those of sleep
    sleep: int
    nights: int


@dataclass(frozen=True, slots=True)
class Channel:
    """`reached`: a provider took it and did not give it back; `confirmed`: there is a receipt as well."""

    name: str
    sent: int
    reached: int
    confirmed: int
    failed: int
    latency: Spread  # in milliseconds, from the promise to the provider's answer

    @property
    def share(self) -> float | None:
        return figures.share(self.reached, self.reached + self.failed)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all urgencies, and of each; days and hours for the pictures."""

    total: Sums
    by_urgency: Mapping[int, Sums]
    by_day: Mapping[tuple[int, int], int]  # day, urgency → incidents
    spreads: Mapping[str, Spread]
    ack_of: Mapping[int, Spread]
    loads: tuple[Load, ...]
    heat: tuple[int, ...]  # pages by hour of the week
    channels: tuple[Channel, ...]

    @property
    def in_time(self) -> float | None:
        return figures.share(self.total.in_time, self.total.eligible)

    @property
    def alerts_per_incident(self) -> float | None:
        return self.total.alerts / self.total.incidents if self.total.incidents else None

    @property
    def notifications_per_incident(self) -> float | None:
        return self.total.notifications / self.total.incidents if self.total.incidents else None

    @property
    def delivered(self) -> float | None:
        reached = sum(one.reached for one in self.channels)
        return figures.share(reached, reached + self.total.failed)

    @property
    def unresolved(self) -> int:
        return self.total.incidents - self.total.resolved

    @property
    def missed(self) -> int:
        """Answered too late, or not at all though it is late."""
        return self.total.eligible - self.total.in_time

    @property
    def nights(self) -> int:
        """Nights in which somebody was woken, of all persons together."""
        return sum(one.nights for one in self.loads)


def report(tally: Tally) -> Figures:
    total, by_urgency, by_day = Sums(), {rank: Sums() for rank in range(4)}, dict[tuple[int, int], int]()
    for (day, _, urgency), sums in tally.sums.items():
        total.join(sums)
        by_urgency.setdefault(urgency, Sums()).join(sums)
        by_day[day, urgency] = by_day.get((day, urgency), 0) + sums.incidents
    samples, acks = dict[str, Sample](), dict[int, Sample]()
    for (_, _, urgency, metric), sample in tally.samples.items():
        samples.setdefault(metric, Sample()).join(sample)
        if metric == figures.ACK:
            acks.setdefault(urgency, Sample()).join(sample)
    for whole, off, work in (
        (figures.ACK, figures.ACK_OFF, figures.ACK_WORK),
        (figures.RESOLVE, figures.RESOLVE_OFF, figures.RESOLVE_WORK),
    ):
        if whole in samples:
            samples[work] = samples[whole].without(samples.get(off, Sample()))
    spreads = {metric: sample.spread() for metric, sample in samples.items()}
    return Figures(
        total=total,
        by_urgency=by_urgency,
        by_day=by_day,
        spreads=spreads,
        ack_of={urgency: sample.spread() for urgency, sample in acks.items()},
        loads=_loads(tally),
        heat=_heat(tally),
        channels=_channels(tally, spreads),
    )


def _loads(tally: Tally) -> tuple[Load, ...]:
    """Who got most first: the order is by load, never by speed."""
    found: dict[int, figures.Load] = {}
    for (_, _, person), load in tally.loads.items():
        found.setdefault(person, figures.Load()).join(load)
    made = [_load(person, load) for person, load in found.items()]
    return tuple(sorted(made, key=lambda one: (-one.pages, one.person_id)))


def _load(person: int, load: figures.Load) -> Load:
    hours = lanes.unpacked(load.pages)
    sleep = sum(pages for hour, pages in enumerate(hours) if figures.is_sleep(hour))
    work = sum(pages for hour, pages in enumerate(hours) if figures.is_work(hour))
    return Load(person, sum(hours), work, sum(hours) - sleep - work, sleep, len(load.nights))


def _heat(tally: Tally) -> tuple[int, ...]:
    hours = lanes.unpacked(sum(load.pages for load in tally.loads.values()))
    return hours + (0,) * (HOURS - len(hours))


def _channels(tally: Tally, spreads: Mapping[str, Spread]) -> tuple[Channel, ...]:
    counted: dict[str, dict[str, int]] = {}
    for (_, _, _, channel, status), count in tally.channels.items():
        mine = counted.setdefault(channel, {})
        mine[status] = mine.get(status, 0) + count
    found = [
        Channel(
            name=name,
            sent=sum(mine.values()),
            reached=sum(mine.get(status, 0) for status in REACHED),
            confirmed=mine.get("delivered", 0),
            failed=mine.get("failed", 0),
            latency=spreads.get(figures.LATENCY + name, Spread()),
        )
        for name, mine in counted.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.sent, one.name)))


def flat(found: Figures) -> dict[str, float | None]:
    """The figures by name, as the API, the file and /metrics give them: seconds, per cent, counts."""
    ack, resolve = (found.spreads.get(name, Spread()) for name in (figures.ACK, figures.RESOLVE))
    first = found.spreads.get(figures.FIRST, Spread())
    total = found.total
    return {
        "incidents": total.incidents,
        "alerts": total.alerts,
        "alerts_per_incident": found.alerts_per_incident,
        "acknowledged": total.acked,
        "ack_seconds_median": ack.p50,
        "ack_seconds_p90": ack.p90,
        "ack_seconds_mean": ack.mean,
        "resolved": total.resolved,
        "unresolved": found.unresolved,
        "resolve_seconds_median": resolve.p50,
        "resolve_seconds_p90": resolve.p90,
        "resolve_seconds_mean": resolve.mean,
        **_by_hours(found),
        **_outcomes(found),
        "in_time_of": total.eligible,
        "in_time": total.in_time,
        "in_time_percent": found.in_time,
        "missed": found.missed,
        "notifications": total.notifications,
        "notifications_per_incident": found.notifications_per_incident,
        "failed": total.failed,
        "delivered_percent": found.delivered,
        "not_reached": total.unreached,
        "not_reached_per_incident": total.unreached / total.incidents if total.incidents else None,
        "pages": total.pages,
        "off_hours_pages": total.off_pages,
        "sleep_pages": total.sleep_pages,
        "nights": found.nights,
        "first_message_seconds_median": first.p50,
        "first_message_seconds_p95": first.p95,
        "first_message_seconds_max": first.most,
    }


def _outcomes(found: Figures) -> dict[str, float | None]:
    """What came back, and what was a false alarm by what people said of it."""
    total = found.total
    return {
        "reopened": total.reopened,
        "reopened_percent": figures.share(total.reopened, total.incidents),
        "judged": total.judged,
        "false_percent": figures.share(total.judged_false, total.judged),
    }


def _by_hours(found: Figures) -> dict[str, float | None]:
    """Of what opened in work hours by the clock of the rule book, and outside them."""
    metrics = (
        ("ack_work", figures.ACK_WORK), ("ack_off_hours", figures.ACK_OFF), ("resolve_work", figures.RESOLVE_WORK),
        ("resolve_off_hours", figures.RESOLVE_OFF),
    )  # fmt: skip
    told = [(name, found.spreads.get(metric, Spread())) for name, metric in metrics]
    halves = [((f"{name}_seconds_median", one.p50), (f"{name}_seconds_p90", one.p90)) for name, one in told]
    return dict(pair for both in halves for pair in both)
