"""What reconciliation found, as the timeline tells it in both languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.i18n import catalogue
from dashboard.incident import timeline
from dashboard.reader import Reader
from gateway.store.tables import Entry
from rules.senders.drift import RECONCILED

NOW = datetime(2026, 12, 5, 0, 30, tzinfo=UTC)
KINDS = {
    "lost resolve": {"count": 1, "titles": ["db01 is full <b>"]},
    "lost alert": {"count": 1, "titles": ["db01 is full"]},
    "reconciled": {"with": "pagerduty", "what": "resolved"},
    "acknowledged": {"how": "pagerduty", "after_s": 60, "why": RECONCILED},
}


@pytest.mark.parametrize(("language", "word"), [("en", "econciliation"), ("ru", "сверкой")])
def test_each_says_how_it_was_found(language, word):
    reader = Reader(NOW, language, ZoneInfo("UTC"), catalogue(language))
    entries = [
        Entry(id=number, incident_id=1, at=NOW, kind=kind, actor="am-prod", detail=detail)
        for number, (kind, detail) in enumerate(KINDS.items())
    ]
    for line in timeline.lines(entries, reader):
        assert any(word in text for text in line.small), line
    first = timeline.lines(entries, reader)[0]
    assert "am-prod" in first.strong
    assert first.small[0] == "db01 is full <b>"  # escaped where it is drawn
