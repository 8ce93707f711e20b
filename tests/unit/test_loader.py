"""The loader: what is read, what is forgiven, what is refused and where."""

import contextlib
import json
import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.loader import BadJson, load


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),  # a byte order mark
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),  # Latin-1 where UTF-8 is due
        (b'{"a": "x\x00y\nz"}', {"a": "x\x00y\nz"}),  # raw control characters: a sender's template with line ends
        (b'{"a": "\\ud83d"}', {"a": "\ud83d"}),  # half an emoji
        (b'{"a": "\\u0000"}', {"a": "\x00"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud800", "b": 1, "b": 2}', {"a": "\ud800", "b": 2}),  # the slow way too
        (b'{"a": 1e400, "b": -1e400}', {"a": "1e400", "b": "-1e400"}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b"null", None),
        (b'"' + b"[" * 100 + b'"', "[" * 100),
        (b'{"a": "' + b"{}" * 50 + b'\\"' + b"[" * 40 + b'"}', {"a": "{}" * 50 + '"' + "[" * 40}),
        (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
    ],
)
def test_what_is_read(body, value):
    assert load(body) == value


@pytest.mark.parametrize(
    ("body", "reason", "place"),
    [
        (b"", "the body is empty", ""),
        (b" \n", "the body is empty", ""),
        (b'{"foo":', "Expecting value", "line 1, column 8"),
        (b'{"a": 1}\n{"b": 2}', "Extra data", "line 2, column 1"),
        (b'{"a": NaN}', "NaN is not JSON", "line 1, column 7"),
        (b'{"a": "NaN",\n "b": -Infinity}', "-Infinity is not JSON", "line 2, column 7"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number has too many digits", ""),
        ("{}".encode("utf-16"), "Expecting value", "line 1, column 1"),
        (b"payload=%7B%7D", "Expecting value", "line 1, column 1"),
        (b"[" * 33 + b"]" * 33, "more than 32 lists and objects inside each other", ""),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "more than 32 lists and objects inside each other", ""),
    ],
)
def test_what_is_refused_and_where(body, reason, place):
    with pytest.raises(BadJson) as caught:
        load(body)
    assert (caught.value.reason, caught.value.place) == (reason, place)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"}":' * 200_000 + b"1" + b"}" * 200_000,  # hides its depth from a scan that ignores quotes
        b'"' + b'\\"' * 2_000_000,
        b"[" * 33 + b'"' * 1_000_001,
        b'{"alerts":[' + b"{}," * 1_100_000 + b"{}]}",
        b"[" + b"[[[]]]," * 600_000 + b"0]",
        b"{" + b'"":0,' * 2_000_001 + b'"":0}',
    ],
    ids=["open", "closed", "objects", "hidden", "unclosed text", "quotes", "many objects", "many lists", "many names"],
)
def test_hostile_bodies_are_refused_quickly_and_without_memory(body):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with pytest.raises(BadJson):
        load(body)
    assert time.perf_counter() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_text_may_have_any_number_of_commas_and_brackets():
    text = "[{,}]" * 500_000
    assert load(b'{"a":"%s"}' % text.encode()) == {"a": text}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(VALUES)
def test_everything_json_comes_back(value):
    assert load(json.dumps(value).encode()) == value


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.binary() | st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"\\", b"1", b":", b",", b"NaN"])))
def test_nothing_but_bad_json_is_raised(body):
    with contextlib.suppress(BadJson):
        load(body if isinstance(body, bytes) else b"".join(body))
