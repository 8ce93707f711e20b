"""What goes wrong in the demo's firm, how often, and what people say about it."""

from dataclasses import dataclass

from gateway.demo.story import KAZAN, MOSCOW


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of alert. Times are medians in minutes."""

    name: str
    severity: str
    service: str
    times: int  # a month
    size: tuple[int, int]  # alerts of one incident, least and most
    hosts: str  # a format of the instances: {n}
    summary: str  # {host} stands for the instance
    description: str
    heals: float = 0.5  # how often it is over by itself
    healing: float = 4.0
    fixing: float = 25.0
    when: str = "any"  # any, office, backup (the small hours), morning
    chain: tuple[int, int] = (1, 1)  # it comes back so often within the hour
    site: str = "moscow"
    source: str = MOSCOW
    notes: tuple[str, ...] = ()


TROUBLES = (
    Trouble("SiteUnreachable", "critical", "network", 5, (40, 75), "kzn-host{n:02}", "Kazan: {host} does not answer",
            "No answer to ping from the data centre for 1 minute.", heals=0.2, healing=6, fixing=38, site="kazan",
            notes=("Провайдер подтвердил аварию на магистрали, обещают час.", "Switched the branch to the LTE uplink.",
                   "Резервный канал поднялся, телефония работает.")),
    Trouble("InstanceDown", "critical", "mail", 13, (1, 3), "mx{n:02}:9100", "{host} is down",
            "The exporter of the mail server has not answered for 2 minutes.", heals=0.25, healing=3, fixing=21,
            notes=("Kernel panic after the update, rebooted into the old kernel.", "Out of memory: raised the limit.",
                   "Завис контроллер диска, сервер перезагружен.")),
    Trouble("PaymentErrorsHigh", "critical", "billing", 9, (1, 2), "pay{n:02}:8080", "Payments fail on {host}",
            "More than 10 % of payments end with an error for 3 minutes.", heals=0.3, healing=4, fixing=34,
            notes=("The bank's gateway times out, their support is on it: BNK-20931.", "Rolled back release 4.18.2.")),
    Trouble("UpsOnBattery", "critical", "power", 3, (1, 2), "ups{n}:161", "{host} runs on battery",
            "The UPS of the server room has no input voltage.", heals=0.6, healing=2, fixing=45,
            notes=("Electricians work in the basement until noon, the generator is ready.",)),
    Trouble("MailQueueGrowing", "error", "mail", 24, (1, 2), "mx{n:02}:9154", "More than 500 mails wait on {host}",
            "The deferred queue grows for 10 minutes.", heals=0.35, healing=9, fixing=28,
            notes=("Почта на mail.ru временно отклоняется, ждём.", "A newsletter of the sales team, limited it.")),
    Trouble("ReplicationLag", "error", "crm", 18, (1, 2), "pg{n:02}:9187", "The replica {host} is 5 minutes behind",
            "pg_replication_lag_seconds > 300 for 5 minutes.", heals=0.45, healing=7, fixing=26, when="backup",
            notes=("A report of the sales department holds a snapshot. Ended it.", "VACUUM закончился, догоняет.")),
    Trouble("QueueConsumersDown", "error", "crm", 15, (1, 4), "worker{n:02}", "No consumer takes messages on {host}",
            "rabbitmq_queue_consumers == 0 for 3 minutes.", heals=0.3, healing=5, fixing=18,
            notes=("Restarted the workers; the deployment had stopped them.",)),
    Trouble("BackupFailed", "error", "backup", 10, (1, 1), "backup01", "The nightly backup of {host} has failed",
            "The last job ended with an error.", heals=0.0, fixing=75, when="backup",
            notes=("Not enough room on the tape library, removed the oldest set.", "Перезапустил вручную, прошло.")),
    Trouble("ProbeFailed", "error", "web-shop", 15, (1, 1), "shop.nabat-demo.example", "{host} does not answer",
            "Two of three probes fail for 1 minute.", heals=0.93, healing=1.6, fixing=12, chain=(2, 6),
            notes=("One node of the load balancer loses packets. Took it out.",)),
    Trouble("LatencyHigh", "warning", "web-shop", 54, (2, 8), "shop{n:02}:9090", "Half of {host}'s pages take over 2 s",
            "histogram_quantile(0.5, …) > 2 for 5 minutes.", heals=0.82, healing=4.5, fixing=22, when="office",
            notes=("The advertising has begun, added two nodes.",)),
    Trouble("PodCrashLooping", "warning", "cluster", 42, (8, 40), "node{n:02}", "A pod on {host} keeps restarting",
            "More than 3 restarts within 10 minutes.", heals=0.6, healing=7, fixing=31, when="office",
            notes=("A wrong secret in the new release, rolled back.", "Лимит памяти мал, подняли до 1 ГиБ.")),
    Trouble("CpuThrottling", "warning", "cluster", 66, (4, 17), "node{n:02}", "CPU of {host} is throttled",
            "More than a quarter of the time for 15 minutes.", heals=0.95, healing=3.2, fixing=40, when="backup"),
    Trouble("PacketLoss", "warning", "network", 24, (1, 5), "sw{n:02}", "{host} loses packets",
            "More than 2 % of packets for 5 minutes.", heals=0.7, healing=4, fixing=36,
            notes=("A bad patch cord in rack 7, replaced.",)),
    Trouble("DiskWillFill", "warning", "storage", 48, (2, 11), "fs{n:02}:9100", "{host} is full within a day",
            "predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0", heals=0.5, healing=45, fixing=70,
            notes=("Removed old core dumps, 60 GB free.", "Заказали полку, до пятницы хватит.")),
    Trouble("CertificateEnds", "warning", "vpn", 5, (1, 2), "vpn{n:02}:443", "{host}: certificate ends in 14 days",
            "probe_ssl_earliest_cert_expiry - time() < 1209600", heals=0.0, fixing=140, when="morning",
            notes=("Renewed by hand, the robot had no right to the DNS zone.",)),
    Trouble("PrinterOffline", "info", "printers", 38, (1, 4), "kzn-prn{n:02}", "The printer {host} does not answer",
            "No answer by SNMP for 10 minutes.", heals=0.75, healing=22, fixing=95, when="office", site="kazan",
            source=KAZAN, notes=("Застряла бумага, исправил.",)),
    Trouble("TemperatureHigh", "warning", "cooling", 9, (1, 3), "kzn-rack{n}", "It is warm in the rack {host}: 29 °C",
            "The sensor shows more than 28 °C for 10 minutes.", heals=0.55, healing=35, fixing=80, site="kazan",
            source=KAZAN, notes=("Почистил фильтры кондиционера.",)),
)  # fmt: skip
