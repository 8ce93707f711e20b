"""Lookup tables: what they add to an alert, and what is said about a table that is wrong."""

import pytest

from rules.book import BadRuleBook, parse
from rules.reading.lookups import MAX_BYTES, MAX_ROWS, add

BOOK = """
version: 1
lookups:
  - {file: services.csv, by: service}
  - {file: clients.csv, by: client}
routes: [{name: all, urgency: ordinary, policy: office}]
policies: {office: {steps: [{notify: ["team:office"], wait: 1h}]}}
"""
CLIENTS = "client;contract;site\nacme;gold;\n"


def lookups(services, clients=CLIENTS):
    return parse({"book.yaml": BOOK, "services.csv": services, "clients.csv": clients}).lookups


def complaints(services):
    with pytest.raises(BadRuleBook) as problem:
        lookups(services)
    return list(problem.value.complaints)


def test_a_table_fills_in_what_the_sender_did_not_say():
    labels = {"service": "mail", "site": "", "team": "desk"}

    found = add(lookups("\ufeffservice,team,site,client\r\nmail,infra,Moscow,acme\r\n\r\nweb,shop,,\r\n"), labels)

    assert labels == {"service": "mail", "site": "Moscow", "team": "desk", "client": "acme", "contract": "gold"}
    assert [one.as_text() for one in found] == [
        "services.csv, service=mail: site=Moscow, client=acme",
        "clients.csv, client=acme: contract=gold",
    ]


@pytest.mark.parametrize("labels", [{}, {"service": ""}, {"service": "Mail"}, {"service": "web"}])
def test_what_the_table_does_not_know_stays_as_it_is(labels):
    before = dict(labels)

    assert add(lookups("service,team\nmail,infra\nweb,\n"), labels) == []
    assert labels == before


def test_quotes_and_commas():
    (table, _) = lookups('service,team\n"a, b","the ""A"" team"\n')

    assert table.rows == {"a, b": {"team": 'the "A" team'}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the first line must name the columns"),
        ("name,team\na,b\n", "1: there is no column 'service'"),
        ("service,team,team\n", "1: a column has no name, or two have the same"),
        ("service,\na,b\n", "1: a column has no name, or two have the same"),
        (
            "service,severity\na,critical\n",
            "1: a table may not say what 'severity' is: that is the gateway's word about an alert",
        ),
        ("service,team\nmail\n", "2: has 1 columns where the first line has 2"),
        ("service,team\n\nmail,a\nmail,b\n", "4: 'mail' is already in line 3"),
        ("service,team\n,a\n", "2: service: is empty"),
        ('service,team\nmail,"a\nb"\n', "3: a value has a control character or a line break in it"),
        ("service,team\nmail,a\x1b[31m\n", "2: a value has a control character or a line break in it"),
        ('service,team\nmail,"a\n', "2: not valid CSV: unexpected end of data"),
        ("service,team\nmail," + "x" * 1001 + "\n", "2: a value is longer than 1000 characters"),
        (b"service,team\nmail,a\nweb,\xff\n", "3: not UTF-8"),
        ("service\n" + "".join(f"s{n}\n" for n in range(MAX_ROWS + 1)), "10002: more than 10000 rows"),
        ("service\n" + "x" * MAX_BYTES, "1: larger than 1 MB"),
        (",".join(["service", *(f"c{n}" for n in range(50))]), "1: more than 50 columns"),
        ("service," + "c" * 101, "1: the name of a column is longer than 100 characters or cannot be printed"),
        ("service,team\nmail," + "x" * 200_000 + "\n", "2: not valid CSV: field larger than field limit (131072)"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(text, expected):
    assert complaints(text) == [f"services.csv:{expected}"]


def test_a_table_full_of_mistakes_is_told_of_briefly():
    assert len(complaints("service,team\n" + "mail\n" * 5000)) == 20


def test_the_version_follows_the_tables_that_are_named():
    def version(**more):
        return parse({"book.yaml": BOOK, "clients.csv": CLIENTS, **more}).version

    first = version(**{"services.csv": "service,team\nmail,a\n"})

    assert version(**{"services.csv": "service,team\nmail,b\n"}) != first
    assert version(**{"services.csv": "service,team\nmail,a\n", "other.csv": "no, table\nat all"}) == first
