"""Items that are fetched before they are asked for."""

import pytest

from tasks.ahead import Coming


def test_items_come_in_order_whether_fetched_before_or_not():
    asked = []

    def items():
        for one in (1, 2, 3):
            asked.append(one)
            yield one

    coming = Coming(items())
    coming.fetch()
    coming.fetch()
    assert asked == [1]
    assert next(coming) == 1
    coming.fetch()
    assert list(coming) == [2, 3]


def test_what_fails_while_it_is_fetched_is_raised_when_it_is_asked_for():
    def items():
        yield 1
        raise ValueError("two")

    coming = Coming(items())
    assert next(coming) == 1
    coming.fetch()
    with pytest.raises(ValueError, match="two"):
        next(coming)
    assert list(coming) == []
