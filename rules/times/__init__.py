"""Time: by the wall clock of a zone, named, coming again, and as senders write it."""
