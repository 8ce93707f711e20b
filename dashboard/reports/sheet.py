"""A workbook of one sheet: numbers are numbers, everything else is text and never a formula."""

import io
from collections.abc import Sequence

from rules.texts.text import clean_text


def workbook(name: str, rows: Sequence[Sequence[str | int | float | None]]) -> bytes:
    """`name`: of the sheet; letters and digits."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - a megabyte that only those who ask for a file need

    made = io.BytesIO()
    with Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(number, place, value)
                elif value is not None:
                    sheet.write_string(number, place, clean_text(str(value)))
    return made.getvalue()
