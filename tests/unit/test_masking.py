"""Our secrets in what others say."""

import pytest

from gateway.outward.masking import mask

ENV = {
    "NABAT_TWILIO_AUTH_TOKEN": "0123456789abcdef",
    "NABAT_PAGERDUTY_WEBHOOK_SECRET": "new-secret,old-secret",
    "NABAT_SMTP_URL": "smtp://me:p%40ssword@mail.example:587",
    "NABAT_METRICS_TOKEN": "abc",
    "NABAT_TWILIO_FROM": "+15005550006",
}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("key 0123456789abcdef is wrong", "key *** is wrong"),
        ("new-secret and old-secret", "*** and ***"),
        ("535 p@ssword, p%40ssword", "535 ***, ***"),
        ("it begins with 0123456789…", "it begins with ***…"),
        ("it begins with 01234 only…", "it begins with 01234 only…"),
        ("abc is too short to be looked for", "abc is too short to be looked for"),
        ("no such number +15005550006", "no such number +15005550006"),
        ("{'Authorization': 'Basic QUMwMDAwMDA6dG9rZW4='}", "{'Authorization': 'Basic ***'}"),
        ("bearer: abcdefgh.ijkl", "bearer ***"),
        ("the key R0UT1NG", "the key ***"),
        ("", ""),
    ],
)
def test_what_is_shown(said, shown):
    assert mask(said, ENV, "R0UT1NG") == shown
