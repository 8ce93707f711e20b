"""The pages' languages: English in the code, the others read from translations/LANGUAGE/*.po without a build step."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"en": "English", "ru": "Русский"}


def texts(language: str) -> Catalog:
    """The texts of a language, a file an area of the pages; ValueError where two files disagree about one."""
    whole = Catalog(locale=language)
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale=language)
        for message in part:
            if not message.id:
                continue
            known = whole.get(message.id, message.context)
            if known and known.string != message.string:
                raise ValueError(f"{path.name}: {message.id!r} is {known.string!r} elsewhere")
            whole[message.id] = message
    return whole


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of a language; English, which is in the code, for any that we do not have."""
    if language not in LANGUAGES or not (FOLDER / language).is_dir():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, texts(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
