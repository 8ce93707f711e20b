"""One heap for all threads of a process: what one of them has let go of, the next one uses."""

import ctypes

ARENA_MAX = -8  # of glibc's mallopt: M_ARENA_MAX


def share_heap() -> bool:
    """Before there are threads. False where there is no such choice: on musl and macOS, which have one anyway.

    glibc gives threads heaps of their own, up to eight a processor, and what is free in one no other thread is given. A
    worker's threads live for one message or one count of the reports: what a count reads of SQLite's file, some 15 MB,
    would in time be held once in each heap.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(ARENA_MAX, 1) == 1
