"""What subscribers of the status page are sent: a question whether it was them, and each word that is published."""

from typing import Any

from sqlalchemy.orm import Session

from gateway.outward.render import Facts
from gateway.store.outgoing.clients import KINDS, NOTICE, OF_NOTICE, PAGE
from gateway.store.outgoing.outbox import Leased
from gateway.store.public import notices, page, subscribers
from gateway.store.tables import UpdateRow
from gateway.store.types import moment
from gateway.world import World
from rules.reports.public import Notice, Stage, Update, in_language
from rules.words import Severity, Urgency

__all__ = ["KINDS", "facts"]


def facts(session: Session, leased: Leased, world: World) -> Facts:
    """Nothing but what stands on the page."""
    one = subscribers.by_email(session, leased.who)
    language, key = (one.language, one.key) if one else (world.settings.language, "")
    root = world.settings.public_url
    name, _ = in_language(page.found(session).names, language)
    said: dict[str, Any] = {"page": name, "link": f"{root}/status/mail/{key}", "stage": "", "text": "", "parts": []}
    title, about = name, PAGE
    found = _word(session, leased.level) if leased.kind == NOTICE else None
    if found is not None:
        notice, update = found
        title, about = in_language(notice.titles, language)[0], f"{OF_NOTICE}{notice.uuid}"
        said |= _said(session, update, language) | {"stop": said["link"]}
        root = f"{root}/status/{notice.id}"
    return Facts(
        number=0, uuid=about, title=title, urgency=Urgency.ORDINARY.value, severity=Severity.INFO.value, status="",
        opened_at=moment(leased.created_at), published=said, url=root if found else f"{root}/status", name=leased.name,
        language=language, timezone=world.settings.timezone,
    )  # fmt: skip


def _word(session: Session, update_id: int) -> tuple[Notice, Update] | None:
    row = session.get(UpdateRow, update_id)
    notice = notices.one(session, row.notice_id) if row is not None else None
    update = next((one for one in notice.updates if one.id == update_id), None) if notice else None
    return (notice, update) if notice and update else None


def _said(session: Session, update: Update, language: str) -> dict[str, Any]:
    names = {one.id: one.names for one in notices.components(session)}
    parts = [(in_language(names[number], language)[0], state.capitalize()) for number, state in update.states.items()
             if number in names]  # fmt: skip
    stage = "Completed" if update.stage is Stage.DONE else update.stage.capitalize()
    return {"stage": stage, "text": in_language(update.texts, language)[0], "parts": parts}
