"""The people of the demo: ten in three teams, three schedules, and addresses at which nobody can be reached."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.demo.mark import DOMAIN
from rules.reading.people import ListedContact, ListedPerson, ListedTeam, PeopleFile
from rules.schedules import Layer, Schedule
from rules.words import Role

SITE = "Europe/Moscow"
WAYS = ("pagerduty", "sms", "email", "ntfy")


def address(name: str) -> str:
    return f"{name}@{DOMAIN}"


def _contacts(name: str, channels: Sequence[str]) -> tuple[ListedContact, ...]:
    """Made of the name, so that they are the same every time; the numbers begin with +7 000, which is nobody's."""
    token = hashlib.sha256(name.encode()).hexdigest()
    addresses = {
        "pagerduty": token[:32],
        "sms": f"+7000{int(token[:12], 16) % 10_000_000:07d}",
        "email": address(name),
        "ntfy": f"https://ntfy.{DOMAIN}/{name}-{token[32:44]}",
    }
    return tuple(ListedContact(channel, addresses[channel]) for channel in channels)


# Who, name, role, language, zone, ways to reach them.
_PEOPLE: tuple[tuple[str, str, Role, str, str, tuple[str, ...]], ...] = (
    ("anna", "Анна Ковалёва", Role.RESPONDER, "ru", SITE, WAYS),
    ("oleg", "Олег Орлов", Role.RESPONDER, "ru", "Asia/Yekaterinburg", WAYS),
    ("tom", "Tom Becker", Role.RESPONDER, "en", "Europe/Berlin", WAYS),
    ("irina", "Ирина Соколова", Role.ADMIN, "ru", SITE, WAYS),
    ("dana", "Dana Weber", Role.DISPATCHER, "en", SITE, ("sms", "email", "ntfy")),
    ("grace", "Grace Miller", Role.DISPATCHER, "en", SITE, ("sms", "email", "ntfy")),
    ("pyotr", "Пётр Лебедев", Role.RESPONDER, "ru", SITE, ("email", "ntfy")),
    ("fyodor", "Фёдор Зайцев", Role.RESPONDER, "ru", SITE, ("sms", "email", "ntfy")),
    ("timur", "Тимур Галиев", Role.RESPONDER, "ru", SITE, ("sms", "email")),
    ("marina", "Марина Белова", Role.VIEWER, "ru", SITE, ("email",)),
)
TEAMS = {
    "infrastructure": ("anna", "oleg", "tom", "irina"),
    "support": ("dana", "grace", "pyotr"),
    "field": ("fyodor", "timur"),
}


def people(now: datetime) -> PeopleFile:
    """Everybody, with schedules whose rotations began some weeks before `now` on a Monday at nine."""
    listed = tuple(
        ListedPerson(address(key), name, role, language, zone, _contacts(key, ways))
        for key, name, role, language, zone, ways in _PEOPLE
    )
    teams = tuple(ListedTeam(name, tuple(map(address, members))) for name, members in TEAMS.items())
    return PeopleFile(listed, teams, _schedules(now))


def _schedules(now: datetime) -> tuple[Schedule, ...]:
    local = now.astimezone(ZoneInfo(SITE)).date()
    monday = local - timedelta(days=local.weekday(), weeks=8)
    start = datetime.combine(monday, time(9))  # by the schedule's wall clock
    first, second = ("anna", "oleg", "tom"), ("oleg", "tom", "anna")

    def weekly(name: str, team: str, members: Sequence[str]) -> Schedule:
        return Schedule(name, SITE, (Layer(start, "1w", tuple(map(address, members))),), team)

    return (
        weekly("infrastructure", "infrastructure", first),
        weekly("infrastructure-second", "infrastructure", second),
        weekly("field", "field", TEAMS["field"]),
    )


def stand_ins(now: datetime) -> tuple[tuple[str, str, datetime, datetime, str], ...]:
    """Who stands in for whom soon: schedule, who, from, to, why."""
    today = datetime.combine(now.astimezone(ZoneInfo(SITE)).date(), time(18), ZoneInfo(SITE))
    tomorrow, later = today + timedelta(days=1), today + timedelta(days=4, hours=-9)
    return (
        ("infrastructure", address("irina"), tomorrow, tomorrow + timedelta(hours=15), "Том у врача"),
        ("field", address("timur"), later, later + timedelta(hours=12), ""),
    )
