"""Every five minutes we compare with PagerDuty and with Alertmanagers: beside the loop, so that nobody has to wait."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask

from gateway import log, metrics
from gateway.flows import reconcile_alertmanager
from gateway.flows.beside import Beside
from gateway.flows.reconcile_alertmanager import Watched
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.world import World
from rules.senders.drift import EVERY

if TYPE_CHECKING:  # with PagerDuty's library it takes 3 MB, and is loaded where there is a key for it
    from gateway.flows.reconcile_pagerduty import PagerDuty


@dataclass(slots=True)
class Reconciler:
    """One worker's comparisons. Of several workers the first whose turn it is makes each."""

    app: Flask
    world: World
    beside: Beside = field(init=False)
    pagerduty: "PagerDuty | None" = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "reconcile")
        self.pagerduty = _pagerduty(self.world)

    def start_due(self, now: datetime) -> None:
        if (pagerduty := self.pagerduty) is not None:
            self.beside.start("pagerduty", EVERY, now, lambda: _with_pagerduty(pagerduty, now))
        for source in reconcile_alertmanager.watched():
            what = f"alertmanager:{source.id}"
            self.beside.start(what, EVERY, now, lambda source=source: self._with(source, now))  # type: ignore[misc]

    def _with(self, source: Watched, now: datetime) -> None:
        reconcile_alertmanager.check(source, self.world, now)


def _pagerduty(world: World) -> "PagerDuty | None":
    """None where nobody gave a key."""
    if not world.settings.env["NABAT_PAGERDUTY_API_KEY"]:
        return None
    from gateway.flows.reconcile_pagerduty import PagerDuty  # noqa: PLC0415 - see above

    return PagerDuty(world)


def _with_pagerduty(pagerduty: "PagerDuty", now: datetime) -> None:
    try:
        done = pagerduty.check(now)
    except (TemporaryFailure, PermanentFailure) as problem:
        log.warning("pagerduty_silent", problem=str(problem))
        metrics.reconcile_checks.labels("pagerduty", "failed").inc()
        return
    metrics.reconcile_checks.labels("pagerduty", "done").inc()
    if done:
        log.warning("pagerduty_differed", **{what.replace(" ", "_"): count for what, count in done.items()})
