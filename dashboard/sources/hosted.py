"""What to enter at clouds and services, which know by themselves what they send: mostly an address. Pure."""

from dashboard.sources.pasted import Making, Snippet

AZURE = {
    "schemaId": "azureMonitorCommonAlertSchema",
    "data": {
        "essentials": {
            "originAlertId": "hello-nabat",
            "alertRule": "Hello Nabat",
            "severity": "Sev4",
            "monitorCondition": "Fired",
        }
    },
}

MADE: dict[str, Making] = {
    "azure": lambda url, key: [
        Snippet(
            "Azure Monitor",
            "the action group: Actions, Webhook",
            f"URI: {url}/{key}\nEnable the common alert schema: Yes",
        )
    ],
}
TRIED: dict[str, object] = {"azure": AZURE}  # what curl sends


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("the action group: Actions, Webhook"),)
