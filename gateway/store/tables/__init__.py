"""The database, table by table. No relationships: what belongs together is asked for by name."""

from gateway.store.base import Base
from gateway.store.tables.audit import Audit
from gateway.store.tables.core import AlertRow, Delivery, Entry, Incident, Source, Token
from gateway.store.tables.desk import (
    BulkJob,
    DeskAddress,
    DeskWord,
    EntryNotice,
    Inside,
    ListFile,
    ListFilePart,
    Looking,
    SavedView,
    TicketName,
    UndoRow,
    Watch,
)
from gateway.store.tables.drift import AlertmanagerAddress, Suspect
from gateway.store.tables.incident import Opening, RuleBookRow, RuleHit, Ruling, Verdict
from gateway.store.tables.notes import Counter, Fact, Heard, OutsidePage
from gateway.store.tables.oncall import CalendarFeed, ImportedCalendar, OverrideRow, SwapRow
from gateway.store.tables.people import ContactRow, PersonRow, ScheduleRow, SignIn, TeamRow
from gateway.store.tables.public import ComponentRow, NoticeRow, SubscriberRow, UpdateRow
from gateway.store.tables.quiet import HeartbeatRow, HiddenAlert, Inhibitor, Rhythm, SilenceRow
from gateway.store.tables.reach import ContactCode, PersonalNotice, ReachFinding
from gateway.store.tables.received import Payload, QuarantinedItem
from gateway.store.tables.stats import Guest, Letter, StatChannel, StatCore, StatLoad, StatName, StatSample, StatService
from gateway.store.tables.topics import TopicRow

__all__ = [
    "AlertRow", "AlertmanagerAddress", "Audit", "Base", "BulkJob", "CalendarFeed", "ComponentRow", "ContactCode",
    "ContactRow", "Counter", "Delivery", "DeskAddress", "DeskWord", "Entry", "EntryNotice", "Fact", "Guest", "Heard",
    "HeartbeatRow", "HiddenAlert", "ImportedCalendar", "Incident", "Inhibitor", "Inside", "Letter", "ListFile",
    "ListFilePart", "Looking", "NoticeRow", "Opening", "OutsidePage", "OverrideRow", "Payload", "PersonRow",
    "PersonalNotice", "QuarantinedItem", "ReachFinding", "Rhythm", "RuleBookRow", "RuleHit", "Ruling", "SavedView",
    "ScheduleRow", "SignIn", "SilenceRow", "Source", "StatChannel", "StatCore", "StatLoad", "StatName", "StatSample",
    "StatService", "SubscriberRow", "Suspect", "SwapRow", "TeamRow", "TicketName", "Token", "TopicRow", "UndoRow",
    "UpdateRow", "Verdict", "Watch",
]  # fmt: skip
