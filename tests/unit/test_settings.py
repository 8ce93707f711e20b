"""Settings: defaults, every complaint at once, and no secret in anything we print."""

import pytest

from gateway.settings import SETTINGS, BadSettings, load, readme_table

KEY = "k" * 40


def complaints(**environ):
    with pytest.raises(BadSettings) as caught:
        load(environ)
    return caught.value.complaints


def test_an_empty_environment_is_a_whole_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load({"HOME": "/nowhere"})
    assert settings.database_url == f"sqlite:///{tmp_path}/data/nabat.db"
    assert settings.secret_key == ""
    assert settings.secret_key_file == tmp_path / "data/secret_key"
    assert (settings.timezone, settings.language, settings.log_level) == ("UTC", "en", "info")
    assert str(settings.rules) == "rules/book"
    assert settings.env["NABAT_TWILIO_URL"] == "https://api.twilio.com"
    assert settings.env["NABAT_TWILIO_FROM"] == ""
    assert settings.env["NABAT_DATABASE_URL"] == settings.database_url


def test_the_key_made_at_first_start_is_found(tmp_path):
    (tmp_path / "secret_key").write_text(KEY + "\n")
    assert load({"NABAT_DATA_DIR": str(tmp_path)}).secret_key == KEY


def test_all_complaints_come_together():
    found = complaints(
        NABAT_TIMEZONE="Mars/Olympus", NABAT_LANGUAGE="de", NABAT_LOG_LEVEL="loud", NABAT_MAIL_FROM="nobody",
        NABAT_TIMEZON="UTC", NABAT_SMTP_URL="http://host", NABAT_PUBLIC_URL="gateway.example",
        NABAT_TRUSTED_PROXIES="10.0.0.0/8 proxy", NABAT_VAPID_SUBJECT="me",
    )  # fmt: skip
    assert [line.split("=")[0].split(" ")[0] for line in found] == [
        "NABAT_TIMEZON", "NABAT_PUBLIC_URL", "NABAT_TIMEZONE", "NABAT_LANGUAGE", "NABAT_MAIL_FROM", "NABAT_SMTP_URL",
        "NABAT_VAPID_SUBJECT", "NABAT_TRUSTED_PROXIES", "NABAT_LOG_LEVEL",
    ]  # fmt: skip
    assert found[0] == "NABAT_TIMEZON is no setting: did you mean NABAT_TIMEZONE?"


@pytest.mark.parametrize("zone", ["Europe", "../etc/passwd", "/etc/localtime", "Europe/Moscow\0"])
def test_what_is_no_zone_is_refused(zone):
    assert "is no time zone" in complaints(NABAT_TIMEZONE=zone)[0]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@db/nabat", "postgresql+psycopg://u:p@db/nabat"),
        ("postgres://u:p@db/nabat", "postgresql+psycopg://u:p@db/nabat"),
        ("postgresql+psycopg://db/nabat", "postgresql+psycopg://db/nabat"),
        ("sqlite:////var/lib/nabat.db", "sqlite:////var/lib/nabat.db"),
    ],
)
def test_database_addresses(given, used):
    assert load({"NABAT_DATABASE_URL": given, "NABAT_SECRET_KEY": KEY}).database_url == used


def test_a_relative_database_file_is_taken_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({"NABAT_DATABASE_URL": "sqlite:///my.db"}).database_url == f"sqlite:///{tmp_path}/my.db"


@pytest.mark.parametrize("url", ["mysql://db/x", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_other_databases_are_refused(url):
    assert complaints(NABAT_DATABASE_URL=url, NABAT_SECRET_KEY=KEY)[0].startswith("NABAT_DATABASE_URL must")


def test_postgresql_needs_a_key():
    found = complaints(NABAT_DATABASE_URL="postgresql://db/nabat")
    assert found == ["NABAT_SECRET_KEY is required on PostgreSQL: every process must have the same"]


def test_a_short_key_is_refused_without_being_shown():
    found = complaints(NABAT_SECRET_KEY=f"{KEY},short-one")
    assert len(found) == 1
    assert "short-one" not in found[0]


def test_a_secret_is_read_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"  {KEY}\n")
    assert load({"NABAT_SECRET_KEY_FILE": str(file)}).secret_key == KEY


def test_what_is_wrong_with_a_file(tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert "cannot be read" in complaints(NABAT_SECRET_KEY_FILE=str(tmp_path / "none"))[0]
    assert "is empty" in complaints(NABAT_SECRET_KEY_FILE=str(empty))[0]
    assert "both set" in complaints(NABAT_SECRET_KEY_FILE=str(empty), NABAT_SECRET_KEY=KEY)[0]
    assert "is no setting" in complaints(NABAT_LANGUAGE_FILE=str(empty))[0]


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://127.0.0.1:8081", ""),
        ("http://localhost:8081", ""),
        ("https://eu.twilio.example", ""),
        ("http://twilio.example", "https"),
        ("https://10.0.0.5", "private"),
        ("https://user:pass@twilio.example", "password"),
        ("https://twilio.example/?x=1", "query"),
        ("ftp://twilio.example", "web address"),
    ],
)
def test_addresses_of_providers(url, wrong):
    if wrong:
        assert wrong in complaints(NABAT_TWILIO_URL=url)[0]
    else:
        assert load({"NABAT_TWILIO_URL": url}).env["NABAT_TWILIO_URL"] == url


def test_private_hosts_can_be_named():
    environ = {"NABAT_ALLOW_PRIVATE_HOSTS": "Fake.internal, 10.0.0.5", "NABAT_TWILIO_URL": "http://fake.internal"}
    settings = load({**environ, "NABAT_SENDGRID_URL": "http://10.0.0.5:80"})
    assert settings.allow_private_hosts == {"fake.internal", "10.0.0.5"}


@pytest.mark.parametrize("url", ["smtp://u:p%40@host:587?starttls=1", "smtps://host", "smtp://127.0.0.1:2525"])
def test_mail_servers(url):
    assert load({"NABAT_SMTP_URL": url}).env["NABAT_SMTP_URL"] == url


@pytest.mark.parametrize("url", ["smtp://", "smtp://u:canary@host:70000", "smtp://host?tls=1", "smtp://host?starttls"])
def test_bad_mail_servers_are_refused_without_showing_the_password(url):
    (found,) = complaints(NABAT_SMTP_URL=url)
    assert found.startswith("NABAT_SMTP_URL ")
    assert "canary" not in found


def test_no_secret_is_in_the_repr():
    environ = {setting.name: "canary" * 8 for setting in SETTINGS if setting.secret}
    environ |= {"NABAT_DATABASE_URL": "postgresql://u:canary@db/x", "NABAT_SMTP_URL": "smtp://u:canary@host"}
    environ |= {"NABAT_DEADMAN_URL": "https://beats.example/canary"}
    assert "canary" not in repr(load(environ))


@pytest.mark.parametrize(
    ("name", "value"),
    [("NABAT_DEADMAN_URL", "ftp://x"), ("NABAT_DEADMAN_URL", "http://10.0.0.1/x"), ("NABAT_MIN_FREE_MB", "-1"),
     ("NABAT_MIN_FREE_MB", "1.5"), ("NABAT_MIN_FREE_MB", "²")],
)  # fmt: skip
def test_what_watches_us_is_checked(name, value):
    with pytest.raises(BadSettings, match=name):
        load({name: value})
    good = load({"NABAT_DEADMAN_URL": "https://beats.example/x?key=1", "NABAT_MIN_FREE_MB": "0"})
    assert good.env["NABAT_MIN_FREE_MB"] == "0"


def test_the_slash_at_the_end_of_our_address_goes():
    assert load({"NABAT_PUBLIC_URL": "https://nabat.example/"}).public_url == "https://nabat.example"


def test_the_table_for_people_has_a_row_for_each():
    assert len(readme_table().splitlines()) == len(SETTINGS) + 2
