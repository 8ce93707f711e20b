"""What to enter at trackers of issues, whose bodies are their own. Pure."""

from dashboard.sources.pasted import Making, Snippet


def _github(url: str, key: str) -> str:
    return f"""Payload URL: {url}/{key}
Content type: application/json
Events: Issues, Issue comments"""


def _gitlab(url: str, key: str) -> str:
    return f"""URL: {url}
Secret token: {key}
Trigger: Issues events, Confidential issues events, Comments, Confidential comments"""


def _linear(url: str, key: str) -> str:
    return f"""URL: {url}/{key}
Data change events: Issues, Issue comments"""


MADE: dict[str, Making] = {
    "github": lambda url, key: [Snippet("GitHub", "Settings, Webhooks, Add webhook", _github(url, key))],
    "gitlab": lambda url, key: [Snippet("GitLab", "Settings, Webhooks, Add new webhook", _gitlab(url, key))],
    "linear": lambda url, key: [Snippet("Linear", "Settings, API, Webhooks, New webhook", _linear(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "github": {
        "action": "opened",
        "issue": {"id": 1, "number": 1, "title": "Hello Nabat", "state": "open", "labels": [{"name": "P3"}]},
        "repository": {"full_name": "hello/nabat"},
    },
    "gitlab": {
        "object_kind": "issue",
        "object_attributes": {"id": 1, "iid": 1, "title": "Hello Nabat", "state": "opened", "action": "open"},
        "labels": [{"title": "P3"}],
        "project": {"path_with_namespace": "hello/nabat"},
    },
    "linear": {
        "type": "Issue",
        "action": "create",
        "data": {"id": "1", "identifier": "HELLO-1", "title": "Hello Nabat", "priority": 4},
    },
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Settings, Webhooks, Add webhook"),
        _("Settings, Webhooks, Add new webhook"),
        _("Settings, API, Webhooks, New webhook"),
    )
