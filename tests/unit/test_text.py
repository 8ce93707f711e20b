"""Text from strangers: cleaned, put on one line, cut between characters, linked only when harmless."""

import time

import pytest

from rules.texts.text import by_language, clean_text, cut, cut_bytes, one_line, safe_url

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿"


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("a\udc00", "a\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("tab\tline\nend", "tab\tline\nend"),
        ("one\r\ntwo", "one\ntwo"),
        ("one\rtwo", "one\ufffdtwo"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("del\x7f c1\x85\x9b", "del\ufffd c1\ufffd\ufffd"),
        ("no\ufffe xml\uffff", "no\ufffd xml\ufffd"),
        (FAMILY + "🇷🇺" + SCOTLAND, FAMILY + "🇷🇺" + SCOTLAND),
        ("עברית abc\u200f", "עברית abc\u200f"),
        ("invoice_\u202egpj.exe\u202c \u2067\u2066x\u2069", "invoice_gpj.exe x"),
    ],
)
def test_text_is_cleaned(dirty, clean):
    assert clean_text(dirty) == clean
    clean_text(dirty).encode()


def test_cleaning_is_fast():
    values = ["instance=web01.example.org:9100 используется 93 % памяти"] * 100_000
    started = time.perf_counter()
    for value in values:
        clean_text(value)
    assert time.perf_counter() - started < 10


def test_every_line_separator_becomes_a_space():
    assert one_line(" a\r\nBcc: x\u2028b\u2029c\x0bd\x0ce\x85f\tg  h\x1ci ") == "a Bcc: x b c d e f g h i"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer text", 6, "longe…"),
        ("word and more", 6, "word…"),
        ("ab" + FAMILY + "c", 6, "ab…"),
        ("ab" + FAMILY + "cd", 10, "ab" + FAMILY + "…"),
        ("a🇷🇺🇫🇷b", 4, "a🇷🇺…"),
        ("a🇷🇺🇫🇷b", 3, "a…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("x" + SCOTLAND + "yz", 5, "x…"),
        ("각각각", 2, "각…"),
        ("각각".encode().decode(), 1, "각"),
        ("abc", 0, ""),
        ("abc", 1, "a"),
    ],
)
def test_text_is_cut_between_characters(text, limit, expected):
    assert cut(text, limit) == expected
    assert len(cut(text, limit)) <= limit


def test_jamo_stay_together():
    assert cut("\u1112\u1161\u11ab\u1112\u1161\u11ab", 5) == "\u1112\u1161\u11ab…"


def test_a_heap_of_marks_is_cut_all_the_same():
    heap = "Z" + "\u0301" * 10_000
    assert len(cut(heap, 100)) == 100
    assert cut("🇷🇺" * 50_000, 60_001) == "🇷🇺" * 30_000 + "…"


@pytest.mark.parametrize("limit", [0, 1, 3, 4, 10, 33])
def test_bytes_are_counted(limit):
    text = "почта " + FAMILY + " не работает"
    assert len(cut_bytes(text, limit).encode()) <= limit
    assert text.startswith(cut_bytes(text, limit, ""))
    assert cut_bytes(text, 200) == text


@pytest.mark.parametrize(
    "url", ["http://a", "https://grafana.example/d/1?x=1#y", "HTTPS://пример.рф/дом", "http://[::1]:80/"]
)
def test_web_addresses_become_links(url):
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://host.example|click",
        "https://host<b>.example",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "JaVaScRiPt://x/%0aalert(1)",
        "data:text/html,x",
        "//host/path",
        "http://",
        "https:///path",
        "http://a b",
        " http://a",
        "http://a\n",
        "http:\\\\a",
        "https://a\\@b",
        "ftp://a",
        "http://[::1",
        "http://[:::1]/",
        "https://[::@fff/[700f:1]/t",
        "http://[12345::]/",
        "http://[1.2.3.4]/",
        "http://a:99999",
        "http://a:x",
        "http://\u202eabc",
        "vbscript:x",
        "/relative",
        "http://a\x00",
    ],
)
def test_other_addresses_do_not(url):
    assert safe_url(url) == ""


def test_texts_in_several_languages_are_cleaned_alike_and_empty_ones_are_left_out():
    given = {"en": " a\x00b\n c ", "ru": " \t", "xx": "no language of ours"}
    assert by_language(given, ("en", "ru")) == {"en": "a\ufffdb c"}
    assert by_language(given, ("en", "ru"), lines=True) == {"en": "a\ufffdb\n c"}
    assert by_language({"ru": "Почта и \u202eчай"}, ("en", "ru"), longest=6) == {"ru": "Почта"}
