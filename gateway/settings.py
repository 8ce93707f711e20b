"""Every setting of the program, read once from the environment: all complaints together, secrets never shown."""

import difflib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from gateway.outward.addresses import check_url, private_hosts
from rules.texts.text import safe_url

PREFIX = "NABAT_"
FILE = "_FILE"  # NABAT_SECRET_KEY_FILE names the file that holds NABAT_SECRET_KEY
LANGUAGES = ("en", "ru")
LEVELS = ("debug", "info", "warning", "error")
SHORTEST_KEY = 32  # characters of one secret key

Check = Callable[[str, frozenset[str]], str]  # (value, hosts allowed to be private) → what is wrong, or nothing


class BadSettings(Exception):
    """The environment is not usable; `complaints` lists everything that is wrong with it."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings in README.md."""

    name: str
    default: str
    what: str
    check: Check | None = None
    secret: bool = False  # never shown, and readable from a file


def _one_of(*choices: str) -> Check:
    return lambda value, _: "" if value in choices else f"must be one of {', '.join(choices)}"


def _provider(value: str, allowed: frozenset[str]) -> str:
    """Keys travel there: https and a public address, unless it is this machine or a host named as an exception."""
    return check_url(value, allow_private=allowed, loopback=True) or _plain(value)


def _public(value: str, _: frozenset[str]) -> str:
    return _plain(value) if safe_url(value) else "must look like https://host"


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return "must have no user, query or fragment" if "@" in parts.netloc or parts.query or parts.fragment else ""


def _smtp(value: str, _: frozenset[str]) -> str:
    wrong = "must look like smtp://user:password@host:587?starttls=1"
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port  # the port raises if it is none
    except ValueError:  # its words may quote a part of the password
        return wrong
    if parts.scheme not in ("smtp", "smtps") or not host or not value.isprintable():
        return wrong
    options = parse_qsl(parts.query, keep_blank_values=True)
    if any(name != "starttls" or flag not in ("0", "1") for name, flag in options):
        return "knows no option but starttls=1 or starttls=0"
    return ""


def _database(value: str, _: frozenset[str]) -> str:
    scheme = value.partition("://")[0]
    if scheme == "sqlite":
        return "" if value.startswith("sqlite:///") and value != "sqlite:///:memory:" else "must name a file"
    if scheme == value or scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        return "must start with sqlite:///, postgresql:// or postgresql+psycopg://"
    try:
        parts = urlsplit(value)
        _port = parts.port
    except ValueError:  # its words may quote a part of the password
        return "must look like postgresql://user:password@host:5432/name"
    return "has an @ in its password: write it as %40" if parts.netloc.count("@") > 1 else ""


def _zone(value: str, _: frozenset[str]) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # the name of a folder of zones is an OSError
        return "is no time zone, such as Europe/Moscow"
    return ""


def _address(value: str, _: frozenset[str]) -> str:
    user, at, domain = parseaddr(value)[1].partition("@")
    good = value.isprintable() and user and at and domain and "@" not in domain and " " not in user + domain
    return "" if good else "is no e-mail address"


def _subject(value: str, allowed: frozenset[str]) -> str:
    if value.startswith("mailto:"):
        return _address(value.removeprefix("mailto:"), allowed)
    return "" if value.startswith("https://") and safe_url(value) else "must be mailto:somebody@host or https://host"


def _networks(value: str, _: frozenset[str]) -> str:
    for item in as_list(value):
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError:
            return f"{item!r} is no address or network"
    return ""


def _heartbeat(value: str, allowed: frozenset[str]) -> str:
    """Some services want a key in the query, so that is fine here."""
    return check_url(value, allow_private=allowed, loopback=True)


def _whole(value: str, _: frozenset[str]) -> str:
    return "" if value.isascii() and value.isdigit() and len(value) <= 6 else "must be a whole number"


def _key(value: str, _: frozenset[str]) -> str:
    short = any(len(key) < SHORTEST_KEY for key in as_list(value))
    return f"needs at least {SHORTEST_KEY} characters, for each key if several are given" if short else ""


SETTINGS: tuple[Setting, ...] = (
    Setting("NABAT_DATABASE_URL", "", "SQLite in `NABAT_DATA_DIR` unless set: `postgresql://user:password@host/name`",
            _database, secret=True),
    Setting("NABAT_DATA_DIR", "./data", "where the SQLite database and the made secret key live"),
    Setting("NABAT_RULES", "rules/book", "the rule book: a directory of YAML files"),
    Setting("NABAT_PUBLIC_URL", "http://127.0.0.1:8000", "how people reach the dashboard; links in messages begin so",
            _public),
    Setting("NABAT_SECRET_KEY", "", "encrypts secrets in the database; made at first start on SQLite, required on "
            "PostgreSQL; `new,old` while rotating", _key, secret=True),
    Setting("NABAT_TIMEZONE", "UTC", "for people and rules that name none", _zone),
    Setting("NABAT_LANGUAGE", "en", "for people who chose none: en, ru", _one_of(*LANGUAGES)),
    Setting("NABAT_MAIL_FROM", "", "the sender of our e-mail", _address),
    Setting("NABAT_SMTP_URL", "", "mail server: `smtp://user:password@host:587?starttls=1`", _smtp, secret=True),
    Setting("NABAT_SENDGRID_API_KEY", "", "sends e-mail through SendGrid", secret=True),
    Setting("NABAT_SENDGRID_URL", "https://api.sendgrid.com", "SendGrid's address", _provider),
    Setting("NABAT_SENDGRID_WEBHOOK_KEY", "", "public key that SendGrid signs its receipts with"),
    Setting("NABAT_PAGERDUTY_EVENTS_URL", "https://events.pagerduty.com", "PagerDuty's address for events", _provider),
    Setting("NABAT_PAGERDUTY_API_URL", "https://api.pagerduty.com", "PagerDuty's address for its REST API", _provider),
    Setting("NABAT_PAGERDUTY_API_KEY", "", "key of PagerDuty's REST API: later steps escalate there, and what differs "
            "there and here is put right", secret=True),
    Setting("NABAT_PAGERDUTY_FROM", "", "e-mail of the PagerDuty user in whose name that is done; needed for an "
            "account's key, not for a user's", _address),
    Setting("NABAT_PAGERDUTY_WEBHOOK_SECRET", "", "checks PagerDuty's answers; `new,old` while rotating", secret=True),
    Setting("NABAT_TWILIO_ACCOUNT_SID", "", "the Twilio account that sends SMS"),
    Setting("NABAT_TWILIO_AUTH_TOKEN", "", "its token", secret=True),
    Setting("NABAT_TWILIO_FROM", "", "the number or name that SMS come from"),
    Setting("NABAT_TWILIO_URL", "https://api.twilio.com", "Twilio's address", _provider),
    Setting("NABAT_VAPID_SUBJECT", "", "whom push services may ask about us: `mailto:admin@example.org`", _subject),
    Setting("NABAT_METRICS_TOKEN", "", "lets other machines read /metrics; without it only this machine may",
            secret=True),
    Setting("NABAT_TRUSTED_PROXIES", "", "addresses or networks whose X-Forwarded headers are believed", _networks),
    Setting("NABAT_ALLOW_PRIVATE_HOSTS", "", "hosts we may call though they are private or speak plain http"),
    Setting("NABAT_DEADMAN_URL", "", "called once a minute as long as our own check of ourselves passes: a heartbeat "
            "service that raises the alarm when the calls end", _heartbeat, secret=True),
    Setting("NABAT_MIN_FREE_MB", "200", "with less room on SQLite's disk alerts get 503; 0: never, no ballast", _whole),
    Setting("NABAT_CAPS", "on", "calls, SMS and pushes that are too many for one person come bundled, counted and "
            "linked", _one_of("on", "off")),
    Setting("NABAT_PAGERDUTY_PACE", "100", "events a minute that PagerDuty gets for one key; 0: any number", _whole),
    Setting("NABAT_LOG_LEVEL", "info", "debug, info, warning, error", _one_of(*LEVELS)),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program is told from outside. What may be secret is left out of its repr."""

    database_url: str = field(repr=False)  # for SQLAlchemy
    data_dir: Path
    rules: Path
    public_url: str  # without a slash at its end
    secret_key: str = field(repr=False)  # empty on a fresh SQLite install: see secret_key_file
    timezone: str
    language: str
    metrics_token: str = field(repr=False)
    trusted_proxies: tuple[str, ...]
    allow_private_hosts: frozenset[str]
    log_level: str
    env: Mapping[str, str] = field(repr=False)  # every NABAT_* value with its default filled in, for channels

    @property
    def secret_key_file(self) -> Path:
        """Where the key lives that is made at first start on SQLite (gateway/secrets.py makes it)."""
        return secret_key_file(self.data_dir)


def as_list(value: str) -> list[str]:
    """The items of a list: separated by commas, spaces or lines."""
    return value.replace(",", " ").split()


def secret_key_file(data_dir: Path) -> Path:
    return data_dir / "secret_key"


def load(environ: Mapping[str, str]) -> Settings:
    """The settings this environment asks for; raises BadSettings with everything that is wrong."""
    complaints: list[str] = []
    given = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    values = _values(given, complaints)
    allowed = private_hosts(values)
    for setting in SETTINGS:
        value = values[setting.name]
        if value and setting.check and (wrong := setting.check(value, allowed)):
            complaints.append(f"{setting.name} {wrong}" if setting.secret else f"{setting.name}={value!r} {wrong}")
    data_dir = Path(values["NABAT_DATA_DIR"]).absolute()
    values["NABAT_DATABASE_URL"] = _database_url(values["NABAT_DATABASE_URL"], data_dir)
    _find_key(values, data_dir, complaints)
    if complaints:
        raise BadSettings(complaints)
    return _settings(values, data_dir, allowed)


def readme_table() -> str:
    """The table of settings as README.md shows it."""
    rows = ["| setting | default | what for |", "| --- | --- | --- |"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.what}{' (secret)' if setting.secret else ''} |")
    return "\n".join(rows)


def _values(given: Mapping[str, str], complaints: list[str]) -> dict[str, str]:
    """Every setting's value: as given, from its file, or its default."""
    values = {setting.name: setting.default for setting in SETTINGS}
    for name, value in sorted(given.items()):
        base = name.removesuffix(FILE)
        if name in _BY_NAME:
            values[name] = value or values[name]
        elif base not in _BY_NAME or not _BY_NAME[base].secret:
            nearest = difflib.get_close_matches(name, _BY_NAME, 1, 0.8)  # all begin alike
            complaints.append(f"{name} is no setting" + (f": did you mean {nearest[0]}?" if nearest else ""))
        elif given.get(base):
            complaints.append(f"{base} and {name} are both set: keep one")
        elif value:
            values[base] = _from_file(name, value, complaints)
    return values


def _from_file(name: str, path: str, complaints: list[str]) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as problem:  # ValueError: not UTF-8
        complaints.append(f"{name}={path!r} cannot be read: {problem}")
        return ""
    if not text:
        complaints.append(f"{name}={path!r} is empty")
    return text


def _database_url(url: str, data_dir: Path) -> str:
    """The address as SQLAlchemy wants it; a relative file is taken from the working directory, not Flask's folders."""
    if not url:
        return f"sqlite:///{data_dir}/nabat.db"
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return f"sqlite:///{Path(rest.removeprefix('/')).absolute()}"
    return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else url


def _find_key(values: dict[str, str], data_dir: Path, complaints: list[str]) -> None:
    """Without a given key, SQLite uses the one made at first start; on PostgreSQL several machines must share one."""
    if values["NABAT_SECRET_KEY"]:
        return
    path = secret_key_file(data_dir)
    if values["NABAT_DATABASE_URL"].startswith("postgresql"):
        complaints.append("NABAT_SECRET_KEY is required on PostgreSQL: every process must have the same")
    elif path.exists():
        values["NABAT_SECRET_KEY"] = _from_file("NABAT_SECRET_KEY_FILE", str(path), complaints)


def _settings(values: dict[str, str], data_dir: Path, allowed: frozenset[str]) -> Settings:
    values["NABAT_PUBLIC_URL"] = values["NABAT_PUBLIC_URL"].rstrip("/")
    return Settings(
        database_url=values["NABAT_DATABASE_URL"],
        data_dir=data_dir,
        rules=Path(values["NABAT_RULES"]),
        public_url=values["NABAT_PUBLIC_URL"],
        secret_key=values["NABAT_SECRET_KEY"],
        timezone=values["NABAT_TIMEZONE"],
        language=values["NABAT_LANGUAGE"],
        metrics_token=values["NABAT_METRICS_TOKEN"],
        trusted_proxies=tuple(as_list(values["NABAT_TRUSTED_PROXIES"])),
        allow_private_hosts=allowed,
        log_level=values["NABAT_LOG_LEVEL"],
        env=MappingProxyType(values),
    )
