"""Who belongs together: the teams of a person, who else is in them, and whose messages they may see. Pure."""

from rules.words import Directory


def teams_of(email: str, directory: Directory) -> list[str]:
    return [one.name for one in directory.teams.values() if email in one.members]


def colleagues(email: str, directory: Directory) -> set[str]:
    """Whoever shares a team with them, and they themselves."""
    teams = directory.teams.values()
    return {email, *(one for team in teams if email in team.members for one in team.members)}


def addressees(email: str, directory: Directory) -> set[str]:
    """As messages name whom they went to: their colleagues, and their teams."""
    return colleagues(email, directory) | {f"team:{name}" for name in teams_of(email, directory)}
