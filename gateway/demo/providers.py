"""The providers of the demo, played: what they answer to a message, how soon, and what they report later."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.demo.cast import address
from gateway.demo.dice import dice
from gateway.demo.mark import DOMAIN
from gateway.flows.receipts import Receipt, Verdict
from gateway.flows.settle import Result
from gateway.store.outgoing.outbox import Leased

SECONDS = {"pagerduty": (0.3, 1.4), "sms": (0.4, 2.1), "ntfy": (0.1, 0.9), "email": (0.3, 1.6)}
REPORT = (3, 15)  # seconds after which Twilio tells whether an SMS arrived; the mail server tells nothing more
OUTAGE = (timedelta(days=11), timedelta(minutes=30))  # before the present PagerDuty answered nobody, for so long
LOST_TOPIC = (timedelta(days=7), timedelta(days=5), address("tom"))  # from, to: their push topic was gone


@dataclass(frozen=True, slots=True)
class Providers:
    seed: int
    anchor: datetime

    def answer(self, leased: Leased, uuid: str, now: datetime) -> Result:
        rng = dice(self.seed, leased.created_at, leased.who, leased.channel, leased.kind, leased.attempts)
        seconds = round(rng.uniform(*SECONDS[leased.channel]), 3)
        ago = self.anchor - now
        if leased.channel == "pagerduty" and OUTAGE[0] - OUTAGE[1] < ago < OUTAGE[0]:
            return Result(leased, "later", "HTTP 503", seconds=seconds)
        if leased.channel == "ntfy" and leased.who == LOST_TOPIC[2] and LOST_TOPIC[1] < ago < LOST_TOPIC[0]:
            return Result(leased, "never", "HTTP 403: forbidden", seconds=seconds)
        if rng.random() < 0.012 and leased.attempts == 1:
            return Result(leased, "later", "no answer within 10 s", ambiguous=True, seconds=10.0)
        references = {
            "pagerduty": f"nabat-{uuid}", "sms": f"SM{rng.getrandbits(128):032x}",
            "ntfy": f"{rng.getrandbits(48):012x}", "email": f"<nabat-{leased.id}@{DOMAIN}>",
        }  # fmt: skip
        return Result(leased, "sent", references[leased.channel], seconds=seconds)

    def report(self, result: Result) -> tuple[timedelta, Receipt] | None:
        """What the provider of a message that it took tells later, and how much later."""
        leased = result.leased
        if leased.channel != "sms":
            return None
        rng = dice(self.seed, result.words)
        after, luck = timedelta(seconds=round(rng.uniform(*REPORT), 3)), rng.random()
        if luck > 0.985:
            return None  # some never say
        status, why = ("delivered", "") if luck < 0.945 else ("undelivered", ": 30003 the phone is off or out of reach")
        verdict = Verdict.FAILED if why else Verdict.DELIVERED
        return after, Receipt("twilio", f"{result.words}:{status}", "sms", verdict, leased.id, "", result.words,
                              f"Twilio: {status}{why}")  # fmt: skip
