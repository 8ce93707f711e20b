"""Who sends to us: sources and their tokens, how regularly they speak, and what they have sent."""
