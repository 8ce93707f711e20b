"""A person's own pages: account, contacts, notifications, phone, appearance, sign-ins, long acts."""

from dashboard.me import account, contacts, jobs, keys, notifications, sessions, tokens

__all__ = ["account", "contacts", "jobs", "keys", "notifications", "sessions", "tokens"]
