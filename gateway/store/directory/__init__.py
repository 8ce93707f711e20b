"""People and teams: how they are reached, when they are on call, how they come in."""
