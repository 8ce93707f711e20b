"""What is open in the demo when it is filled: something of every class and in every state."""

from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.demo.cast import address
from gateway.demo.desk import body, due
from gateway.demo.story import DESK, KAZAN, MOSCOW, Alarm, Beat, Group, Plan, Story
from gateway.demo.subjects import SUBJECTS, requester

MINUTE = timedelta(minutes=1)
NOBODY = Plan()


def stories(anchor: datetime) -> list[Story]:
    found = [*_calling(anchor), *_quieter(anchor), *_tickets(anchor)]
    return sorted(found, key=lambda story: story.beats[0].at)


def _alerts(at: datetime, plan: Plan, alarms: list[Alarm], source: str = MOSCOW) -> Story:
    body_ = Group(source).fire(alarms, at)
    return Story(source, (Beat(at, body_, source == MOSCOW),), plan)


def _hosts(count: int, host: str, make: Callable[[str], Alarm]) -> list[Alarm]:
    return [make(host.format(n=number)) for number in range(1, count + 1)]


def _calling(anchor: datetime) -> list[Story]:
    def mail(host: str) -> Alarm:
        text = "The exporter of the mail server has not answered for 2 minutes."
        return Alarm("InstanceDown", "critical", "mail", "moscow", host, f"{host} is down", text)

    def branch(host: str) -> Alarm:
        text = "No answer to ping from the data centre for 1 minute."
        summary = f"Kazan: {host} does not answer"
        return Alarm("SiteUnreachable", "critical", "network", "kazan", host, summary, text)

    def workers(host: str) -> Alarm:
        summary = f"No consumer takes messages on {host}"
        text = "rabbitmq_queue_consumers == 0 for 3 minutes."
        return Alarm("QueueConsumersDown", "error", "crm", "moscow", host, summary, text)

    def replica(host: str) -> Alarm:
        summary, text = f"The replica {host} does not keep up", "pg_replication_lag_seconds > 300 for 5 minutes."
        return Alarm("ReplicaBehind", "error", "reports", "moscow", host, summary, text)

    on_it = Plan(
        1, 2 * MINUTE, assign="fyodor",
        notes=("Провайдер подтвердил аварию на магистрали, обещают час. Фёдор едет включать резервный канал.",),
    )  # fmt: skip
    long = Plan(2, 3 * MINUTE, notes=("It replays the write-ahead log, about an hour to go.",))
    return [
        _alerts(anchor - 3 * MINUTE, NOBODY, _hosts(2, "mx{n:02}:9100", mail)),
        _alerts(anchor - 27 * MINUTE, on_it, _hosts(61, "kzn-host{n:02}", branch)),
        _alerts(anchor - 11 * MINUTE, NOBODY, _hosts(3, "worker{n:02}", workers)),
        _alerts(anchor - 110 * MINUTE, long, _hosts(1, "pg{n:02}:9187", replica)),
    ]


def _quieter(anchor: datetime) -> list[Story]:
    def shop(host: str) -> Alarm:
        summary, text = f"Half of the pages of {host} take over 2 s", "histogram_quantile(0.5, …) > 2 for 5 minutes."
        return Alarm("LatencyHigh", "warning", "web-shop", "moscow", host, summary, text)

    def licence(host: str) -> Alarm:
        summary, text = f"The licence of {host} ends in 20 days", "The new one is ordered by the purchasing department."
        return Alarm("LicenceEnds", "warning", "vpn", "moscow", host, summary, text)

    def raid(host: str) -> Alarm:
        summary, text = f"One disk of {host} has failed", "The array works on, without redundancy."
        return Alarm("RaidDegraded", "warning", "storage", "moscow", host, summary, text)

    def errors(host: str) -> Alarm:
        summary, text = f"{host} answers with errors", "More than 1 % of the answers are 5xx for 5 minutes."
        return Alarm("ErrorRateHigh", "warning", "web-shop", "moscow", host, summary, text)

    def node(host: str) -> Alarm:
        summary, text = f"CPU of {host} is throttled", "More than a quarter of the time for 15 minutes."
        return Alarm("CpuThrottling", "warning", "cluster", "moscow", host, summary, text)

    def switch(host: str) -> Alarm:
        return Alarm("PortFlapping", "warning", "network", "moscow", host, f"A port of {host} goes up and down",
                     "More than 10 changes within 10 minutes.")  # fmt: skip

    def printer(host: str) -> Alarm:
        summary, text = f"The printer {host} does not answer", "No answer by SNMP for 10 minutes."
        return Alarm("PrinterOffline", "info", "printers", "kazan", host, summary, text)

    ordered = Plan(1, 35 * MINUTE, snooze=timedelta(hours=47), notes=("Ordered, it comes by Thursday.",))
    slow = _alerts(anchor - 52 * MINUTE, NOBODY, _hosts(5, "shop{n:02}:9090", shop))
    return [
        slow,
        _alerts(anchor - 49 * MINUTE, Plan(into=slow), _hosts(2, "shop{n:02}:9090", errors)),
        _alerts(anchor - 4 * MINUTE, NOBODY, _hosts(3, "node{n:02}", node)),
        _alerts(anchor - timedelta(hours=20), ordered, _hosts(2, "vpn{n:02}", licence)),
        _alerts(anchor - timedelta(hours=9), NOBODY, _hosts(1, "fs{n:02}:9100", raid)),
        _coming_and_going(anchor - 14 * MINUTE, _hosts(2, "sw{n:02}", switch)),
        _alerts(anchor - 38 * MINUTE, NOBODY, _hosts(2, "kzn-prn{n:02}", printer), KAZAN),
    ]


def _coming_and_going(at: datetime, alarms: list[Alarm]) -> Story:
    """It flaps: three minutes there, two minutes gone."""
    group, beats = Group(MOSCOW), []
    for place in range(3):
        again = at + 5 * place * MINUTE
        beats.append(Beat(again, group.fire(alarms, again), twice=True))
        if place < 2:
            gone = again + 3 * MINUTE
            beats.append(Beat(gone, group.over(gone), twice=True))
    return Story(MOSCOW, tuple(beats), Plan(1, MINUTE))


def _tickets(anchor: datetime) -> list[Story]:
    def ticket(number: int, place: int, who: int, ago: timedelta, plan: Plan) -> tuple[str, datetime, Story]:
        key, at = f"SD-{number}", anchor - ago
        until = due(SUBJECTS[place], at)
        beat = Beat(at, body(key, SUBJECTS[place], requester(who), "created", at, due_at=until))
        return key, at, Story(DESK, (beat,), plan)

    _, _, mail = ticket(4711, 0, 0, 9 * MINUTE, NOBODY)
    key, at, printer = ticket(4702, 2, 3, timedelta(hours=3), Plan(1, 12 * MINUTE, assign="fyodor"))
    until = due(SUBJECTS[2], at)
    given, coming = at + 15 * MINUTE, at + 40 * MINUTE
    arrival = (anchor + timedelta(hours=2)).replace(minute=30, second=0, microsecond=0).isoformat()
    assignee = {"email": address("fyodor")}
    who = requester(3)
    more = (
        Beat(given, body(key, SUBJECTS[2], who, "assigned", given, assignee=assignee, due_at=until)),
        Beat(
            coming, body(key, SUBJECTS[2], who, "arrival", coming, assignee=assignee, arrival_at=arrival, due_at=until)
        ),
    )
    _, _, folder = ticket(4688, 7, 4, timedelta(hours=26), NOBODY)
    return [mail, Story(DESK, (*printer.beats, *more), printer.plan), folder]
