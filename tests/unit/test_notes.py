"""Notes: what of them is marked, who is mentioned, and that nothing of a stranger's text becomes HTML."""

import re

import pytest

from dashboard import markdown
from rules.duty.mentions import mentions
from rules.words import Person, Role
from tests.integration.test_dashboard import HOSTILE

PEOPLE = [
    Person("anna@example.org", "Анна Ковалёва", Role.RESPONDER, id=1),
    Person("oleg.p@example.org", "Oleg Petrov", Role.RESPONDER, id=2),
    Person("oleg@example.org", "Oleg Sidorov", Role.ADMIN, id=3),
    Person("irina@example.org", "Irina", Role.VIEWER, id=4),
]
LINK = ' rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("@anna look", {"@anna": 1}),
        ("Look, @Анна Ковалёва: it is back", {"@Анна Ковалёва": 1}),
        ("@анна, @Irina.", {"@анна": 1, "@Irina": 4}),
        ("@oleg.p and @oleg@example.org", {"@oleg.p": 2, "@oleg@example.org": 3}),
        ("@OLEG PETROV took it", {"@OLEG PETROV": 2}),
        ("@oleg", {"@oleg": 3}),  # an address before a first name that two have
        ("(@irina)", {"@irina": 4}),
        ("@anna @anna@example.org", {"@anna": 1}),
        ("mail to anna@example.org or ops@irina", {}),
        ("`@anna` and\n```\n@irina\n```", {}),
        ("@nobody @ @@anna user@@irina", {}),
        ("https://example.org/@irina", {}),
    ],
)
def test_a_mention_is_of_one_person_or_of_nobody(text, whom):
    assert {one.written: one.person.id for one in mentions(text, PEOPLE)} == whom


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain\ntext\n\nnext", "<p>plain<br>text</p><p>next</p>"),
        ("**bold** *it* _it_ `co*d*e`", "<p><strong>bold</strong> <em>it</em> <em>it</em> <code>co*d*e</code></p>"),
        ("**a *b* c**", "<p>**a <em>b</em> c**</p>"),
        ("a*b*c snake_case_name 2 * 3 * 4 __init__", "<p>a*b*c snake_case_name 2 * 3 * 4 __init__</p>"),
        ("- one\n- two `x`\n1. first\n2) second",
         "<ul><li>one</li><li>two <code>x</code></li></ul><ol><li>first</li><li>second</li></ol>"),
        ("```sh\nrm -rf <x>\n\n**no**\n```\nafter", "<pre>rm -rf &lt;x&gt;\n\n**no**</pre><p>after</p>"),
        ("[run book](https://x.example/a?b=1&c=2)",
         f'<p><a href="https://x.example/a?b=1&amp;c=2"{LINK}>run book</a></p>'),
        ("see https://x.example/a.", f'<p>see <a href="https://x.example/a"{LINK}>https://x.example/a</a>.</p>'),
        ("[x](javascript:alert(1)) [y](data:text/html,x)", "<p>[x](javascript:alert(1)) [y](data:text/html,x)</p>"),
        ("[x](https://a\\@b)", "<p>[x](https://a\\@b)</p>"),
        ("@Анна, <b>@anna</b>", '<p><a href="/people/1">@Анна</a>, &lt;b&gt;@anna&lt;/b&gt;</p>'),
        ("3. third\n4. fourth\n\n1. anew", '<ol start="3"><li>third</li><li>fourth</li></ol><ol><li>anew</li></ol>'),
        ("@Аннабель", "<p>@Аннабель</p>"),
        ("@Weiß took it", '<p><a href="/people/2">@Weiß</a> took it</p>'),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_marked_and_what_stays_text(text, html):
    assert markdown.note(text, {"@анна": "/people/1", "@weiss": "/people/2"}) == html


@pytest.mark.parametrize(
    "around", ["%s", "**%s**", "`%s`", "- %s", "```\n%s\n```", "[%s](https://x.example/%s)", "@anna %s"]
)
def test_no_text_becomes_anything_but_our_own_marks(around):
    for hostile in (
        HOSTILE,
        '"><img src=x onerror=alert(1)>',
        "*" * 4000,
        "[" * 4000,
        "@a " * 1300,
        "**a " * 1000,
        "_a*`" * 1000,
    ):
        made = markdown.note(around.replace("%s", hostile), {"@anna": "/people/1"})
        tags = set(re.findall(r"<([^>]*)>", made))
        plain = {"p", "br", "ul", "ol", "li", "pre", "code", "strong", "em", "a"}
        assert all(
            tag.strip("/") in plain or re.fullmatch(r'a href="(https?://[^"<>]*|/people/1)"( rel="[a-z ]*")?', tag)
            for tag in tags
        ), tags
