"""Posts of forms and webhooks, and leads that somebody types in: kept first, then settled like any file."""
