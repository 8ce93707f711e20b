"""The vocabulary of the integration tests: senders, people, time that passes, what was promised and what happened."""

from sqlalchemy import func, select

from gateway import actions, sources
from gateway.flows import deliver, escalate
from gateway.store.db import db, transaction
from gateway.store.directory import people as people_store
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertRow, Delivery, Entry, Incident
from gateway.store.types import micros
from rules.lifecycle import Signal
from rules.reading import people
from tests.samples import webhook


class World:
    """One app with its clock, spoken to through the same doors as the world does."""

    def __init__(self, app, clock):
        self.app, self.clock, self.client = app, clock, app.test_client()
        self.tokens = {}
        self._sender = None

    def token(self, kind="alertmanager", name=""):
        if (kind, name) not in self.tokens:
            with transaction() as session:
                made = source_store.create_token(session, kind, name, self.clock.now(), sources.names())
            self.tokens[kind, name] = made
        return self.tokens[kind, name]

    def post(self, body, kind="alertmanager", name=""):
        headers = {"Authorization": f"Bearer {self.token(kind, name)}"}
        return self.client.post(f"/ingest/{kind}", json=body, headers=headers)

    def alert(self, status="firing", **more):
        answer = self.post(webhook(status, **more))
        assert answer.status_code == 202, answer.text
        return answer.json["incidents"]

    def people(self, text):
        listed = people.parse(text, "people.yaml", {})
        with transaction() as session:
            people_store.import_people(session, listed, self.app.extensions["gateway"].vault, self.clock.now())

    @property
    def sender(self):
        """One worker's messages, leased by the clock in the test's hand."""
        if self._sender is None:
            self._sender = deliver.Sender(self.app.extensions["gateway"], clock=lambda _: micros(self.clock.now()))
        return self._sender

    def worker_is_replaced(self):
        """By one that has sent nothing yet."""
        self._sender = None

    def delivers(self):
        """Every message that is due goes out. Returns how many attempts were made."""
        return deliver.work_off(self.sender, self.clock.now())

    def acknowledges(self, incident_id, name="Anna", how="dashboard"):
        return actions.act(incident_id, Signal.ACKNOWLEDGE, actions.Actor(name, how), self.clock.now())

    def resolves(self, incident_id, name="Anna", how="dashboard"):
        return actions.act(incident_id, Signal.RESOLVE, actions.Actor(name, how), self.clock.now())

    def passes(self, **time):
        """Time goes by; the clock's work is done, the messages are not sent."""
        self.clock.advance(**time)
        escalate.escalate_due(self.clock.now())
        escalate.fall_back_due(self.clock.now())

    def directory(self):
        return self.app.extensions["gateway"].roll.current(db.session())

    def incidents(self):
        db.session.rollback()
        return list(db.session.scalars(select(Incident).order_by(Incident.id)))

    def incident(self):
        (only,) = self.incidents()
        return only

    def incidents_plain(self):
        """The same without what may not be readable."""
        db.session.rollback()
        columns = (Incident.id, Incident.title, Incident.level, Incident.status, Incident.next_at)
        return db.session.execute(select(*columns).order_by(Incident.id)).all()

    def timeline(self, incident_id=None):
        db.session.rollback()
        query = select(Entry.kind).order_by(Entry.id)
        return list(db.session.scalars(query.where(Entry.incident_id == incident_id) if incident_id else query))

    def entries(self, kind=None):
        db.session.rollback()
        query = select(Entry).order_by(Entry.id)
        return list(db.session.scalars(query.where(Entry.kind == kind) if kind else query))

    def deliveries(self, **having):
        db.session.rollback()
        return list(db.session.scalars(select(Delivery).filter_by(**having).order_by(Delivery.id)))

    def seen(self, incident_id):
        db.session.rollback()
        return db.session.scalar(select(func.sum(AlertRow.seen)).where(AlertRow.incident_id == incident_id))
