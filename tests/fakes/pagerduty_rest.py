"""PagerDuty's REST API on loopback, over the incidents that a FakePagerDuty was told of.

with FakePagerDuty() as events, FakeRest(events, clock) as rest:
    rest.services = {"PSANNA": "anna-key…"}
    rest.answers("PSANNA", "acknowledged", by="Anna Ivanova")    # a person, on the phone
"""

from urllib.parse import parse_qs, urlsplit

from tests.fakes.http import FakeServer, reply

KEY = "a-rest-key"
SENDER = "nabat@example.org"


class FakeRest(FakeServer):
    """`levels` is how many steps every escalation policy has; `strict` wants From, as an account's key does."""

    def __init__(self, events, clock, levels=3):
        super().__init__(self._answer)
        self.told, self.clock, self.levels, self.strict = events, clock, levels, True
        self.services = {}  # id of the service → its integration key
        self.foreign = 0  # how many incidents of others are open
        self._known = {}  # (service, dedup key) → what is kept of it

    def incidents(self):
        """As the API shows them; what the events told meanwhile is taken in first, at the clock's time."""
        for (key, dedup), status in self.told.incidents.items():
            service = next(name for name, other in self.services.items() if other == key)
            now = self.clock.now().isoformat()
            fresh = {"id": f"P{len(self._known)}INC", "created": now, "level": 1, "status": "triggered", "changed": now}
            one = self._known.setdefault((service, dedup), {**fresh, "by": None, "key": dedup})
            if one["status"] != status:
                one.update(status=status, changed=now, by={"type": "service_reference", "summary": "Nabat"})
        return {place: self._shown(place[0], one) for place, one in self._known.items()}

    def forget(self):
        """As if nothing had ever arrived there."""
        self.told.incidents.clear()
        self._known.clear()

    def level(self, service):
        return next(one["level"] for (name, _), one in self._known.items() if name == service)

    def answers(self, service, status, by="Anna Ivanova"):
        """Somebody does it there, and no callback comes."""
        self.incidents()
        for (name, dedup), one in self._known.items():
            if name == service:
                who = {"type": "user_reference", "summary": by} if by else None
                self._change(name, dedup, {"status": status}, who)
                one["changed"] = self.clock.now().isoformat()

    def _change(self, service, dedup, values, by):
        one = self._known[service, dedup]
        one["level"] = values.get("escalation_level", one["level"])
        if "status" in values:
            one.update(status=values["status"], by=by, changed=self.clock.now().isoformat())
            self.told.incidents[self.services[service], dedup] = values["status"]

    def _shown(self, service, one):
        acknowledged = one["status"] == "acknowledged"
        return {
            "id": one["id"], "type": "incident", "status": one["status"], "incident_key": one["key"],
            "html_url": f"https://acme.localhost/incidents/{one['id']}",
            "created_at": one["created"], "last_status_change_at": one["changed"], "last_status_change_by": one["by"],
            "service": {"id": service, "type": "service_reference"},
            "acknowledgements": [{"at": one["changed"], "acknowledger": one["by"]}] if acknowledged else [],
            "escalation_policy": {"id": "PPOL", "escalation_rules": [{}] * self.levels},
        }  # fmt: skip

    def _answer(self, asked):
        place = urlsplit(asked.path)
        if asked.headers.get("Authorization") != f"Token token={KEY}":
            return reply(401, {"error": {"message": "no"}})
        if asked.method == "PUT":
            return self._put(place.path.rpartition("/")[2], asked)
        if place.path.startswith("/services/"):
            key = self.services[place.path.rpartition("/")[2]]
            return reply(200, {"service": {"integrations": [{"integration_key": key}]}})
        return self._list(parse_qs(place.query))

    def _list(self, query):
        wanted, key = query.get("statuses[]"), query.get("incident_key", [""])[0]
        found = [one for one in self.incidents().values() if (not wanted or one["status"] in wanted)]
        if key:
            return reply(200, {"incidents": [one for one in found if one["incident_key"] == key], "more": False})
        others = [{**_foreign(number), "created_at": self.clock.now().isoformat()} for number in range(self.foreign)]
        offset, limit = (int(query.get(name, ["0"])[0]) for name in ("offset", "limit"))
        page = [*others, *found][offset : offset + limit]
        return reply(200, {"incidents": page, "more": offset + limit < len(others) + len(found)})

    def _put(self, number, asked):
        if self.strict and asked.headers.get("From") != SENDER:
            return reply(400, {"error": {"message": "Requester User Not Found", "code": 1008}})
        values = asked.json()["incident"]
        self.incidents()
        for (service, dedup), one in self._known.items():
            if one["id"] == number:
                if values.get("escalation_level", 1) > self.levels:
                    return reply(400, {"error": {"message": "Escalation level is invalid"}})
                self._change(service, dedup, values, {"type": "user_reference", "summary": "Nabat's user"})
                return reply(200, {"incident": self._shown(service, one)})
        return reply(404, {"error": {"message": "Not Found"}})

    def puts(self):
        return [asked.json()["incident"] for asked in self.requests if asked.method == "PUT"]


def _foreign(number):
    return {
        "id": f"Q{number}",
        "status": "triggered",
        "incident_key": f"nabat-\0 \udcff{number}",
        "service": {"id": "POTHER"},
        "acknowledgements": [],
    }
