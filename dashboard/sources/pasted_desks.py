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


SERVICENOW = (  # what a business rule says of its record, and by which expression
    ("operation", "String(current.operation())"),
    ("sys_class_name", "current.getTableName()"),
    ("sys_id", "current.getUniqueValue()"),
    ("number", "current.getValue('number')"),
    ("short_description", "current.getValue('short_description')"),
    ("description", "current.getValue('description')"),
    ("state", "current.getValue('state')"),
    ("active", "current.getValue('active')"),
    ("priority", "current.getValue('priority')"),
    ("category", "current.getDisplayValue('category')"),
    ("assignment_group", "current.getDisplayValue('assignment_group')"),
    ("assigned_to", "current.getDisplayValue('assigned_to')"),
    ("assigned_to_email", "String(current.assigned_to.email)"),
    ("caller_id", "current.getDisplayValue('caller_id')"),
    ("caller_id_email", "String(current.caller_id.email)"),
    ("business_service", "current.getDisplayValue('business_service')"),
    ("company", "current.getDisplayValue('company')"),
    ("location", "current.getDisplayValue('location')"),
    ("due_date", "time('due_date')"),
    ("sys_updated_on", "time('sys_updated_on')"),
    ("sys_updated_by", "current.getValue('sys_updated_by')"),
    ("comments", "said('comments')"),
    ("work_notes", "said('work_notes')"),
    ("url", "gs.getProperty('glide.servlet.uri') + current.getLink(true)"),
)


def _servicenow(url: str, key: str) -> str:
    """What the database has is in UTC; a journal's newest line is said only by the update that it came with."""
    fields = ",\n".join(f"    {name}: {expression}" for name, expression in SERVICENOW)
    return f"""(function executeRule(current, previous) {{
  function time(name) {{
    var value = current.getValue(name);
    return value ? value.replace(' ', 'T') + 'Z' : '';
  }}
  function said(name) {{
    return current[name].changes() ? String(current[name].getJournalEntry(1)) : '';
  }}
  var body = {{
{fields}
  }};
  var request = new sn_ws.RESTMessageV2();
  request.setHttpMethod('post');
  request.setEndpoint('{url}');
  request.setRequestHeader('Authorization', 'Bearer {key}');
  request.setRequestHeader('Content-Type', 'application/json');
  request.setRequestBody(JSON.stringify(body));
  request.executeAsync();
}})(current, previous);"""


OTRS = (  # what happens to a ticket
    "TicketCreate", "ArticleCreate", "TicketStateUpdate", "TicketPriorityUpdate", "TicketOwnerUpdate",
    "TicketQueueUpdate", "TicketTitleUpdate", "TicketMerge",
)  # fmt: skip


def _otrs(url: str, key: str) -> str:
    """A web service to import: by its invoker each event sends the ticket as it is then, by way of the daemon."""
    root, _, kind = url.rpartition("/")
    events = "\n".join(f"        - Asynchronous: '1'\n          Event: {event}" for event in OTRS)
    return f"""---
Debugger:
  DebugThreshold: error
  TestMode: '0'
Description: Tells {url} of tickets
RemoteSystem: Nabat
Provider:
  Transport:
    Type: ''
Requester:
  Invoker:
    Nabat:
      Description: ''
      Type: Ticket::Generic
      Events:
{events}
  Transport:
    Type: HTTP::REST
    Config:
      Host: {root}
      DefaultCommand: POST
      InvokerControllerMapping:
        Nabat:
          Command: POST
          Controller: /{kind}
      Authentication:
        AuthType: BasicAuth
        BasicAuthUser: nabat
        BasicAuthPassword: '{key}'
      Timeout: '30'"""


MADE: dict[str, Making] = {
    "freshdesk": lambda url, key: [
        Snippet("Freshdesk", "an automation's action Trigger webhook, JSON, advanced", webhook(url, key, FRESHDESK))
    ],
    "glpi": lambda url, key: [Snippet("GLPI", "Setup, Notifications, Webhooks", _glpi(url, key))],
    "otrs": lambda url, key: [Snippet("OTRS, Znuny", "a file: Web Service Management, Import", _otrs(url, key))],
    "redmine": lambda url, key: [Snippet("Redmine", "the project's settings, WebHook", f"URL: {url}/{key}")],
    "servicenow": lambda url, key: [
        Snippet(
            "ServiceNow", "a business rule of incidents: after insert and update, its script", _servicenow(url, key)
        )
    ],
    "zammad": lambda url, key: [Snippet("Zammad", "Manage, Webhook, New Webhook", _zammad(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "freshdesk": {"freshdesk_webhook": {"ticket_id": 1, "ticket_subject": "Hello Nabat", "ticket_priority": 1}},
    "glpi": {"event": "new", "item": {"id": 1, "name": "Hello Nabat", "type": 1, "priority": 1, "status": {"id": 1}}},
    "otrs": {
        "Ticket": {"TicketNumber": "1", "Title": "Hello Nabat", "StateType": "new", "Priority": "1 very low"},
        "Event": {"Event": "TicketCreate"},
    },
    "redmine": {
        "payload": {"action": "opened", "issue": {"id": 1, "subject": "Hello Nabat", "priority": {"name": "Low"}}}
    },
    "servicenow": {"number": "INC0000001", "short_description": "Hello Nabat", "state": "1", "priority": "5"},
    "zammad": {"ticket": {"id": 1, "number": "10001", "title": "Hello Nabat", "state": "new", "priority": "1 low"}},
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("an automation's action Trigger webhook, JSON, advanced"), _("Manage, Webhook, New Webhook"),
        _("Setup, Notifications, Webhooks"), _("a file: Web Service Management, Import"),
        _("the project's settings, WebHook"), _("a business rule of incidents: after insert and update, its script"),
    )  # fmt: skip
