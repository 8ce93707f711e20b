"""HTTP for programs, whole: the blueprint of the door, with the routes of every room on it."""

from gateway.doors.machine import (
    actions,
    admin,
    amend,
    bulk,
    contacts,
    desk,
    duty,
    me,
    notices,
    oncall,
    past,
    people,
    quiet,
    reading,
    reports,
    rules,
    services,
    settings,
    silences,
    sources,
    views,
)
from gateway.doors.machine.door import bp

__all__ = ["ROOMS", "bp"]

ROOMS = (
    reading,
    actions,
    amend,
    silences,
    oncall,
    reports,
    admin,
    desk,
    me,
    contacts,
    views,
    bulk,
    duty,
    past,
    people,
    quiet,
    rules,
    services,
    settings,
    sources,
    notices,
)  # who imports them has their routes: they hang on the blueprint
