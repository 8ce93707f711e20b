"""The last 30 days of the demo's alerts, as stories in order of time. Pure: a seed and a moment in, stories out."""

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.demo.cast import SITE
from gateway.demo.dice import about, dice
from gateway.demo.providers import OUTAGE
from gateway.demo.story import MOSCOW, Alarm, Beat, Group, Plan, Story
from gateway.demo.troubles import TROUBLES, Trouble

DAYS = 30
QUIET = timedelta(hours=5)  # before the present: what is open then has a script of its own (present.py)
ENDED = timedelta(hours=1)  # before the present everything of the history is over
REPEAT = timedelta(hours=4)  # Alertmanager's repeat_interval
BAD_NIGHTS = frozenset((2, 7, 11, 13, 18, 22, 27))  # so many days ago: in the others nobody is called
DAY = (9 * 3600, 20 * 3600)  # in which nobody sleeps, from Berlin to Yekaterinburg
HOURS = {  # from, to: hours of the day in which it happens, and how much of it
    "any": ((0, 24, 0.55), (8, 20, 0.45)),
    "office": ((9, 18, 0.85), (18, 23, 0.15)),
    "backup": ((1, 5, 0.75), (8, 22, 0.25)),
    "morning": ((6, 9, 1.0),),
}
# By severity: how often the page of step 1, 2, 3 is answered (else nobody answers), and after how many minutes.
ANSWERS = {
    "critical": ((0.74, 0.14, 0.09), 1.9),
    "error": ((0.66, 0.17, 0.08), 4.5),
    "warning": ((0.55, 0.08, 0.0), 13.0),
    "info": ((0.55, 0.1, 0.0), 48.0),
}


def stories(seed: int, anchor: datetime) -> list[Story]:
    found = [story for trouble in TROUBLES for story in _of(trouble, seed, anchor)]
    found.append(_while_nobody_can_be_called(anchor))
    return sorted(found, key=lambda story: story.beats[0].at)


def _while_nobody_can_be_called(anchor: datetime) -> Story:
    """An emergency in the middle of an outage of PagerDuty: another way is found."""
    at, group = anchor - OUTAGE[0] + timedelta(minutes=4), Group(MOSCOW)
    alarm = Alarm("LoadBalancerDown", "critical", "web-shop", "moscow", "lb01:9101", "lb01 is down, the shop with it",
                  "Both addresses of the load balancer do not answer for 1 minute.")  # fmt: skip
    note = "keepalived had lost its neighbour. PagerDuty was away just then, the SMS came through."
    plan = Plan(1, timedelta(minutes=3), timedelta(minutes=31), notes=(note,))
    return Story(MOSCOW, (Beat(at, group.fire([alarm], at), twice=True),), plan, group.over)


def moments(rng: random.Random, times: int, when: str, anchor: datetime) -> Iterator[datetime]:
    """So many moments of the last 30 days, on the wall clock of the firm."""
    zone = ZoneInfo(SITE)
    today = anchor.astimezone(zone).date()
    for _ in range(times):
        day = today - timedelta(days=rng.randrange(DAYS))
        while when == "office" and day.weekday() > 4 and rng.random() < 0.85:
            day = today - timedelta(days=rng.randrange(DAYS))
        spans = HOURS[when]
        first, last, _share = rng.choices(spans, [share for *_, share in spans])[0]
        seconds = rng.uniform(first * 3600, last * 3600 - 1)
        if (today - day).days not in BAD_NIGHTS and not DAY[0] <= seconds < DAY[1]:
            seconds = rng.uniform(*DAY)
        local = datetime.combine(day, time(), zone) + timedelta(seconds=round(seconds, 1))
        at = local.astimezone(anchor.tzinfo)
        if anchor - timedelta(days=DAYS) < at < anchor - QUIET:
            yield at


def _of(trouble: Trouble, seed: int, anchor: datetime) -> Iterator[Story]:
    rng = dice(seed, trouble.name)
    for at in moments(rng, trouble.times, trouble.when, anchor):
        began = at
        for _ in range(rng.randint(*trouble.chain)):
            if began < anchor - QUIET:
                yield _story(trouble, rng, began, anchor)
            began += timedelta(minutes=rng.uniform(6, 14))


def alarms(trouble: Trouble, rng: random.Random, count: int) -> list[Alarm]:
    highest = max(trouble.size[1], 6)
    numbers = rng.sample(range(1, highest + 1), min(count, highest))
    hosts = dict.fromkeys(trouble.hosts.format(n=number) for number in sorted(numbers))
    return [
        Alarm(trouble.name, trouble.severity, trouble.service, trouble.site, host, trouble.summary.format(host=host),
              trouble.description)
        for host in hosts
    ]  # fmt: skip


def _story(trouble: Trouble, rng: random.Random, at: datetime, anchor: datetime) -> Story:
    """Some fire at once, others join; what heals does so in the sender's own time."""
    group, twice = Group(trouble.source), trouble.source == MOSCOW
    all_of_them = alarms(trouble, rng, rng.randint(*trouble.size))
    first = max(1, round(len(all_of_them) * rng.uniform(0.3, 1)))
    beats = [Beat(at, group.fire(all_of_them[:first], at), twice)]
    plan = _plan(trouble, rng, at)
    ends = None if plan.fix else min(at + about(rng, trouble.healing), anchor - ENDED)
    late = at + timedelta(seconds=rng.uniform(40, 200))
    if all_of_them[first:] and (ends is None or late < ends):
        beats.append(Beat(late, group.fire(all_of_them[first:], late), twice))
    if ends is None:
        return Story(trouble.source, tuple(beats), plan, group.over)
    again = beats[-1].at + REPEAT
    while again < ends:
        beats.append(Beat(again, group.fire([], again), twice))
        again += REPEAT
    half = list(group.firing)[: len(group.firing) // 2]
    middle = beats[-1].at + (ends - beats[-1].at) / 2
    if half and rng.random() < 0.5:
        beats.append(Beat(middle, group.clear(half, middle), twice))
    beats.append(Beat(ends, group.over(ends), twice))
    return Story(trouble.source, tuple(beats), plan)


def _plan(trouble: Trouble, rng: random.Random, at: datetime) -> Plan:
    shares, minutes = ANSWERS[trouble.severity]
    hour = at.astimezone(ZoneInfo(SITE)).hour
    asleep = hour >= 23 or hour < 7
    level = rng.choices((1, 2, 3, 0), (*shares, max(0.0, 1 - sum(shares))))[0]
    if asleep and trouble.severity in ("warning", "info"):  # nobody gets up for these
        level = level if rng.random() < 0.2 else 0
    after = about(rng, minutes * (1.7 if asleep else 1.0), 0.8)
    if rng.random() < trouble.heals or level == 0:
        return Plan(level, after)
    snooze = timedelta(hours=rng.choice((1, 2, 4))) if trouble.severity == "warning" and rng.random() < 0.16 else None
    return Plan(
        level, after, about(rng, trouble.fixing), by_person=rng.random() < 0.35, snooze=snooze,
        notes=(rng.choice(trouble.notes),) if trouble.notes and rng.random() < 0.7 else (),
        decline=level == 2 and rng.random() < 0.35,
        assign=rng.choice(("tom", "oleg", "irina")) if rng.random() < 0.18 else "",
    )  # fmt: skip
