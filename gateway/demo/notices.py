"""The public status page of the demo: four components, and what its clients were told of the last months."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.acts import notices, status_page
from gateway.acts.notices import Wanted
from gateway.demo.cast import address
from gateway.store.public.page import Page
from rules.reports.public import About, Said, Stage, State

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE = 75 * DAY  # the page
PARTS = (
    ("mail", "Mail", "Почта"),
    ("web-shop", "Shop", "Магазин"),
    ("crm", "Customer portal", "Личный кабинет"),
    ("network", "Network of the branches", "Сеть филиалов"),
)


def publish(session: Session, now: datetime) -> None:
    """What is over, what goes on, and what is planned."""
    who = Actor("Dana", "dashboard", account=address("dana"))
    names = {"en": "Sosna services", "ru": "Сервисы «Сосны»"}
    status_page.put(session, Page(on=True, names=names, mail=True), who, now - SINCE)
    mail, shop, portal, _ = (
        status_page.put_component(session, service, {"en": english, "ru": russian}, who, now - SINCE)
        for service, english, russian in PARTS
    )
    _over(session, who, now, mail, portal)
    slow = {shop: State.SLOW}
    begun = now - 50 * MINUTE
    said = _said(
        Stage.INVESTIGATING, "Some pages of the shop open slowly.", "Часть страниц магазина открывается медленно.", slow
    )
    number = notices.put(session, _trouble("The shop is slow", "Магазин работает медленно", begun, said), who, begun)
    said = _said(
        Stage.IDENTIFIED,
        "A database is overloaded. We are moving the load.",
        "Перегружена база данных. Переносим нагрузку.",
        slow,
    )
    notices.put_update(session, number, said, who, now - 15 * MINUTE)
    work = now.replace(minute=0, second=0, microsecond=0) + 2 * DAY
    said = Said(Stage.PLANNED, {"en": "Mail can be read, not sent.", "ru": "Почту можно читать, но не отправлять."},
                {mail: State.MAINTENANCE}, work + 2 * HOUR)  # fmt: skip
    titles = {"en": "New mail server", "ru": "Новый почтовый сервер"}
    notices.put(session, Wanted(About.MAINTENANCE, titles, work, said), who, now - DAY)


def _over(session: Session, who: Actor, now: datetime, mail: int, portal: int) -> None:
    at = now - 12 * DAY
    said = _said(Stage.INVESTIGATING, "Mail arrives late.", "Почта приходит с задержкой.", {mail: State.SLOW})
    number = notices.put(session, _trouble("Mail is delayed", "Почта задерживается", at, said), who, at + 10 * MINUTE)
    said = Said(Stage.RESOLVED, {"en": "All mail has been delivered.", "ru": "Вся почта доставлена."}, {})
    notices.put_update(session, number, said, who, at + 3 * HOUR)
    at = now - 41 * DAY
    said = _said(
        Stage.IDENTIFIED, "A disk has failed. We are replacing it.", "Отказал диск. Меняем.", {portal: State.DOWN}
    )
    title = "The portal does not open", "Личный кабинет не открывается"
    number = notices.put(session, _trouble(*title, at, said), who, at + 5 * MINUTE)
    said = Said(Stage.RESOLVED, {"en": "It works again.", "ru": "Всё снова работает."}, {})
    notices.put_update(session, number, said, who, at + 95 * MINUTE)


def _trouble(english: str, russian: str, begun: datetime, said: Said) -> Wanted:
    return Wanted(About.TROUBLE, {"en": english, "ru": russian}, begun, said)


def _said(stage: Stage, english: str, russian: str, states: dict[int, State]) -> Said:
    return Said(stage, {"en": english, "ru": russian}, states)
