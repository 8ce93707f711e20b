"""How schedules were held, every word ready: how often each was handed over, and when nobody had it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from dashboard.reports.asked import Asked
from dashboard.reports.say import Say
from rules.duty.duty_load import Cover


@dataclass(frozen=True, slots=True)
class Held:
    """How one schedule was held."""

    name: str
    url: str
    team: str
    handovers: str
    uncovered: str  # hours; nothing where somebody was on call all the time
    holes: list[tuple[str, str]]  # the longest: where the calendar shows it, and when it was


HOLES = 3  # that are named


def held(found: Sequence[Cover], asked: Asked, say: Say) -> list[Held]:
    zone = asked.scope.zone
    made = []
    for one in found:
        longest = sorted(one.holes, key=lambda hole: hole[0] - hole[1])[:HOLES]
        holes = [(url_for("dashboard.oncall", **{"from": f"{begin.astimezone(zone):%Y-%m-%d}"}),  # type: ignore[arg-type]
                  f"{say.reader.moment(begin).short}, {say.reader.duration(end - begin)}")
                 for begin, end in sorted(longest)]  # fmt: skip
        hours = one.uncovered.total_seconds() / 3600
        url = url_for("dashboard.oncall_schedule", name=one.schedule)
        made.append(Held(one.schedule, url, one.team, say.number(one.handovers), say.number(hours, 1) if hours else "",
                         holes))  # fmt: skip
    return made
