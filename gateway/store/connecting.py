"""How to connect to the database: what a link may take, and how one that was cut is noticed."""

from typing import Any

from gateway.store.db import BUSY_TIMEOUT

LAST_USED_FIRST = {"pool_use_lifo": True}  # what a connection has prepared and read is still at hand
# How a cut link to PostgreSQL is noticed in 5 s: that long the system waits for a word that what it sent has come.
# While an answer is awaited nothing is on its way: after 3 s without a sign it asks whether anybody is still there.
NOTICING: dict[str, Any] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 2,
}


def engine_options(url: str) -> dict[str, Any]:
    """How to connect. A cut link to PostgreSQL is noticed in 5 s, a lock waits 2 s, a statement runs 10 s at most.

    The server looks for us as well: what a machine held that vanished without a word is free after 11 s, not only when
    a transaction that does nothing has had its minute.

    Whole tables are read only where there is no index: the server keeps plans that it made when a table was small, and
    a storm fills it within a minute. A statement without an index then looks so dear that it would be compiled (jit).
    A plan is for any value: the index of a status and urgency must look no dearer than a walk along all numbers
    (random_page_cost), which would not end for a value that is rare.
    """
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_TIMEOUT / 1000}, **LAST_USED_FIRST}
    options = (
        "-c timezone=UTC -c lock_timeout=2000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=60000 "
        "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 "
        "-c enable_seqscan=off -c jit=off -c random_page_cost=1.1"
    )
    return {
        "connect_args": {"options": options, **NOTICING},
        "pool_size": 10,
        "max_overflow": 20,
        "pool_timeout": 5,
        **LAST_USED_FIRST,
    }
