"""Figures of reviews: one frame of facts, and group-bys on it. Pure."""
