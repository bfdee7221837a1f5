"""The work: business steps with effects; the pure decisions are in tasks.rules."""
