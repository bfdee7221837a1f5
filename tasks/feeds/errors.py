"""Why a feed could not be read on: one exception, which names the feed, never a secret or a record."""

from __future__ import annotations

_SAID = {
    "secret": "the environment variable {detail} is not set, or holds what no header can",
    "unreachable": "the partner does not answer ({detail})",
    "asked_to_wait": "the partner asks to wait ({detail}); the next pull goes on from here",
    "refused": "the partner refuses the request ({detail})",
    "sign_in": "signing in failed ({detail})",
    "elsewhere": "an answer leads to another address ({detail}), which is not followed: it would get the credentials",
    "too_large": "a page is larger than limits.page_bytes ({detail})",
    "slow": "a page takes longer than limits.page_seconds ({detail})",
    "bad_json": "an answer is no JSON ({detail})",
    "shape": "an answer has another shape than the channel says ({detail})",
    "loop": "the pages lead in a circle ({detail})",
    "too_many": "a round has more pages than limits.pages ({detail})",
}


class FeedError(Exception):
    """A round of a feed ended early; what was committed before stays, and the next pull goes on from there."""

    def __init__(self, feed: str, code: str, detail: str = "") -> None:
        """code: a key of what can be wrong; detail: where, without values."""
        self.feed, self.code, self.detail = feed, code, detail
        super().__init__(f"feed {feed}: {_SAID[code].format(detail=detail)}")

    def __reduce__(self) -> tuple[type[FeedError], tuple[str, str, str]]:
        return FeedError, (self.feed, self.code, self.detail)
