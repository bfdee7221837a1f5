"""A period is read as it is named, and one before which there is none is refused."""

import pytest

from tasks.rules.reviews.spans import Kind, read_span


@pytest.mark.parametrize(
    ("kind", "text"), [("monthly", "0001-01"), ("weekly", "0001-W01"), ("quarterly", "0001-Q1"), ("monthly", "2026-13")]
)
def test_a_period_that_cannot_be_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match="is no period"):
        read_span(kind, text)
