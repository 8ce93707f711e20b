"""The status page as an Atom feed (RFC 4287): an entry a notice, whose id never changes. Pure."""

from datetime import UTC, datetime

from markupsafe import escape

from dashboard.reader import Reader
from dashboard.status import rows
from rules.reports.public import Notice, Phase, Standing, in_language

KIND = "application/atom+xml"
MOST = 50  # entries: whoever asks each hour misses none, and is sent no megabytes


def written(standing: Standing, root: str, query: str, reader: Reader) -> str:
    """`root`: where we are, without a slash at its end; `query` of the links: the language, if it was chosen."""
    name, _ = in_language(standing.names, reader.language)
    told = sorted(standing.notices, key=lambda one: one.last.at, reverse=True)[:MOST]
    newest = [one.last.at for one in told] or [one.since for one in standing.components]
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{reader.language}">',
        f"<id>urn:uuid:{standing.uuid}</id><title>{escape(name)}</title>",
        f"<updated>{_moment(max(newest, default=datetime(1970, 1, 1, tzinfo=UTC)))}</updated>",
        f"<author><name>{escape(name)}</name></author>",
        f'<link rel="self" href="{escape(f"{root}/status/feed.atom{query}")}"/>',
        f'<link rel="alternate" type="text/html" href="{escape(f"{root}/status{query}")}"/>',
        *(_entry(one, standing, f"{root}/status/{one.id}{query}", reader) for one in told),
        "</feed>\n",
    ]
    return "".join(parts)


def _entry(one: Notice, standing: Standing, place: str, reader: Reader) -> str:
    said = rows.shown(one, standing, reader.now, reader)
    lines = [f"{word.at.full} · {word.stage}\n{word.text.text}" for word in said.words]
    is_over = said.phase == Phase.OVER
    named = ", ".join(name.text if is_over else f"{name.text}: {mark.word}" for name, mark in said.components)
    return (
        f"<entry><id>urn:uuid:{one.uuid}</id><title>{escape(said.title.text)}</title>"
        f"<published>{_moment(one.updates[0].at)}</published><updated>{_moment(one.last.at)}</updated>"
        f'<link rel="alternate" type="text/html" href="{escape(place)}"/>'
        f'<content type="text">{escape(chr(10).join([named, *lines]))}</content></entry>'
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
