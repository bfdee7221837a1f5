"""The web application: receives forms and shows the few pages people need (comes with a later version)."""
