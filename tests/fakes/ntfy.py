"""An ntfy server on loopback: JSON posted to its root."""

from tests.fakes.http import FakeServer, reply


class FakeNtfy(FakeServer):
    def __init__(self, **options):
        super().__init__(self._judge, **options)

    @property
    def messages(self):
        return [asked.json() for asked in self.requests]

    def _judge(self, asked):
        message = asked.json()
        if asked.path != "/" or not message.get("topic"):
            return reply(400, {"code": 40009, "http": 400, "error": "invalid request: topic invalid"})
        if len(message.get("actions", [])) > 3 or message.get("priority") not in range(1, 6):
            return reply(400, {"code": 40018, "http": 400, "error": "invalid request: actions or priority invalid"})
        return reply(200, {"id": f"id{len(self.requests)}", "event": "message", "topic": message["topic"]})
