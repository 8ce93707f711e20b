"""One heap for all threads (gateway/start/heap.py), counted by the allocator itself."""

import platform
import subprocess
import sys

from tests.databases import missing

COUNT = """
import ctypes, sys, threading
from gateway.start.heap import share_heap

libc = ctypes.CDLL(None)
shared = sys.argv[1] == "shared" and share_heap()
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
together = threading.Barrier(6)

def use():
    libc.malloc(100_000)
    together.wait()

threads = [threading.Thread(target=use) for _ in range(6)]
for one in threads:
    one.start()
for one in threads:
    one.join()
libc.fdopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
out = libc.fdopen(1, b"w")
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how):
    done = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.count("<heap ")


def test_threads_share_one_heap():
    if platform.libc_ver()[0] != "glibc":
        missing("another allocator than glibc's")
    assert heaps("shared") == 1
    assert heaps("as ever") > 1
