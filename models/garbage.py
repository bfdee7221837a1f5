"""How often Python searches for garbage that holds itself: frames and rows make none, and it walks all that lives."""

import gc

# containers made since the last search; the default is 700
_BETWEEN_SEARCHES = 100_000


def collect_seldom() -> None:
    """Search for cycles of garbage a hundredth as often in this process, from now on."""
    gc.set_threshold(_BETWEEN_SEARCHES)
