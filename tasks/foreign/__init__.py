"""Histories of foreign systems: their files read, and their leads stored as they are."""
