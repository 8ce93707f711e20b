"""What the lint says of a rule book, in the reader's language: its sentences are English, their parts are data."""

import re
from functools import cache

from dashboard.reader import Reader

_PART = re.compile(r"%\((\w+)\)s")
_ = str  # for the catalogue only: each is looked up by the sentence that fits it
SENTENCES = (
    _("reaches nobody: only the administrators would be told"),
    _("%(who)s can be paged as %(urgency)s and has no verified contact for %(ways)s"),
    _("%(who)s has no verified contact for %(ways)s (%(urgency)s): told by %(others)s"),
    _("%(target)s: there is no such schedule"),
    _("%(target)s: there is no such person"),
    _("%(target)s: there is no such team"),
    _("%(target)s: the team has no members and no address"),
    _("%(target)s: %(who)s is a viewer, and viewers are never paged"),
    _("%(target)s: nobody is on call for %(n)s of the next 336 hours, first at %(time)s"),
    _("there is no calendar %(name)s: it restricts nothing"),
    _("no route names this policy"),
    _("never reached: %(name)s above it takes everything that this one would"),
    _("never met: %(what)s cannot hold beside the other condition on its label"),
    _("never opens in the next two years"),
    _("never closes: leave it out"),
)


def said(what: str, reader: Reader) -> str:
    """A sentence that is not known here stays as it is: better English than nothing."""
    for form, sentence in _forms():
        found = form.fullmatch(what)
        if found:
            return reader.say(sentence, **found.groupdict())
    return what


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_form(one), re.DOTALL), one) for one in SENTENCES]


def _form(sentence: str) -> str:
    parts = _PART.split(sentence)  # text, name, text, name, … text
    return "".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
