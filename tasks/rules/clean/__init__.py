"""Cleaning: the cells of a file as received → values that a sales team trusts, each with its original beside it."""

from tasks.rules.clean.frame import clean

__all__ = ["clean"]
