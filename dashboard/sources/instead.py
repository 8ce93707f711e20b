"""What to paste at tools that speak to another alerting service: our address and token instead of its own. Pure."""

from dashboard.sources.pasted import Making, Snippet


def _pagerduty(url: str, key: str) -> str:
    here = url.removesuffix("/ingest/pagerduty")
    return f"""Events API v2: {here}/v2/enqueue
Events API v1: {here}/generic/2010-04-15/create_event.json
Change events: {here}/v2/change/enqueue
Integration key (routing key, service key): {key}

Where there is no place for a key: {url}/{key}"""


def _opsgenie(url: str, key: str) -> str:
    here = url.removesuffix("/ingest/opsgenie")
    return f"""API URL: {here}
Alerts: {here}/v2/alerts
API key (GenieKey): {key}

Where there is no place for a key: {url}/{key}"""


MADE: dict[str, Making] = {
    "pagerduty": lambda url, key: [
        Snippet("PagerDuty", "instead of its own address and key", _pagerduty(url, key)),
    ],
    "opsgenie": lambda url, key: [Snippet("Opsgenie", "instead of its own address and key", _opsgenie(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "pagerduty": {
        "event_action": "trigger",
        "dedup_key": "hello",
        "payload": {"summary": "Hello Nabat", "source": "test", "severity": "info"},
    },
    "opsgenie": {"message": "Hello Nabat", "alias": "hello", "priority": "P5"},
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("instead of its own address and key"), _("PagerDuty Events API"), _("Opsgenie Alert API")
