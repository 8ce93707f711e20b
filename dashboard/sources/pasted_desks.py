"""Texts that carry what service desks are to send, where that is for their administrators to say. Pure."""

from dashboard.sources.pasted import Making, Snippet, webhook

FRESHDESK = {
    "freshdesk_webhook": {
        "triggered_event": "{{triggered_event}}",
        "ticket_id": "{{ticket.id}}",
        "ticket_subject": "{{ticket.subject}}",
        "ticket_description": "{{ticket.description}}",
        "ticket_priority": "{{ticket.priority}}",
        "ticket_status": "{{ticket.status}}",
        "ticket_type": "{{ticket.ticket_type}}",
        "ticket_group_name": "{{ticket.group.name}}",
        "ticket_agent_name": "{{ticket.agent.name}}",
        "ticket_agent_email": "{{ticket.agent.email}}",
        "ticket_requester_name": "{{ticket.requester.name}}",
        "ticket_requester_email": "{{ticket.requester.email}}",
        "ticket_company_name": "{{ticket.company.name}}",
        "ticket_due_by_time": "{{ticket.due_by_time}}",
        "ticket_latest_public_comment": "{{ticket.latest_public_comment}}",
        "ticket_url": "{{ticket.url}}",
    }
}


def _zammad(url: str, key: str) -> str:
    return f"""Endpoint: {url}
HTTP Basic authentication, user: nabat
HTTP Basic authentication, password: {key}"""


def _glpi(url: str, key: str) -> str:
    return f"""URL: {url}
HTTP method: POST
Itemtype: Ticket; and one webhook more for each of Followup, Task and Solution
Event: one webhook for each of New, Update and Delete
Payload editor: Use default payload
Security, Use challenge-response authentication: No
Custom header, Authorization: Bearer {key}"""


MADE: dict[str, Making] = {
    "freshdesk": lambda url, key: [
        Snippet("Freshdesk", "an automation's action Trigger webhook, JSON, advanced", webhook(url, key, FRESHDESK))
    ],
    "glpi": lambda url, key: [Snippet("GLPI", "Setup, Notifications, Webhooks", _glpi(url, key))],
    "zammad": lambda url, key: [Snippet("Zammad", "Manage, Webhook, New Webhook", _zammad(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "freshdesk": {"freshdesk_webhook": {"ticket_id": 1, "ticket_subject": "Hello Nabat", "ticket_priority": 1}},
    "glpi": {"event": "new", "item": {"id": 1, "name": "Hello Nabat", "type": 1, "priority": 1, "status": {"id": 1}}},
    "zammad": {"ticket": {"id": 1, "number": "10001", "title": "Hello Nabat", "state": "new", "priority": "1 low"}},
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("an automation's action Trigger webhook, JSON, advanced"), _("Manage, Webhook, New Webhook"),
        _("Setup, Notifications, Webhooks"),
    )  # fmt: skip
