"""PagerDuty's Events API v2 on loopback: refuses what the real one refuses, and keeps incidents by key."""

from tests.fakes.http import FakeServer, reply

LARGEST = 512 * 1024
SEVERITIES = ("critical", "error", "warning", "info")


class FakePagerDuty(FakeServer):
    def __init__(self, **options):
        super().__init__(self._judge, **options)
        self.incidents = {}  # (routing key, dedup_key) → triggered, acknowledged, resolved

    @property
    def events(self):
        return [asked.json() for asked in self.requests]

    def _judge(self, asked):
        event = asked.json()
        errors = [] if asked.path == "/v2/enqueue" else ["no such path"]
        if len(asked.body) > LARGEST:
            return reply(413, {"status": "request entity too large"})
        errors += _wrong(event)
        if errors:
            return reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
        self._act((event["routing_key"], event["dedup_key"]), event["event_action"])
        return reply(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def _act(self, key, action):
        state = self.incidents.get(key)
        if action == "trigger":
            self.incidents[key] = "triggered" if state in (None, "resolved") else state
        elif state not in (None, "resolved"):
            self.incidents[key] = f"{action}d" if action.endswith("e") else action


def _wrong(event):
    payload = event.get("payload", {})
    triggers = event.get("event_action") == "trigger"
    rules = {
        "event_action": event.get("event_action") in ("trigger", "acknowledge", "resolve"),
        "routing_key": len(event.get("routing_key", "")) == 32,
        "dedup_key": 0 < len(event.get("dedup_key", "")) <= 255,
        "summary": not triggers or 0 < len(payload.get("summary", "")) <= 1024,
        "source": not triggers or bool(payload.get("source")),
        "severity": not triggers or payload.get("severity") in SEVERITIES,
        "links": all(link["href"].startswith("http") for link in event.get("links", [])),
    }
    return [name for name, fine in rules.items() if not fine]
