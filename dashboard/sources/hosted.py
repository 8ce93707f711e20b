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
GCP = {
    "version": "1.2",
    "incident": {"incident_id": "hello-nabat", "state": "open", "policy_name": "Hello Nabat", "severity": "Warning"},
}
SNS = {
    "AlarmName": "Hello Nabat",
    "NewStateValue": "ALARM",
    "Region": "EU (Ireland)",
    "NewStateReason": "Sent by hand",
}
SENTRY = {"action": "created", "data": {"issue": {"id": "1", "title": "Hello Nabat", "level": "info"}}}

MADE: dict[str, Making] = {
    "azure": lambda url, key: [
        Snippet(
            "Azure Monitor",
            "the action group: Actions, Webhook",
            f"URI: {url}/{key}\nEnable the common alert schema: Yes",
        )
    ],
    "sns": lambda url, key: [
        Snippet(
            "AWS CloudWatch (SNS)",
            "the topic: Create subscription",
            f"Protocol: HTTPS\nEndpoint: {url}/{key}\nEnable raw message delivery: no",
        )
    ],
    "gcp": lambda url, key: [
        Snippet(
            "Google Cloud Monitoring",
            "Alerting, Edit notification channels, Webhooks",
            f"Endpoint URL: {url}\nUse HTTP Basic Auth: yes\nAuth Username: nabat\nAuth Password: {key}",
        )
    ],
    "sentry": lambda url, key: [
        Snippet(
            "Sentry",
            "Settings, Developer Settings, an internal integration",
            f"Webhook URL: {url}/{key}\nAlert Rule Action: on\nPermissions, Issue & Event: Read\nWebhooks: issue",
        )
    ],
}
TRIED: dict[str, object] = {"azure": AZURE, "gcp": GCP, "sentry": SENTRY, "sns": SNS}  # what curl sends


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("the action group: Actions, Webhook"),
        _("Alerting, Edit notification channels, Webhooks"),
        _("Settings, Developer Settings, an internal integration"),
        _("the topic: Create subscription"),
    )
