"""Somebody with a browser: signs in through the form, presses buttons with the token the page gave."""

import html
import re

from argon2 import PasswordHasher
from sqlalchemy import update

from gateway.store.db import transaction
from gateway.store.tables import PersonRow

PASSWORD = "a horse that is correct"
# With less work than ours: each sign-in reckons it anew.
KEPT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def everybody_has_a_password(kept=KEPT):
    with transaction() as session:
        session.execute(update(PersonRow).values(password_hash=kept, zone_asked=True))


def token_in(page):
    found = re.search(r'name="csrf_token" value="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


class Browser:
    """One browser with its cookies."""

    def __init__(self, app, address="192.0.2.1", scheme="http"):
        self.client = app.test_client()
        self.environ = {"REMOTE_ADDR": address}
        self.root = f"{scheme}://localhost"
        self.known = {}  # the tokens of forms, by sign-in

    def get(self, path, **headers):
        return self.client.get(path, headers=headers, environ_overrides=self.environ, base_url=self.root)

    def post(self, path, data=None, headers=None, **more):
        data = {**(data or {}), **more}
        return self.client.post(path, data=data, headers=headers, environ_overrides=self.environ, base_url=self.root)

    def sign_in(self, username="anna@example.org", password=PASSWORD, **more):
        form = self.get("/login").text
        return self.post("/login", username=username, password=password, csrf_token=token_in(form), **more)

    def press(self, path, headers=None, **data):
        """A form of a signed-in page."""
        return self.post(path, {"csrf_token": self.csrf(), **data}, headers)

    def csrf(self):
        """Each page of a sign-in has the same."""
        signed_in = self.cookie("nabat")
        if signed_in is None or signed_in.value not in self.known:
            found = re.search(r'name="csrf-token" content="([^"]*)"', self.get("/me").text)[1]
            self.known[signed_in and signed_in.value] = found
        return self.known[signed_in and signed_in.value]

    def cookie(self, name):
        return self.client.get_cookie(name)
