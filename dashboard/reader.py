"""How one reader is told things: language, time zone, and what time it is now. Pure apart from the catalogues."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from dashboard.i18n import catalogue
from rules.times.walltime import zone_of

MINUTE, HOUR, DAY = 60, 3600, 86400
MINUS = "\u2212"


def grouped(number: int) -> str:
    """A number with its thousands set apart by a narrow space, in any language."""
    return f"{number:,}".replace(",", "\u202f")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a template shows it: app.js keeps `ago` and `left` ticking by `ms`."""

    iso: str
    ms: int
    full: str  # for the title: date, seconds, zone, offset
    clock: str  # 03:14:02, with the date if it was not today
    short: str  # 03:14
    ago: str  # 7 min
    left: str  # 3:12


@dataclass(frozen=True, slots=True)
class Reader:
    now: datetime
    language: str
    zone: ZoneInfo
    texts: NullTranslations
    exact: bool = False  # times to the second instead of "7 min"

    def say(self, text: str, **values: object) -> str:
        """The text in the reader's language, with its %(name)s filled in."""
        said = self.texts.gettext(text)
        return said % values if values else said

    def say_as(self, context: str, text: str) -> str:
        """The same for a word that other languages say differently in another place."""
        return self.texts.pgettext(context, text)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The same for a number of things: "1 alert", "5 alerts"."""
        return self.texts.ngettext(one, many, number) % {"n": grouped(number), **values}

    def moment(self, at: datetime) -> Moment:
        local = at.astimezone(self.zone)
        day, time = self.day(local), local.strftime("%H:%M:%S")
        apart = "" if local.date() == _date(self.now, self.zone) else f"{day}, "
        return Moment(
            iso=local.isoformat(timespec="seconds"),
            ms=int(at.timestamp() * 1000),
            full=f"{day} {local.year} {time} ({offset(local)})",
            clock=f"{apart}{time}",
            short=f"{apart}{time[:5]}",
            ago=self.duration(self.now - at),
            left=self.countdown(at - self.now),
        )

    def clock(self, at: datetime, *, short: bool = False) -> str:
        """03:14:02, or 03:14, with the date if it was not today: the same as of moment(), and nothing else."""
        local = at.astimezone(self.zone)
        time = local.strftime("%H:%M" if short else "%H:%M:%S")
        return time if local.date() == _date(self.now, self.zone) else f"{self.day(local)}, {time}"

    def day(self, local: datetime) -> str:
        """Sun 22 Nov."""
        weekdays, months = _names(self.texts)
        return f"{weekdays[local.weekday()]} {local.day} {months[local.month - 1]}"

    def duration(self, length: timedelta, *, exact: bool = False) -> str:
        """One unit under an hour, two above; `exact` adds the seconds under an hour. app.js says it the same way."""
        seconds = max(0, int(length.total_seconds()))
        s, m, h, d = _units(self.texts)
        if seconds < MINUTE:
            return f"{seconds} {s}"
        if seconds < HOUR:
            rest = f" {seconds % MINUTE} {s}" if exact and seconds % MINUTE else ""
            return f"{seconds // MINUTE} {m}{rest}"
        if seconds < DAY:
            rest = f" {seconds % HOUR // MINUTE} {m}" if seconds % HOUR >= MINUTE else ""
            return f"{seconds // HOUR} {h}{rest}"
        rest = f" {seconds % DAY // HOUR} {h}" if seconds % DAY >= HOUR else ""
        return f"{seconds // DAY} {d}{rest}"

    def number(self, value: float, digits: int = 0) -> str:
        """10 140, 2.4; 2,4 in Russian."""
        text = f"{value:,.{digits}f}".replace("-", MINUS).replace(",", "\u202f")
        return text.replace(".", ",") if self.language == "ru" else text

    def fraction(self, seconds: object) -> str:
        """0.3 s: for what takes less than one is looked at."""
        value = float(seconds) if isinstance(seconds, int | float) else 0.0
        return f"{self.number(max(value, 0.1), 1)} {self.say('s')}"

    def countdown(self, length: timedelta) -> str:
        """3:12 under an hour, else as a duration; never below nothing."""
        seconds = max(0, round(length.total_seconds()))
        return f"{seconds // MINUTE}:{seconds % MINUTE:02}" if seconds < HOUR else self.duration(length)

    @property
    def zone_words(self) -> str:
        apart = offset(self.now.astimezone(self.zone))
        return self.zone.key if apart == self.zone.key else f"{self.zone.key} ({apart})"


@lru_cache(maxsize=16)
def _date(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


@cache
def _names(texts: NullTranslations) -> tuple[list[str], list[str]]:
    """Weekdays and months; a page names hundreds of days."""
    _ = texts.gettext
    return _("Mon Tue Wed Thu Fri Sat Sun").split(), _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()


@cache
def _units(texts: NullTranslations) -> tuple[str, str, str, str]:
    _ = texts.gettext
    return _("s"), _("min"), _("h"), _("d")


def offset(local: datetime) -> str:
    """UTC+3, UTC+5:30, UTC."""
    minutes = int((local.utcoffset() or timedelta(0)).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\u2212"
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}"


def reader(now: datetime, language: str, timezone: str) -> Reader:
    return Reader(now, language, zone_of(timezone), catalogue(language))
