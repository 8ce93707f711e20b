"""The pages of settings: what is configured and from where, whether all is well, and the tokens of programs."""

from dashboard.settings import tokens, views

__all__ = ["tokens", "views"]
