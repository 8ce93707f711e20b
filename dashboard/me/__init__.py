"""A person's own pages: account, contacts, notifications, phone, appearance, sign-ins."""

from dashboard.me import account, contacts, notifications, sessions, tokens

__all__ = ["account", "contacts", "notifications", "sessions", "tokens"]
