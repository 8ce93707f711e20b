"""The log channel: one line, no secret, whatever the title holds."""

import dataclasses
import logging

import pytest

from gateway.channels import log
from tests.channels.samples import HOSTILE, MESSAGE, hostile


def test_one_line_without_secrets(caplog):
    with caplog.at_level(logging.WARNING):
        assert log.send(dataclasses.replace(MESSAGE, address="secret-key"), {}) == "log-41"
    line = caplog.messages[0]
    assert line.startswith("incident=17 kind=opened channel=log ")
    assert "secret-key" not in line
    assert "/p/abc" not in line
    assert log.check("anything", {}) == ""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_on_its_line(caplog, text):
    with caplog.at_level(logging.WARNING):
        log.send(hostile(text), {})
    assert len(caplog.messages[0].splitlines()) == 1
    assert len(caplog.messages[0]) < 400
