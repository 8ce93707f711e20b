"""What keeps quiet in the demo: a silence that holds something, one that nobody needs, one to come, a weekly window."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.acts import silencing
from gateway.demo.cast import SITE, address
from rules.words import Suppressor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


SINCE = timedelta(hours=10)  # the first of them has been in force for so long


def begin(session: Session, now: datetime) -> None:
    """Before what it holds begins to fire."""
    text = "Новый диск заказан, привезут сегодня."
    wanted = silencing.silence(['alertname="RaidDegraded"'], now, now + SINCE + 6 * HOUR, text, author=address("pyotr"))
    silencing.add(session, Suppressor.SILENCE, wanted, _actor("pyotr"), now)


def plan(session: Session, now: datetime) -> None:
    silences = (
        ("irina", 'instance="build-old"', now, 3 * DAY, "The old build server is being taken out of service."),
        ("anna", 'service="crm"', now + DAY, 2 * HOUR, "Обновление CRM, согласовано с отделом продаж."),
    )
    for who, matcher, starts, length, reason in silences:
        wanted = silencing.silence([matcher], starts, starts + length, reason, author=address(who))
        silencing.add(session, Suppressor.SILENCE, wanted, _actor(who), now)
    window = silencing.window(
        ['service="mail"'], f"{now + DAY:%Y-%m-%d}T02:00", 2 * HOUR, SITE, now,
        rule="FREQ=WEEKLY", reason="Patches of the mail servers.", author=address("dana"),
    )  # fmt: skip
    silencing.add(session, Suppressor.MAINTENANCE, window, _actor("dana"), now)


def _actor(who: str) -> Actor:
    return Actor(who, "dashboard", account=address(who))
