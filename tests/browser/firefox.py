"""The system's own Firefox without a screen, driven over Marionette, the protocol it speaks by itself."""

import json
import os
import shutil
import socket
import time

from tests.processes import Process, free_port

PROGRAM = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
STARTS = 60.0  # seconds
QUIET = {
    "app.normandy.enabled": False, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0, "datareporting.policy.dataSubmissionEnabled": False, "extensions.update.enabled": False,
    "remote.prefs.recommended": False,  # they would switch push off
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1", "toolkit.telemetry.enabled": False,
}  # fmt: skip


class Firefox:
    """with Firefox(folder, {"some.pref": 1}) as browser: browser.go("http://…"); browser.run("return 1 + 1")"""

    def __init__(self, folder, prefs):
        self.port, self.number = free_port(), 0
        profile = folder / "profile"
        profile.mkdir()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in {**QUIET, **prefs, "marionette.port": self.port}.items()
        ]
        (profile / "user.js").write_text("\n".join(lines))
        home = {**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1"}
        command = [PROGRAM, "--headless", "--marionette", "--no-remote", "--profile", profile]
        self.process = Process(command, home, folder / "log")

    def __enter__(self):
        self.link = self._connected()
        self._take()  # its greeting
        self.order("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self.order("WebDriver:SetTimeouts", script=20_000, pageLoad=30_000)
        return self

    def __exit__(self, *_failure):
        self.link.close()
        self.process.kill()

    def go(self, url):
        self.order("WebDriver:Navigate", url=url)

    def run(self, script):
        """The script's value; a promise is waited for."""
        body = f"const done = arguments[0]; (async () => {{ {script} }})().then(done, (no) => done(String(no)));"
        return self.order("WebDriver:ExecuteAsyncScript", script=body, args=[])["value"]

    def until(self, script, true, seconds=20.0):
        """Runs the script again and again until `true(value)`."""
        end, value = time.monotonic() + seconds, None
        while time.monotonic() < end:
            value = self.run(script)
            if true(value):
                return value
            time.sleep(0.1)
        raise AssertionError(f"{script}: {value!r}")

    def press(self, key):
        """One key, as a person presses it."""
        strokes = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.order("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def sign_in(self, site, username, password):
        self.go(f"{site}/login")
        self.run(f"""
            document.getElementById("username").value = {json.dumps(username)};
            document.getElementById("password").value = {json.dumps(password)};
            document.querySelector("button.pri").click();
        """)
        self.until("return location.pathname", lambda path: path not in ("/login", "/"))

    def order(self, name, **values):
        self.number += 1
        sent = json.dumps([0, self.number, name, values]).encode()
        self.link.sendall(f"{len(sent)}:".encode() + sent)
        _kind, _number, wrong, value = self._take()
        assert wrong is None, wrong
        return value

    def _take(self):
        size = b""
        while (byte := self._read(1)) != b":":
            size += byte
        return json.loads(self._read(int(size)))

    def _read(self, size):
        data = b""
        while len(data) < size:
            piece = self.link.recv(size - len(data))
            assert piece, f"Firefox went away:\n{self.process.said()[-2000:]}"
            data += piece
        return data

    def _connected(self):
        end = time.monotonic() + STARTS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=40)
            except OSError:
                assert time.monotonic() < end, f"no Marionette:\n{self.process.said()[-2000:]}"
                assert self.process.alive, self.process.said()[-2000:]
                time.sleep(0.2)
