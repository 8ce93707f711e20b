"""Whether somebody is told now, later, again or not at all."""
