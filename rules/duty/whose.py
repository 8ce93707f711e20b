"""Whose work an incident is. Pure: its route and everybody there is in, a team out."""

from rules.words import Directory, Route


def team_of(route: Route, directory: Directory) -> str:
    """Whose work it is: the team of the first whom the ladder names; empty where none has one."""
    for target in route.steps[0].notify if route.steps else ():
        kind, _, name = target.partition(":")
        if kind == "team":
            return name
        if kind == "schedule" and name in directory.schedules and directory.schedules[name].team:
            return directory.schedules[name].team
        if kind == "person":
            mine = next((team.name for team in directory.teams.values() if name in team.members), "")
            if mine:
                return mine
    return ""
