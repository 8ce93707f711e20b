"""A workbook of one sheet (Office Open XML): numbers are numbers, everything else is text and never a formula."""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from rules.text import clean_text

_START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same sheet is the same file
_FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(name: str, rows: Sequence[Sequence[str | int | float | None]]) -> bytes:
    """`name`: of the sheet; letters and digits."""
    body = "".join(f'<row r="{number}">{_row(row, number)}</row>' for number, row in enumerate(rows, 1))
    sheets = f'<sheets><sheet name="{escape(name)}" sheetId="1" r:id="rId1"/></sheets>'
    parts = {
        **_FIXED,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for place, text in parts.items():
            file.writestr(zipfile.ZipInfo(place, _WHEN), _START + text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _row(row: Sequence[str | int | float | None], number: int) -> str:
    return "".join(_cell(value, f"{_column(place)}{number}") for place, value in enumerate(row) if value is not None)


def _cell(value: str | int | float | None, place: str) -> str:
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = escape(clean_text(str(value)))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _column(place: int) -> str:
    """A, B … Z, AA."""
    before, rest = divmod(place, 26)
    return (_column(before - 1) if before else "") + chr(ord("A") + rest)
