"""What is left of HTML: its words. And what is no HTML stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.texts.markup import plain_text


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("<p>Hi &amp; bye</p><p>2</p>", "Hi & bye\n\n2"),
        ("&lt;p&gt;Создать &amp;amp; убрать&lt;/p&gt;", "Создать & убрать"),
        ("x<br>y<BR/>z", "x\ny\nz"),
        ("<ul>\n<li>a</li>\n<li>b <b>c</b></li>\n</ul>", "- a\n- b c"),
        ("<table><tr><td>1<td>2</tr><tr><td>3</table>", "1 2\n\n3"),
        ("<style>p{}</style>one<script>alert('<p>')</script> two", "one two"),
        ("<script>never closed <p>", ""),
        ("<!-- a -- > b --><i>c</i>", "c"),
        ("<img alt=\"a > b\" src='x'>c", "c"),
        ("<p a=it's>k</p>", "k"),
        ("a&nbsp;<b>&nbsp;b</b>\n\n\nc", "a b c"),
        ("two\nlines,\n\n\n\nand more", "two\nlines,\n\n\n\nand more"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("from <anna@example.org>", "from <anna@example.org>"),
        ("<unknown>x</unknown> <p>y</p>", "<unknown>x</unknown>\ny"),
        ("R&amp;D", "R&D"),
        ("a &#65; &#" + "9" * 5000 + "; b", "a A \ufffd b"),
        ("<p>&#" + "9" * 5000, "\ufffd"),
        ("", ""),
    ],
)
def test_the_words_are_left(given, left):
    assert plain_text(given) == left


@given(st.text(alphabet="<>/!-&;ltgp \n'\"x=", max_size=60))
def test_nothing_breaks_it(text):
    assert "<p>" not in plain_text(text)


@pytest.mark.parametrize("piece", ["<", "<a '", '<p "', "<script>", "<!--", "<!-- -", "&lt;", "<p ' \"", "<p x"])
def test_it_reads_nothing_twice(piece):
    """A hundred kilobytes of what is never closed: by the square of that it would take hours."""
    plain_text(piece * (100_000 // len(piece)))
