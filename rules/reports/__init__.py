"""What is counted and shown: reports, noise, how Nabat itself does, and what the public is told."""
