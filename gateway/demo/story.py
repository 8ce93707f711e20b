"""What a story of the demo is made of: what its sender posts and when, and what people then do about it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.demo.mark import DOMAIN

MOSCOW, KAZAN, DESK = "am-moscow", "am-kazan", "service-desk"
SOURCES = {MOSCOW: "alertmanager", KAZAN: "alertmanager", DESK: "ticket"}  # by name: the kind
UNSET = "0001-01-01T00:00:00Z"
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What people do. `level` is the step of the ladder whose page is answered; 0: nobody answers it."""

    level: int = 0
    after: timedelta = timedelta()  # from that page to the answer
    fix: timedelta | None = None  # from the answer to the end, where people are what ends it
    by_person: bool = False  # a person says that it is over, a little before the sender does
    notes: tuple[str, ...] = ()
    snooze: timedelta | None = None  # it is snoozed for so long instead of acknowledged
    assign: str = ""  # to whom it is given, by e-mail address
    decline: bool = False  # whoever is told first passes it on
    into: "Story | None" = None  # a person sees that it is the same as this one, and merges it


@dataclass(frozen=True, slots=True)
class Beat:
    """One post of a sender. A pair of Alertmanagers sends it twice."""

    at: datetime
    body: Body
    twice: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    source: str
    beats: tuple[Beat, ...]
    plan: Plan
    clear: Callable[[datetime], Body] | None = None  # what the sender says when it is over, if people end it


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert as Prometheus has it."""

    name: str
    severity: str
    service: str
    site: str
    instance: str
    summary: str
    description: str

    @property
    def labels(self) -> dict[str, str]:
        given = {
            "alertname": self.name, "severity": self.severity, "service": self.service, "site": self.site,
            "instance": self.instance, "env": "prod",
        }  # fmt: skip
        return {name: value for name, value in given.items() if value}

    def sent(self, started: datetime, ended: datetime | None) -> dict[str, Any]:
        labels = self.labels
        identity = hashlib.sha256("\x1f".join(f"{name}={labels[name]}" for name in sorted(labels)).encode())
        return {
            "status": "resolved" if ended else "firing",
            "labels": labels,
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"https://wiki.{DOMAIN}/runbooks/{self.name}",
            },
            "startsAt": _written(started),
            "endsAt": _written(ended) if ended else UNSET,
            "generatorURL": f"https://prometheus.{DOMAIN}/graph?g0.expr={self.name}&g0.tab=1",
            "fingerprint": identity.hexdigest()[:16],
        }


@dataclass(slots=True)
class Group:
    """A group of an Alertmanager: what fires of it, and since when."""

    source: str
    firing: dict[Alarm, datetime] = field(default_factory=dict)

    def fire(self, alarms: Sequence[Alarm], at: datetime) -> Body:
        """These fire, too. The whole group is sent each time, as Alertmanager does."""
        for alarm in alarms:
            self.firing.setdefault(alarm, at - timedelta(seconds=25))
        return self._body([alarm.sent(since, None) for alarm, since in self.firing.items()])

    def clear(self, alarms: Sequence[Alarm], at: datetime) -> Body:
        """These no longer fire."""
        ended = [alarm.sent(self.firing.pop(alarm), at) for alarm in alarms]
        return self._body([*(alarm.sent(since, None) for alarm, since in self.firing.items()), *ended])

    def over(self, at: datetime) -> Body:
        return self.clear(list(self.firing), at)

    def _body(self, alerts: list[dict[str, Any]]) -> Body:
        fires = any(one["status"] == "firing" for one in alerts)
        name = alerts[0]["labels"]["alertname"]
        return {
            "version": "4", "status": "firing" if fires else "resolved", "receiver": "nabat",
            "groupKey": f'{{}}:{{alertname="{name}"}}', "truncatedAlerts": 0, "groupLabels": {"alertname": name},
            "externalURL": f"https://{self.source}.{DOMAIN}", "alerts": alerts,
        }  # fmt: skip


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
