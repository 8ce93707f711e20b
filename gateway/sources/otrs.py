"""OTRS, Znuny and their relatives: what the Generic Interface's invoker Ticket::Generic sends of a ticket and an event.

It sends `{"Ticket": {…}, "Event": {…}}`: the whole ticket, with its articles, its people and on changes what it was
before; of that a little is kept. The type of a state says whether it is over, whatever the state is called. Times name
no zone and are in the one of the installation, which is UTC unless somebody has changed it.
"""

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, part_of
from rules.texts.markup import plain_text

KIND_LABEL = "OTRS, Znuny"
HABITS = Habits(is_desk=True)
OVER = {"new": False, "open": False, "closed": True, "removed": True, "merged": True}  # by types of states
STATES = {"closed successful": True, "closed unsuccessful": True, "closed with workaround": True, **OVER}
PRIORITIES = {
    "1": "low", "2": "low", "3": "normal", "4": "high", "5": "critical", "very low": "low", "low": "low",
    "normal": "normal", "high": "high", "very high": "critical",
}  # fmt: skip
EVENTS = {
    "ticketcreate": "created", "articlecreate": "commented", "ticketownerupdate": "assigned",
    "ticketresponsibleupdate": "assigned",
}  # fmt: skip
STAFF = ("agent", "system")  # senders
SYSTEM = ("1", "root@localhost")  # who has what nobody has


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a Ticket and an Event")
    said = ticket.filled(body)
    given, event = part_of(said, "Ticket") or said, part_of(said, "Event")
    reader = _Reader(given, event or {"Event": said.get("Event")}, _article(given, event) or part_of(said, "Article"))
    if not reader.key() and as_text(event.get("Event")) == "TicketDelete":
        return Parsed([], notes=["of a ticket that was deleted nothing is left, not even its number"])
    if not reader.key():
        raise ticket.unfilled(part_of(body, "Ticket").get("TicketNumber"))
    return ticket.parse(reader.generic(), heard, reader.over())


def _articles(given: dict[str, Any]) -> list[dict[str, Any]]:
    found = given.get("Articles")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _article(given: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The article that the event is about: by itself, else among all."""
    number = as_text(event.get("ArticleID"))
    found = [one for one in _articles(given) if number and as_text(one.get("ArticleID")) == number]
    return part_of(given, "Article") or (found[0] if found else {})


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one ticket with what happened to it."""

    ticket: dict[str, Any]
    happened: dict[str, Any]
    article: dict[str, Any]

    def get(self, *names: str) -> str:
        return next(filter(None, (as_text(self.ticket.get(name)).strip() for name in names)), "")

    def key(self) -> str:
        return self.get("TicketNumber", "TicketID")

    def generic(self) -> dict[str, Any]:
        """The ticket as /ingest/ticket takes it."""
        event, changed = self.event(), self.article if self.event() == "commented" else self.ticket
        made = {
            "id": self.key(),
            "event": event,
            "by": {"id": changed.get("ChangeBy") or changed.get("CreateBy")},
            "subject": self.get("Title"),
            "description": self.text() if event == "created" else "",
            "priority": self.priority(),
            "status": self.get("State"),
            "requester": self.requester(),
            "assignee": self.owner(),
            "due_at": self.get("SolutionTimeDestinationDate", "EscalationDestinationDate"),
            "updated_at": self.get("Changed", "ChangeTime"),
            "url": self.get("URL", "Link"),
            "service": self.get("Service"),
            "labels": self.labels(),
        }
        return {**made, "comment": self.comment()} if event == "commented" else made

    def event(self) -> str:
        """A ticket's first article is its own text, which comes right after it."""
        event = EVENTS.get(as_text(self.happened.get("Event")).strip().lower(), "updated")
        if event == "commented":
            number, known = self.article.get("ArticleID"), _articles(self.ticket)
            first = as_text(known[0].get("ArticleID")) if known else as_text(self.article.get("ArticleNumber"))
            return "created" if first == (as_text(number) if known else "1") else event
        return "closed" if event == "updated" and self.over() else event

    def over(self) -> bool | None:
        kind = OVER.get(self.get("StateType").lower())
        return STATES.get(self.get("State").lower()) if kind is None else kind

    def priority(self) -> str:
        """Their names begin with a number, by which they are known where the word is somebody's own."""
        name = self.get("Priority")
        number, _, word = name.partition(" ")
        found = (PRIORITIES.get(one.lower()) for one in (name, word, number, self.get("PriorityID")))
        return next(filter(None, found), name)

    def requester(self) -> dict[str, Any]:
        person = _person(part_of(self.ticket, "CustomerUser"))
        return person or _person({"UserEmail": self.get("CustomerUserID")})

    def owner(self) -> dict[str, Any]:
        """None while the system itself has it."""
        if self.get("OwnerID") in SYSTEM or self.get("Owner") in SYSTEM:
            return {}
        return _person(part_of(self.ticket, "OwnerData")) or {"name": self.get("Owner")}

    def labels(self) -> dict[str, Any]:
        made = {"queue": self.get("Queue"), "type": self.get("Type"), "customer": self.get("CustomerID")}
        return {name: value for name, value in made.items() if value}

    def text(self) -> str:
        return plain_text(as_text(self.article.get("Body")))

    def comment(self) -> dict[str, Any]:
        told = as_text(self.article.get("From"))
        name, email = parseaddr(told)
        author = {"name": name, "email": email} if "@" in email else {"name": told}
        return {
            "id": self.article.get("ArticleID"),
            "author": author | {"staff": as_text(self.article.get("SenderType")).lower() in STAFF},
            "text": self.text(),
            "attachments": self.article.get("Attachment"),
            "public": as_text(self.article.get("IsVisibleForCustomer")) in ("1", "true"),
        }


def _person(given: dict[str, Any]) -> dict[str, Any]:
    name = " ".join(filter(None, (as_text(given.get(part)).strip() for part in ("UserFirstname", "UserLastname"))))
    made = {"name": name, "email": as_text(given.get("UserEmail"))}
    return {part: value for part, value in made.items() if value}
