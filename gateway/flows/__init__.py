"""Flows: alerts become incidents, incidents become messages, messages go out, and time passes."""
