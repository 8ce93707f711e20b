"""People: who is on call, how each wants to be told, and who is told of what."""
