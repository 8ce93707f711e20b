"""What an administrator pastes at a sender is what we read: exactly that text, with its variables filled in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from dashboard.sources.snippets import PLACE, snippets
from gateway import sources
from gateway.sources import Heard

ROOT = Path(__file__).parent.parent.parent
HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
HERE = "https://nabat.example.org"


def pasted(kind):
    return snippets(kind, HERE, "")[0].text


def read(kind, body):
    (alert,) = sources.find(kind).parse(body, HEARD).alerts
    return alert


def zabbix(macros):
    """What Zabbix hands to the script as `value`: the parameters, whose macros it knows or leaves alone."""
    (made,) = yaml.safe_load(pasted("zabbix"))["zabbix_export"]["media_types"]
    assert f"'{HERE}/ingest/zabbix', value" in made["script"]
    assert f"Bearer {PLACE}'" in made["script"]
    return {one["name"]: macros.get(one["value"], one["value"]) for one in made["parameters"]}


def test_zabbix():
    macros = {
        "{EVENT.ID}": "9041", "{EVENT.SOURCE}": "0", "{EVENT.VALUE}": "1", "{EVENT.NSEVERITY}": "4",
        "{EVENT.NAME}": 'Disk "C:" is full', "{EVENT.OPDATA}": "97 %", "{EVENT.TAGSJSON}": '[{"tag":"a","value":"b"}]',
        "{EVENT.UPDATE.STATUS}": "0", "{TRIGGER.ID}": "55", "{HOST.HOST}": "db01", "{HOST.IP}": "10.0.0.1",
    }  # fmt: skip
    opened = read("zabbix", zabbix(macros))
    over = read("zabbix", zabbix(macros | {"{EVENT.VALUE}": "0", "{EVENT.RECOVERY.TIMESTAMP}": "1796428900"}))
    assert (opened.firing, over.firing, opened.fingerprint == over.fingerprint) == (True, False, True)
    assert (opened.title, opened.severity, opened.labels["a"]) == ('Disk "C:" is full', "critical", "b")
    assert not any("{" in text for text in opened.annotations.values())
    assert "$ZABBIX.URL" not in opened.url


def test_the_file_to_import_is_the_one_of_the_page():
    assert (ROOT / "docs/senders/zabbix.yaml").read_text() == pasted("zabbix") + "\n"


@pytest.mark.parametrize("kind", sources.names())
def test_every_kind_has_something_to_paste_and_something_to_try(kind):
    made = snippets(kind, HERE, "")
    assert len(made) > 1
    assert all(f"{HERE}/ingest/{kind}" in one.text for one in made)
