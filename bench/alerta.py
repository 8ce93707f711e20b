"""Alerta, set up as its Docker image sets it up: nginx before uWSGI with five processes, PostgreSQL behind."""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid

import psycopg

from bench.driving import say
from bench.subject import free_port, plain
from tests.databases import wait_until

PYTHON = f"{sys.version} {sys.base_prefix}"  # ours: one built without optimizations takes half as long again
CACHE = Path(os.environ.get("NABAT_BENCH_CACHE", "/var/tmp/nabat-bench-alerta"))  # noqa: S108 - it is big, and kept
WANTED = ("alerta-server==9.1.0", "psycopg2-binary", "setuptools<80", "gunicorn")
PROCESSES = 5
COUNTS = "SELECT count(*), coalesce(sum(duplicate_count + 1), 0) FROM alerts"
UWSGI = """
[uwsgi]
chdir = {folder}
mount = /api=wsgi:app
manage-script-name = true
single-interpreter = true
master = true
processes = {processes}
listen = 100
buffer-size = 8192
max-worker-lifetime = 30
max-worker-lifetime-delta = 3
{socket}
vacuum = true
die-on-term = true
disable-logging = true
"""
NGINX = """
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
daemon off;
error_log {folder}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server_tokens off;
    keepalive_requests 1000000;
    gzip on;
    client_max_body_size 2M;
    access_log {folder}/access.log;
    server {{
        listen 127.0.0.1:{port} default_server;
        location /api {{
{parameters}
            uwsgi_pass 127.0.0.1:{behind};
        }}
    }}
}}
"""
PARAMETERS = {  # what Debian's uwsgi_params says
    "QUERY_STRING": "query_string", "REQUEST_METHOD": "request_method", "CONTENT_TYPE": "content_type",
    "CONTENT_LENGTH": "content_length", "REQUEST_URI": "request_uri", "PATH_INFO": "document_uri",
    "SERVER_PROTOCOL": "server_protocol", "REQUEST_SCHEME": "scheme", "REMOTE_ADDR": "remote_addr",
    "REMOTE_PORT": "remote_port", "SERVER_PORT": "server_port", "SERVER_NAME": "server_name", "HTTP_HOST": "host",
}  # fmt: skip


class Alerta:
    """One installation with a database of its own. `setup` says what could be had of its documented set-up."""

    name = "alerta"
    path = "/api/webhooks/prometheus"
    arguments = ("--path", path, "--token", "")
    answer = "201"

    def __init__(self, folder: Path, url: str) -> None:
        self.tools = Tools()
        self.folder, self.url, self.port = folder, plain(url), free_port()
        folder.mkdir(parents=True)
        (folder / "wsgi.py").write_text("from alerta import create_app\n\napp = create_app()\n")
        (folder / "alertad.conf").write_text(
            f"DATABASE_URL = {self.url!r}\nSECRET_KEY = 'for the benchmark'\nAUTH_REQUIRED = False\n"
        )
        self.processes = [self._start(command) for command in self._commands()]
        self.setup = self.tools.setup
        wait_until(self._answers, 60)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def _commands(self) -> list[list[str]]:
        if not self.tools.uwsgi:
            served = ["--chdir", str(self.folder), "--workers", "4", "--bind", f"127.0.0.1:{self.port}", "mounted:app"]
            (self.folder / "mounted.py").write_text(MOUNTED)
            return [[str(self.tools.bin / "gunicorn"), *served]]
        behind = free_port()
        address = f"socket = 127.0.0.1:{behind}" if self.tools.nginx else f"http11-socket = 127.0.0.1:{self.port}"
        ini = UWSGI.format(folder=self.folder, processes=PROCESSES, socket=address)
        (self.folder / "uwsgi.ini").write_text(ini)
        commands = [[str(self.tools.uwsgi), "--ini", str(self.folder / "uwsgi.ini")]]
        if self.tools.nginx:
            lines = "\n".join(f"            uwsgi_param {name} ${value};" for name, value in PARAMETERS.items())
            me = f"{getpwuid(os.getuid()).pw_name} {getgrgid(os.getgid()).gr_name}"  # nobody else sees into the folder
            conf = NGINX.format(folder=self.folder, port=self.port, behind=behind, parameters=lines, user=me)
            (self.folder / "nginx.conf").write_text(conf)
            command = [str(self.tools.nginx), "-p", str(self.folder), "-e", str(self.folder / "nginx.log")]
            commands.append([*command, "-c", str(self.folder / "nginx.conf")])
        return commands

    def _start(self, command: list[str]) -> subprocess.Popen:
        environment = {**os.environ, "ALERTA_SVR_CONF_FILE": str(self.folder / "alertad.conf")}
        with (self.folder / "said.log").open("ab") as said:
            return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=said, stderr=said)  # noqa: S603

    def _answers(self) -> bool:
        if any(process.poll() is not None for process in self.processes):
            sys.exit(f"Alerta has ended by itself: {(self.folder / 'said.log').read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/alerts", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def counts(self) -> tuple[int, int]:
        """Alerts, and messages about them."""
        with psycopg.connect(self.url) as link:
            return tuple(map(int, link.execute(COUNTS).fetchone()))

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(30)


MOUNTED = """
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wsgi import app as alerta

app = DispatcherMiddleware(NotFound(), {"/api": alerta})
"""


class Tools:
    """Its programs, fetched once: Alerta and uWSGI from PyPI, nginx from the system or, unpacked, from Debian."""

    def __init__(self) -> None:
        self.bin = CACHE / "venv/bin"
        complete = CACHE / "complete"
        if not complete.exists() or complete.read_text() != PYTHON:
            self._fetch()
        self.uwsgi = self.bin / "uwsgi" if (self.bin / "uwsgi").exists() else None
        unpacked = CACHE / "nginx/usr/sbin/nginx"
        self.nginx = shutil.which("nginx") or (unpacked if unpacked.exists() else None)

    @property
    def setup(self) -> str:
        if not self.uwsgi:
            return "gunicorn with 4 sync processes: uWSGI could not be built here"
        if not self.nginx:
            return f"uWSGI with {PROCESSES} processes and without nginx, which is not here (one hop less)"
        return f"nginx and uWSGI with {PROCESSES} processes, as in its Docker image"

    def _fetch(self) -> None:
        say(f"Alerta is fetched into {CACHE}, which takes a minute or two")
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(CACHE / "venv")], check=True)  # noqa: S603
        self._install(*WANTED, needed=True)
        self._install("--no-cache-dir", "uWSGI")  # is compiled, for this very Python: it needs a C compiler
        if not shutil.which("nginx") and shutil.which("apt-get"):
            self._unpack_nginx()
        (CACHE / "complete").write_text(PYTHON)

    def _install(self, *packages: str, needed: bool = False) -> None:
        command = [str(self.bin / "pip"), "install", "-q", "--disable-pip-version-check", *packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if needed and done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")

    def _unpack_nginx(self) -> None:
        """Nothing is installed: the program runs from where it is unpacked."""
        with tempfile.TemporaryDirectory() as folder:
            fetched = subprocess.run(["apt-get", "download", "nginx"], cwd=folder, capture_output=True, check=False)  # noqa: S607
            for package in Path(folder).glob("nginx_*.deb") if fetched.returncode == 0 else ():
                subprocess.run(["dpkg-deb", "-x", str(package), str(CACHE / "nginx")], check=False)  # noqa: S603, S607
