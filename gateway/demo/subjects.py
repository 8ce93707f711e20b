"""What people write to the demo's service desk, and what becomes of it."""

from dataclasses import dataclass

from gateway.demo.mark import DOMAIN


@dataclass(frozen=True, slots=True)
class Subject:
    text: str
    priority: str
    service: str
    site: str = "moscow"
    words: str = ""  # the description
    answer: str = ""  # what is written when it is solved
    visit: bool = False  # somebody has to go there
    weight: int = 1  # how often, beside the others


SUBJECTS = (
    Subject("Почта не открывается 🔥", "high", "mail", words="После обеда Outlook просит пароль и не принимает его.",
            answer="Пароль истёк, сбросили и завели новый.", weight=3),
    Subject("No sound in the meeting room Volga", "normal", "workplace", words="The customer calls at three.",
            answer="The cable of the speaker was loose.", visit=True, weight=2),
    Subject("Не печатает принтер на втором этаже", "normal", "printers", "kazan", "Мигает красным, бумага есть.",
            "Заменили картридж.", visit=True, weight=4),
    Subject("1С закрывается при проведении документа", "high", "crm", words="У всей бухгалтерии, с утра.",
            answer="Откатили обновление конфигурации.", weight=2),
    Subject("Новый сотрудник: рабочее место к понедельнику", "low", "workplace", "kazan",
            "Отдел продаж, ноутбук и телефон.", "Всё на столе, доступы выданы.", visit=True, weight=2),
    Subject("VPN drops every ten minutes", "normal", "vpn", words="From home, since the update of the client.",
            answer="The new client needs the other port: opened.", weight=2),
    Subject("Магазин не принимает оплату картой", "critical", "billing", words="Покупатели видят ошибку 502.",
            answer="Банк восстановил шлюз, платежи идут.", weight=1),
    Subject("Please give me access to the folder Contracts 2026", "low", "storage",
            words="My manager agrees, she is in copy.", answer="Done, sign in again to see it.", weight=3),
    Subject("В офисе Казани нет интернета", "critical", "network", "kazan", "Телефоны тоже не работают.",
            "Провайдер починил линию.", visit=True, weight=1),
    Subject("The laptop does not start any more", "high", "workplace", words="Black screen, the fan runs.",
            answer="Replaced the memory module.", visit=True, weight=2),
    Subject("Не приходят письма от банка", "normal", "mail", words="Вчера утром ещё приходили.",
            answer="Фильтр спама, добавили в белый список.", weight=2),
    Subject("Terminal for cards in the shop is frozen", "high", "billing", "kazan", "Cashiers write receipts by hand.",
            "Exchanged the terminal.", visit=True, weight=2),
    Subject("Забыл пароль", "low", "workplace", answer="Выдан временный пароль.", weight=4),
    Subject("Second monitor for the design team", "low", "workplace", answer="Delivered.", visit=True, weight=1),
    Subject("CRM is very slow today", "normal", "crm", words="Opening a customer takes half a minute.",
            answer="A report had blocked the database, ended it.", weight=2),
)  # fmt: skip
REQUESTERS = (
    ("Пётр Никитин", "nikitin", "ru", False), ("Ольга Смирнова", "smirnova", "ru", False),
    ("Emily Clark", "clark", "en", False), ("Рустам Хасанов", "khasanov", "ru", False),
    ("James Harris", "harris", "en", True), ("Елена Волкова", "volkova", "ru", True),
    ("Светлана Мельник", "melnik", "ru", False), ("Lucas Meyer", "meyer", "en", False),
)  # fmt: skip
QUESTIONS = {
    "ru": ("Есть новости? Через час совещание.", "Попробовал перезагрузить, не помогло.", "Прикладываю снимок экрана."),
    "en": ("Any news? I need it before noon.", "Restarting did not help.", "See the picture."),
}


def requester(place: int) -> dict[str, object]:
    name, short, language, vip = REQUESTERS[place % len(REQUESTERS)]
    phone = f"+7000555{place % len(REQUESTERS):04d}"
    return {"name": name, "email": f"{short}@client.{DOMAIN}", "phone": phone, "language": language, "vip": vip}
