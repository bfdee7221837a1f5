"""Refusals that are told by a code, too, so that a page says them in its reader's language."""

from typing import Any


class Coded(Exception):  # noqa: N818 - what it refuses is named by those that come of it
    """A refusal: `code` says why, `said` holds what its sentence names, in whatever language that is."""

    def __init__(self, code: str, text: str, **said: Any) -> None:
        super().__init__(text.format(**said))
        self.code, self.said = code, said
