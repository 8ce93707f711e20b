"""Topics of SNS: alarms in every state and form, what else they carry, and that only exact names count."""

import json
from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.sns import LONGEST_FIELD, parse

HEARD = Heard("aws", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def told(message, **more):
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Type": "Notification", "TopicArn": TOPIC, "Message": text, "Timestamp": "2026-12-05T00:03:05.1Z", **more}


def alarm(state="ALARM", **more):
    return {"AlarmName": "Pump", "NewStateValue": state, "AWSAccountId": "123456789012", "Region": "EU", **more}


@pytest.mark.parametrize("body", [None, [], "x", {}, {"type": "Notification"}, {"AlarmName": "no state"},
                                  {"Type": "disk", "host": "db-1"}])  # fmt: skip
def test_what_is_neither_of_a_topic_nor_an_alarm_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize("kind", ["long " * 1000, {"a": ["\U0010ffff" * 1000]}])
def test_of_a_long_kind_the_beginning_is_said(kind):
    with pytest.raises(BadPayload, match="is not known: neither what a topic sends nor an alarm") as refused:
        parse({"Type": kind}, HEARD)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("state", "came"),
    [("ALARM", [(True, "error")]), ("OK", [(False, "error")]), ("INSUFFICIENT_DATA", [(True, "warning")]),
     ("ok", [(False, "error")]), ("yet to come", [(True, "error")])],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", [told, lambda said: said], ids=["in a message", "raw"])
def test_states(state, came, wrapped):
    parsed = parse(wrapped(alarm(state)), HEARD)
    assert [(one.firing, one.severity) for one in parsed.alerts] == came


@pytest.mark.parametrize(
    ("more", "identity"),
    [({}, "123456789012:EU:Pump"), ({"AlarmArn": ""}, "123456789012:EU:Pump"), ({"AlarmArn": "arn:x"}, "arn:x"),
     ({"alarmarn": "arn:theirs"}, "123456789012:EU:Pump")],
)  # fmt: skip
def test_by_what_an_alarm_is_known(more, identity):
    assert [one.fingerprint for one in parse(told(alarm(**more)), HEARD).alerts] == [identity]


def test_messages_that_change_places_leave_the_newer_word():
    """The end of an earlier time is no end of a later one."""
    (over,) = parse(told(alarm("OK", StateChangeTime="2026-12-05T00:05:00.000+0000")), HEARD).alerts
    assert (over.starts_at, over.ends_at) == (datetime(2026, 12, 5, 0, 5, tzinfo=UTC),) * 2
    assert not over.clock_suspect


@pytest.mark.parametrize("text", ["", "{", '{"AlarmName": 5', "[1]", "{}", '{"AlarmName": "A"}', "Words\nmore"])
def test_what_is_no_alarm_is_what_somebody_wrote(text):
    (alert,) = parse(told(text, Subject=" Look "), HEARD).alerts
    assert (alert.title, alert.firing, alert.annotations.get("description", "")) == ("Look", True, text)
    again = parse(told("Something else", Subject="Look"), HEARD).alerts[0]
    assert again.fingerprint == alert.fingerprint != parse(told(text, Subject="Other"), HEARD).alerts[0].fingerprint


def test_only_exact_names_count():
    body = told("theirs", Type="SubscriptionConfirmation", Token="t" * 20, SubscribeURL="https://ours.example/")
    odd = {"subscribeurl": "https://theirs.example/", "TOPICARN": "arn:theirs", "TOKEN": "x", "SigningCertUrl": "x"}
    (asked,) = parse({**body, **odd}, HEARD).asked
    assert (asked.topic, asked.ended) == (TOPIC, False)
    assert asked.fields == {
        name: body[name] for name in ("Type", "TopicArn", "Message", "Timestamp", "Token", "SubscribeURL")
    }
    (ended,) = parse(body | {"Type": "UnsubscribeConfirmation"}, HEARD).asked
    assert ended.ended


@pytest.mark.parametrize("odd", [5, None, ["x"], "x" * (LONGEST_FIELD + 1), "\x00", "a\r\nb"])
def test_a_field_that_would_not_be_kept_as_it_is_signed_is_none(odd):
    (asked,) = parse(told("m", Type="SubscriptionConfirmation", Token=odd), HEARD).asked
    assert "Token" not in asked.fields
