"""P1: what is answered with 2xx is on disk. Watched from outside, system call by system call."""

import re
import shutil
import subprocess

import pytest

from tests.samples import webhook

REQUESTS = 100
CALLS = "fdatasync,fsync,recvfrom,writev,write,sendto"
SYNC = re.compile(r"^(\d+) +fdatasync\(\d+<[^>]*-wal>(?:\) += 0| <unfinished)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. fdatasync resumed>\) += 0")
COMMITTED = re.compile(r"(?:recvfrom\(|recvfrom resumed>).*COMMIT\\0")
ANSWER = re.compile(r'(?:writev|write|sendto)\(.*"HTTP/1\.1 202 ')
QUESTION = re.compile(r'(?:recvfrom\(|recvfrom resumed>).*"POST ')


@pytest.fixture
def traced():
    if not shutil.which("strace"):
        pytest.skip("no strace on this machine")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us trace processes")
    return ["strace", "-f", "-qq", "-yy", "-s", "4000", "-e", f"trace={CALLS}", "-o"]


def read(trace):
    """Of each answer with 202: whether the database had it on disk since the question came."""
    waiting, on_disk, found = {}, False, []
    for line in trace.splitlines():
        if QUESTION.search(line):
            on_disk = False
        elif match := SYNC.search(line):
            waiting[match[1]] = "unfinished" in line
            on_disk = on_disk or "unfinished" not in line
        elif ((match := RESUMED.search(line)) and waiting.pop(match[1], False)) or COMMITTED.search(line):
            on_disk = True
        elif ANSWER.search(line):
            found.append(on_disk)
            on_disk = False
    return found


def test_t_ack_after_fsync(gateway, traced, tmp_path):
    """One request after the other, so that a commit before an answer can only be its own."""
    trace = tmp_path / "trace"
    gateway.prefix = [*traced, str(trace)]
    gateway.web("--processes", "1")
    for number in range(REQUESTS):
        assert gateway.post(webhook(fingerprint=f"f{number}", instance=str(number)))[0] == 202
    gateway.close()
    assert read(trace.read_text(errors="replace")) == [True] * REQUESTS


def test_the_reader_of_traces_is_not_blind():
    early = '7 recvfrom(3<TCP>, "POST /ingest", 12) = 12\n7 writev(3<TCP>, [{iov_base="HTTP/1.1 202 Accepted"}]) = 1\n'
    late = '7 recvfrom(3<TCP>, "POST /ingest", 12) = 12\n8 fdatasync(4</x/nabat.db-wal>) = 0\n'
    assert read(early + late + early.splitlines()[1]) == [False, True]
