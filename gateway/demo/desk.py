"""The last 30 days of the demo's tickets: written, talked about, given to somebody, solved."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.demo.cast import address
from gateway.demo.dice import about, dice
from gateway.demo.history import ENDED, moments
from gateway.demo.mark import DOMAIN
from gateway.demo.story import DESK, Beat, Plan, Story
from gateway.demo.subjects import QUESTIONS, SUBJECTS, Subject, requester

TICKETS = 135
FIRST = 4120
MINUTES = {"critical": 3.0, "high": 9.0, "normal": 55.0, "low": 140.0}  # until somebody answers, the median
SOLVING = {"critical": 55.0, "high": 110.0, "normal": 300.0, "low": 620.0}
PROMISED = {"critical": 1, "high": 4, "normal": 8, "low": 40}  # hours
ENGINEERS = ("fyodor", "timur")


def stories(seed: int, anchor: datetime) -> list[Story]:
    rng = dice(seed, "tickets")
    when = sorted(moments(rng, TICKETS, "office", anchor))
    return [_story(rng, FIRST + place, at, anchor) for place, at in enumerate(when)]


def body(
    key: str, subject: Subject, who: Mapping[str, object], event: str, at: datetime, **more: Any
) -> dict[str, Any]:
    """One word of the service desk."""
    return {
        "event": event, "id": key, "subject": subject.text, "description": subject.words, "priority": subject.priority,
        "service": subject.service, "site": subject.site, "url": f"https://desk.{DOMAIN}/{key}", "requester": who,
        "updated_at": at.isoformat(), **more,
    }  # fmt: skip


def due(subject: Subject, at: datetime) -> str:
    """By when the firm has promised to answer for it."""
    return (at + timedelta(hours=PROMISED[subject.priority])).isoformat()


def _story(rng: random.Random, number: int, at: datetime, anchor: datetime) -> Story:
    key, who = f"SD-{number}", requester(rng.randrange(100))
    subject = rng.choices(SUBJECTS, [one.weight for one in SUBJECTS])[0]
    latest = anchor - ENDED
    solved = min(at + about(rng, SOLVING[subject.priority], 0.6), latest - timedelta(minutes=rng.uniform(0, 90)))
    said = sorted(_talk(rng, subject, who, at, solved), key=lambda one: one[0])
    said += [(moment, event, {}) for moment, event in _end(rng, solved, latest)]
    kept: dict[str, Any] = {"due_at": due(subject, at)}
    beats = [Beat(at, body(key, subject, who, "created", at, **kept))]
    for moment, event, more in said:
        kept |= {"priority": more["priority"]} if "priority" in more else {}
        beats.append(Beat(moment, body(key, subject, who, event, moment, **{**kept, **more})))
    answered = rng.random() < 0.88
    level = rng.choices((1, 2), (0.86, 0.14))[0] if answered else 0
    visit = rng.choice(ENGINEERS) if subject.visit and answered else ""
    plan = Plan(level, about(rng, MINUTES[subject.priority], 0.9), notes=(), assign=visit)
    return Story(DESK, tuple(beats), plan)


def _talk(
    rng: random.Random, subject: Subject, who: Mapping[str, object], at: datetime, solved: datetime
) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    """What is said between the first word and the last."""

    def between(first: float, last: float) -> datetime:
        return at + (solved - at) * rng.uniform(first, last)

    if rng.random() < 0.4:
        text = rng.choice(QUESTIONS[str(who["language"])])
        pictures = 1 if text == QUESTIONS["ru"][2] or text == QUESTIONS["en"][2] else 0
        comment = {"author": who["name"], "text": text, "public": True, "attachments": pictures}
        yield between(0.2, 0.6), "commented", {"comment": comment}
    if subject.priority == "normal" and rng.random() < 0.15:
        yield between(0.1, 0.3), "updated", {"priority": "high"}
    if subject.visit:
        yield between(0.3, 0.4), "assigned", {"assignee": {"email": address(rng.choice(ENGINEERS))}}
        arrival = (solved - timedelta(minutes=20)).replace(minute=30, second=0, microsecond=0)
        yield between(0.41, 0.5), "arrival", {"arrival_at": arrival.isoformat()}
    if subject.answer and solved - at > timedelta(minutes=20):
        comment = {"author": "Service desk", "text": subject.answer, "public": True}
        yield solved - timedelta(minutes=2), "commented", {"comment": comment}


def _end(rng: random.Random, solved: datetime, latest: datetime) -> Iterator[tuple[datetime, str]]:
    """Mostly it is over when it is solved; now and then it comes back once."""
    yield solved, "solved"
    back, again = solved + timedelta(minutes=40), solved + timedelta(minutes=75)
    if rng.random() < 0.06 and again < latest:
        yield back, "reopened"
        yield again, "solved"
