"""What an administrator pastes at a sender is what we read: exactly that text, with its variables filled in."""

import json
import re
import shlex
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from dashboard.sources.snippets import PLACE, snippets
from gateway import sources
from gateway.sources import Heard

ROOT = Path(__file__).parent.parent.parent
HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
HERE = "https://nabat.example.org"


def pasted(kind, place=0):
    return snippets(kind, HERE, "")[place].text


def read(kind, body):
    """The one alert of a body, or of what it says."""
    (alert,) = sources.read(kind, body if isinstance(body, bytes) else json.dumps(body).encode(), HEARD).alerts
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


def nagios(about, macros):
    """What curl posts for the command of Nagios: it asks a shell, which takes the quotes away."""
    command = next(one for one in pasted("nagios").split("define command") if f"notify-{about}-by-nabat" in one)
    words = shlex.split(command.partition("command_line")[2].partition("\n")[0])
    assert (words[0], words[-1]) == ("/usr/bin/curl", f"{HERE}/ingest/nagios")
    assert f"Authorization: Bearer {PLACE}" in words
    given = (one.partition("=") for flag, one in pairwise(words) if flag == "--data-urlencode")
    return urlencode({name: macros.get(value, "") for name, _, value in given}).encode()


def icinga(macros):
    """What curl posts for the command of Icinga: an argument whose macro is not there is left out."""
    given = re.findall(r'key = "--data-urlencode", value = "(\w+)=(\$[a-z_.]+\$)"', pasted("nagios", 1))
    return urlencode({name: macros[value] for name, value in given if value in macros}).encode()


def test_nagios():
    host = {"$HOSTNAME$": "db01", "$HOSTSTATE$": "DOWN", "$HOSTOUTPUT$": "no ping: 100%", "$LASTHOSTSTATE$": "UP"}
    service = {"$HOSTNAME$": "db01", "$SERVICEDESC$": "Disk & co", "$SERVICESTATE$": "CRITICAL",
               "$SERVICEOUTPUT$": "full", "$LASTSERVICESTATECHANGE$": "1796428800"}  # fmt: skip
    over = {"$SERVICESTATE$": "OK", "$LASTSERVICESTATECHANGE$": "1796428900", "$LASTSERVICESTATE$": "CRITICAL"}
    down = read("nagios", nagios("host", host | {"$NOTIFICATIONTYPE$": "PROBLEM"}))
    assert (down.fingerprint, down.firing, down.severity, down.title) == (
        "db01",
        True,
        "critical",
        "db01: no ping: 100%",
    )
    bad = read("nagios", nagios("service", service | {"$NOTIFICATIONTYPE$": "PROBLEM"}))
    good = read("nagios", nagios("service", service | over | {"$NOTIFICATIONTYPE$": "RECOVERY"}))
    assert bad.fingerprint == good.fingerprint == "db01;Disk & co"
    assert (bad.firing, good.firing, good.severity, good.clock_suspect) == (True, False, "critical", False)
    has_it = {"$NOTIFICATIONTYPE$": "ACKNOWLEDGEMENT", "$SERVICEACKAUTHOR$": "anna", "$SERVICEACKCOMMENT$": "mine"}
    acknowledged = read("nagios", nagios("service", service | has_it)).said
    assert (acknowledged.what, acknowledged.who, acknowledged.text) == ("acknowledged", "anna", "mine")


def test_icinga():
    host = {"$notification.type$": "PROBLEM", "$host.name$": "db01", "$host.state$": "DOWN", "$host.output$": "no ping",
            "$host.last_state_change$": "1796428800.25", "$icinga.timet$": "1796428801"}  # fmt: skip
    service = {"$service.name$": "disk", "$service.state$": "WARNING", "$service.output$": "8 %"}
    down, slow = read("nagios", icinga(host)), read("nagios", icinga(host | service))
    assert (down.fingerprint, down.severity, down.starts_at.microsecond) == ("db01", "critical", 250_000)
    assert (slow.fingerprint, slow.severity, slow.title) == ("db01;disk", "warning", "disk on db01: 8 %")


def body_of(kind, values):
    """The body after the empty line, with the variables that are known, the longest first, as their senders do it."""
    body = pasted(kind).partition("\n\n")[2]
    return re.sub(r"\$[A-Z_]+", lambda found: values.get(found[0], found[0]), body).encode()


def test_datadog():
    values = {
        "$AGGREG_KEY": "9bd4", "$ALERT_ID": "12", "$ALERT_SCOPE": "host:a", "$ALERT_TRANSITION": "Triggered",
        "$ALERT_PRIORITY": "P2", "$ALERT_TITLE": "Load is high", "$TAGS": "env:prod", "$DATE": "1796428800000",
        "$LINK": "https://app.datadoghq.example/1",
    }  # fmt: skip
    opened, over = (read("datadog", body_of("datadog", values | {"$ALERT_TRANSITION": word}))
                    for word in ("Triggered", "Recovered"))  # fmt: skip
    assert (opened.firing, over.firing, opened.fingerprint, over.fingerprint) == (True, False, "9bd4", "9bd4")
    assert (opened.title, opened.severity, opened.labels["env"], opened.labels["host"]) == (
        "Load is high", "error", "prod", "a",
    )  # fmt: skip
    assert not any("$" in text for text in (*opened.annotations.values(), *opened.labels.values()))


def test_healthchecks():
    values = {"$CODE": "77-1", "$NAME_JSON": json.dumps('My "check"'), "$TAGS": "prod a:b"}
    begun = {"$STATUS": "down", "$NOW": "2026-12-05T00:00:00+00:00"}
    ended = {"$STATUS": "up", "$NOW": "2026-12-05T00:05:00+00:00"}
    down, up = (read("healthchecks", body_of("healthchecks", values | said)) for said in (begun, ended))
    assert (down.firing, up.firing, down.fingerprint, up.fingerprint) == (True, False, "77-1", "77-1")
    assert (down.title, down.labels["a"], down.labels["tags"], down.clock_suspect) == ('My "check"', "b", "prod", False)


@pytest.mark.parametrize(
    ("file", "kind", "place"),
    [
        ("zabbix.yaml", "zabbix", 0),
        ("nagios.cfg", "nagios", 0),
        ("icinga2.conf", "nagios", 1),
        ("datadog.txt", "datadog", 0),
        ("healthchecks.txt", "healthchecks", 0),
    ],
)
def test_the_files_to_take_are_those_of_the_page(file, kind, place):
    assert (ROOT / "docs/senders" / file).read_text() == pasted(kind, place) + "\n"


@pytest.mark.parametrize("kind", sources.names())
def test_every_kind_has_something_to_paste_and_something_to_try(kind):
    made = snippets(kind, HERE, "")
    assert len(made) > 1
    assert all(f"{HERE}/ingest/{kind}" in one.text for one in made)
