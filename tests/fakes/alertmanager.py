"""An Alertmanager's own API on loopback: what fires there is what a test says."""

from urllib.parse import urlsplit

from tests.fakes.http import FakeServer, reply


class FakeAlertmanager(FakeServer):
    def __init__(self, clock):
        super().__init__(self._answer)
        self.clock = clock
        self.alerts = {}  # fingerprint → alert, as the API shows it
        self.cluster = "disabled"
        self.wants = ""  # the Authorization header
        self.up_since = clock.now().replace(year=2025)

    def fires(self, alert, receiver="nabat", state="active"):
        """The same alert that a webhook tells of."""
        kept = {name: alert[name] for name in ("labels", "annotations", "startsAt", "generatorURL", "fingerprint")}
        now = self.clock.now().isoformat()
        self.alerts[alert["fingerprint"]] = {
            **kept, "endsAt": now, "updatedAt": now, "receivers": [{"name": receiver}],
            "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
        }  # fmt: skip

    def _answer(self, asked):
        if self.wants and asked.headers.get("Authorization") != self.wants:
            return reply(401, b"no")
        date = {"Date": self.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if urlsplit(asked.path).path.endswith("/api/v2/status"):
            status = {"cluster": {"status": self.cluster}, "uptime": self.up_since.isoformat(), "config": {}}
            return reply(200, status, date)
        return reply(200, list(self.alerts.values()), date)
