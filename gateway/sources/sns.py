"""AWS CloudWatch through SNS: alarms, whatever else a topic carries, and what the topic asks about its subscription.

The body is JSON whatever its content type says. An alarm is known by its name in AWS; INSUFFICIENT_DATA is a warning,
which only comes if somebody has asked for it. What is no alarm is an alert that nobody ends, known by topic and by
subject. Only exact names count: a body may have others that differ in their case. Also taken: alarms as they are (raw
delivery), and what Lambda is given (Records).
"""

from typing import Any

from gateway.loader import BadJson, load
from gateway.sources import MOST_ALERTS, BadPayload, Heard, Parsed, read_time
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.topics import CONFIRM, FIELDS, UNSUBSCRIBED, Asking
from rules.texts.text import clean_text, cut
from rules.words import Quarantined, Severity

KIND_LABEL = "AWS CloudWatch (SNS)"
LONGEST_FIELD = 8192  # characters
LONGEST_KIND = 30  # characters, of one that is not known
STATES = {"ALARM": True, "OK": False, "INSUFFICIENT_DATA": True}
MOST_DIMENSIONS = 20


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: what a topic sends")
    records = body.get("Records")
    if isinstance(records, list):
        return _all_of(records, heard)
    kind = as_text(body.get("Type"))
    if kind in (CONFIRM, UNSUBSCRIBED):
        return _asked(body, kind)
    if kind == "Notification":
        return _notified(body, heard)
    if "AlarmName" in body and "NewStateValue" in body:
        return _alarm(body, {}, heard)
    why = f"{cut(kind, LONGEST_KIND)!r} is not known" if kind else "is missing"
    raise BadPayload(f"{why}: neither what a topic sends nor an alarm", "Type")


def _all_of(records: list[Any], heard: Heard) -> Parsed:
    whole = Parsed([])
    for place, record in enumerate(records[: MOST_ALERTS + 1]):
        said = part_of(record, "Sns") if isinstance(record, dict) else {}
        if as_text(said.get("Type")) != "Notification":
            whole.quarantined.append(Quarantined(f"Records[{place}]", "is no notification of a topic", excerpt(record)))
            continue
        one = _notified(said, heard)
        whole.alerts.extend(one.alerts)
        whole.notes.extend(one.notes)
    return whole


def _asked(body: dict[str, Any], kind: str) -> Parsed:
    given = ((name, body.get(name)) for name in FIELDS)  # as they are: their signature is of every character
    fields = {name: text for name, text in given if isinstance(text, str) and _is_kept(text)}
    topic = excerpt(fields.get("TopicArn", ""))
    said = "asks to confirm the subscription" if kind == CONFIRM else "says that the subscription has ended"
    return Parsed([], notes=[f"topic {topic} {said}"], asked=[Asking(fields)])


def _is_kept(text: str) -> bool:
    return len(text) <= LONGEST_FIELD and clean_text(text) == text


def _notified(body: dict[str, Any], heard: Heard) -> Parsed:
    message = body.get("Message")
    text = message if isinstance(message, str) else ""
    if text.lstrip().startswith("{"):
        try:
            said = load(text.encode("utf-8", "replace"))
        except BadJson:
            said = None
        if isinstance(said, dict) and "AlarmName" in said and "NewStateValue" in said:
            return _alarm(said, body, heard)
    return read_one(_plain(body, as_text(message), heard), heard)


def _plain(body: dict[str, Any], text: str, heard: Heard) -> Only:
    """What somebody wrote to the topic."""
    topic, subject = as_text(body.get("TopicArn")), as_text(body.get("Subject")).strip()
    lines = text.strip().splitlines()
    title = subject or (lines[0] if lines else "") or "a message without words"
    return Only(
        firing=True,
        identity=f"{topic}|{title}",
        title=title,
        labels={"alertname": title, "topic": topic.rpartition(":")[2]},
        texts={"description": text, "topic_arn": topic},
        starts_at=read_time(body.get("Timestamp"), heard.now),
    )


def _alarm(said: dict[str, Any], body: dict[str, Any], heard: Heard) -> Parsed:
    name, state = as_text(said.get("AlarmName")).strip(), as_text(said.get("NewStateValue")).strip().upper()
    own = as_text(said.get("AlarmArn")).strip()
    identity = own or ":".join((as_text(said.get("AWSAccountId")), as_text(said.get("Region")), name))
    firing, trigger = STATES.get(state, True), part_of(said, "Trigger")
    at = read_time(said.get("StateChangeTime"), heard.now) or read_time(body.get("Timestamp"), heard.now)
    labels = {
        **_dimensions(trigger),
        "alertname": name,
        "account": said.get("AWSAccountId"),
        "region": own.split(":")[3] if own.count(":") >= 3 else said.get("Region"),
        "namespace": trigger.get("Namespace"),
        "metric": trigger.get("MetricName"),
        "state": state,
        "topic": as_text(body.get("TopicArn")).rpartition(":")[2],
    }
    if state == "INSUFFICIENT_DATA":
        labels["severity"] = Severity.WARNING
    texts = {"description": _paragraphs(said.get("AlarmDescription"), said.get("NewStateReason"))}
    title, over = name or "an alarm without a name", None if firing else at
    # Messages may change places on the way: that it is over is about whatever began until then.
    return read_one(Only(firing, identity, title, labels, texts, starts_at=at, ends_at=over), heard)


def _dimensions(trigger: dict[str, Any]) -> dict[str, Any]:
    """What is measured there: InstanceId and the like, which old alarms write with small letters."""
    found, given = {}, trigger.get("Dimensions")
    for one in given[:MOST_DIMENSIONS] if isinstance(given, list) else []:
        if isinstance(one, dict):
            name = as_text(one.get("name") or one.get("Name")).strip()
            found[name] = one.get("value") or one.get("Value")
    return {name: value for name, value in found.items() if name}


def _paragraphs(*given: object) -> str:
    return "\n\n".join(text for one in given if (text := as_text(one).strip()))
