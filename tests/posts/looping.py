"""The loop that settles what was posted, in a process that somebody forked."""

import os
from collections.abc import Sequence

from flows.post_loop import main


def post_loop(_words: Sequence[str]) -> None:
    """Run the loop; its standard input does not end, which would end it."""
    reading, _ = os.pipe()
    os.dup2(reading, 0)
    main()
