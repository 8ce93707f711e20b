"""A process that is killed again and again at moments nobody chose: for tests of what its deaths leave behind."""

import time


class Victim:
    """A process that is killed again and again at moments nobody chose, and started anew each time.

    At work, at any moment, or (`busy` counts what it does) right after it did something; or while it is still starting.
    """

    def __init__(self, gateway, name, dice, busy):
        self.gateway, self.name, self.dice, self.busy, self.kills = gateway, name, dice, busy, 0
        self.process = self._start()
        self.process.wait_for(self._works)
        self._plan()

    def _plan(self):
        started = time.monotonic()
        self.kind = self.dice.choice(["starting", "any moment", "busy"])
        self.death = started + self.dice.uniform(0.1, 1.0) if self.kind == "starting" else None
        self.look_at, self.seen = started, None

    def turn(self):
        now = time.monotonic()
        if self.death is not None and now >= self.death:
            self.process.kill()
            self.kills += 1
            self.process = self._start()
            self._plan()
        elif self.death is None and now >= self.look_at:
            self._look(now)

    def _look(self, now):
        assert self.process.alive, self.process.said()[-2000:]
        if self.seen is not None:
            if self.busy() > self.seen:
                self.death = now + self.dice.uniform(0.0, 0.02)
        elif not self._works():
            self.look_at = now + 0.05
        elif self.kind == "busy":
            self.seen = self.busy()
        else:
            self.death = now + self.dice.uniform(0.05, 0.6)

    def _start(self):
        if self.name == "web":  # in one process: so more of the time is work, and less is starting
            return self.gateway.web("--processes", "1", wait=False)
        return self.gateway.worker(wait=False)

    def _works(self):
        return self.gateway.answers() if self.name == "web" else "event=worker_started" in self.process.said()
