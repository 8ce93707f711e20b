"""The pages' languages: English in the code, the others read from translations/*.po without a build step."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"en": "English", "ru": "Русский"}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of a language; English, which is in the code, for any that we do not have."""
    path = FOLDER / f"{language}.po"
    if language not in LANGUAGES or not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
