"""How each number is computed, in the reader's language: one text a figure, shown beside it, on paper and in mails."""

from dashboard.reader import Reader
from gateway.store.outgoing.pages import SAME_INTERRUPTION
from rules.reports import figures, noise


def definitions(reader: Reader) -> list[tuple[str, str, str]]:
    """Key, name, text."""
    _ = reader.say
    return [*_of_answers(reader), *_of_people(reader),
            ("delivered", _("Delivered"),
             _("Messages that a provider took and did not give back, divided by those that are out or failed. Where a"
               " channel sends receipts they are counted beside it. What another way made up for still counts as"
               " failed.")),
            ("first", _("From alert to first message"),
             _("From opening the incident to the provider's answer to its first message.")),
            ("further", _("Further figures"),
             _("Work and off hours: by when the incident opened, by the rule book's clock. Came back: it was over"
               " and went on within the time in which alerts join the old incident. Not reached: somebody who was"
               " to be told of an incident and for whom no provider took a message: it failed, was only written to"
               " the log, or was called off after an attempt; the goal is 0. What was called off before anybody"
               " tried counts as neither. False alarms: of the incidents on which somebody said what they were"
               " worth.")),
            ("noise", _("Noise"),
             _("Cleared alone: over by itself within 5 minutes. Someone acted: acknowledged, and a note was written, or"
               " a person resolved it, or more than 2 minutes lay between. Wait: when more than 60 % clear alone and 10"
               " pages came of it, as long as 8 of 10 of them take. Ordinary: when fewer than 5 % of 10 or more were"
               " acted on. Fix: when more than half of people's verdicts say it should have called nobody.")),
            ("constants", _("Constants"), _constants(reader)),
            ]  # fmt: skip


def _constants(reader: Reader) -> str:
    """As the code has them, so that the text cannot say another thing."""
    return reader.say(
        "Work: Monday to Friday, %(work)s; sleep: %(sleep)s; both by the person's own clock. One page: messages to one"
        " person within %(page)s s. Nights with pages that are tolerable: %(nights)s in 30 days. Fewest for a median or"
        " a share: %(few)s. Noise: alone within %(alone)s min; more than %(cleared)s %% alone, less than %(acted)s %%"
        " acted on, more than %(false)s %% false; of %(pages)s pages, %(incidents)s incidents or more.",
        work=_hours(figures.WORK), sleep=_hours(figures.SLEEP), page=int(SAME_INTERRUPTION.total_seconds()),
        nights=figures.NORM_OF_NIGHTS, few=figures.FEWEST, alone=noise.MINUTES, cleared=round(noise.CLEARED),
        acted=round(noise.ACTED), false=round(noise.FALSE), pages=noise.FEWEST_PAGES, incidents=noise.FEWEST,
    )  # fmt: skip


def _hours(span: tuple[int, int]) -> str:
    return f"{span[0]:02}–{span[1]:02}"


def _of_answers(reader: Reader) -> list[tuple[str, str, str]]:
    _ = reader.say
    return [
        ("incidents", _("Incidents"),
         _("Incidents opened in the period, merged and test ones left out. Each counts once however many alerts it"
           " has.")),
        ("ack", _("Time to acknowledge"),
         _("From opened to the first acknowledgement. Incidents that were never acknowledged are left out here and"
           " counted in the next figure.")),
        ("in_time", _("Acknowledged in time"),
         _("Acknowledged, or over by itself, before the target that was valid when it opened. Late and not answered:"
           " missed. Not late yet: not counted yet.")),
        ("resolve", _("Time to resolve"),
         _("From opened to the last resolve; an incident that came back runs on. Snoozed time is included. What is not"
           " over yet is left out and its number said.")),
        ("ratio", _("Alerts per incident"),
         _("Alerts (each beginning of each alert once, repeats not counted) divided by incidents.")),
    ]  # fmt: skip


def _of_people(reader: Reader) -> list[tuple[str, str, str]]:
    _ = reader.say
    return [
        ("notifications", _("Notifications per incident"),
         _("Messages to people by call, SMS, push and e-mail; tries of the same message are not counted again."
           " Divided by incidents.")),
        ("off_pages", _("Off-hours pages"),
         _("A page is a call, an SMS or a push; several to one person within 60 s are one. Off-hours: outside Monday to"
           " Friday 09–18 by the person's own clock; sleep hours: 22–07. A night belongs to the day whose evening it"
           " began.")),
    ]  # fmt: skip
