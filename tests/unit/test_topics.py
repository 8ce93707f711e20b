"""Which requests about a subscription may be asked about at all, and what is visited then."""

import pytest

from rules.senders.topics import Doubt, account_of, doubt, signed_text, visit

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
HOST = "https://sns.eu-west-1.amazonaws.com"
FIELDS = {
    "Type": "SubscriptionConfirmation", "MessageId": "m", "TopicArn": TOPIC, "Token": "0123456789abcdef" * 4,
    "Message": "You have chosen …\nvisit", "Timestamp": "2026-12-05T00:00:00.000Z", "SignatureVersion": "2",
    "SubscribeURL": f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=x", "Signature": "c2ln",
    "SigningCertURL": f"{HOST}/SimpleNotificationService-0a1b.pem",
}  # fmt: skip
CHINA = {
    "TopicArn": "arn:aws-cn:sns:cn-north-1:123456789012:a.fifo",
    "SubscribeURL": "https://sns.cn-north-1.amazonaws.com.cn/?x",
    "SigningCertURL": "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
}


@pytest.mark.parametrize("more", [{}, CHINA, {"SignatureVersion": "1"}])
def test_what_is_in_order(more):
    assert doubt(FIELDS | more, "") is doubt(FIELDS | more, "123456789012") is None


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:1234567890:alarms"}, Doubt.TOPIC),
        ({"TopicArn": f"{TOPIC}&Token=x"}, Doubt.TOPIC),
        ({"TopicArn": f"{TOPIC}\n"}, Doubt.TOPIC),
        ({"TopicArn": "arn:aws:sns:s3:123456789012:alarms"}, Doubt.TOPIC),
        ({"SubscribeURL": f"{HOST.replace('https', 'http')}/?x"}, Doubt.PLACE),
        ({"SubscribeURL": f"{HOST}.evil.example/?x"}, Doubt.PLACE),
        ({"SubscribeURL": "https://evil.example/sns.eu-west-1.amazonaws.com/"}, Doubt.PLACE),
        ({"SubscribeURL": "https://sns.eu-west-1.amazonaws.com@evil.example/"}, Doubt.PLACE),
        ({"SubscribeURL": f"{HOST}:8443/?x"}, Doubt.PLACE),
        ({"SubscribeURL": "https://sns.us-east-1.amazonaws.com/?x"}, Doubt.PLACE),
        ({"SubscribeURL": "https://sns.s3.amazonaws.com/?x"}, Doubt.PLACE),
        ({"SubscribeURL": ""}, Doubt.PLACE),
        ({"SigningCertURL": f"{HOST}/a.pem?x=.pem"}, Doubt.PLACE),
        ({"SigningCertURL": f"{HOST}/a/b.pem"}, Doubt.PLACE),
        ({"SigningCertURL": f"{HOST}/a.txt"}, Doubt.PLACE),
        ({"SigningCertURL": "https://evil.example/a.pem"}, Doubt.PLACE),
        ({"SigningCertURL": "https://sns.us-east-1.amazonaws.com/a.pem"}, Doubt.PLACE),
        ({"Token": "x"}, Doubt.PLACE),
        ({"Token": "0123456789abcdef&Action=Publish"}, Doubt.PLACE),
        ({"SignatureVersion": "3"}, Doubt.SIGNATURE),
    ],
)
def test_what_is_not(more, found):
    assert doubt(FIELDS | more, "") is found


def test_another_account_is_another_source():
    assert doubt(FIELDS, "999999999999") is Doubt.ACCOUNT
    assert (account_of(TOPIC), account_of("alarms")) == ("123456789012", "")


def test_the_address_is_put_together_anew_from_what_is_signed():
    theirs = FIELDS | {"SubscribeURL": f"{HOST}/?Action=Unsubscribe&Token=theirs"}
    assert visit(theirs) == f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={FIELDS['Token']}"


def test_what_is_signed():
    assert signed_text(FIELDS).decode() == (
        f"Message\nYou have chosen …\nvisit\nMessageId\nm\nSubscribeURL\n{FIELDS['SubscribeURL']}\n"
        f"Timestamp\n2026-12-05T00:00:00.000Z\nToken\n{FIELDS['Token']}\nTopicArn\n{TOPIC}\n"
        "Type\nSubscriptionConfirmation\n"
    )
