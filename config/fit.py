"""Whether a company's own value has the form of the shipped one, which is all that the code that reads it knows.

A mapping with a key that is no ASCII text (天, 制造业) has the business's own words for keys: any may be left out or
added. Keys in English are parts that the code asks for by name: each must be there, and no other.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

#: What a number may be where its rule says nothing else; up to MOST, floats and 64-bit integers hold it exactly.
LEAST, MOST = 0, 10**12
#: Keys of a value rule that tell the form of its value; an own entry cannot change them.
FORM_KEYS = ("choices", "least", "most", "open")

Keys = tuple[Any, ...]
Misfit = tuple[Keys, str]


@dataclass(frozen=True)
class Form:
    """The bounds of the numbers in a value, whether its keys are free, and whether a number may have a fraction."""

    least: float = LEAST
    most: float = MOST
    open: bool = False
    fractions: bool = False


def misfit(own: Any, shipped: Any, form: Form) -> Misfit | None:
    """The first place of plain data, as keys, at which it has not the form of the shipped, and what is wrong there."""
    return next(_misfits(own, shipped, form, ()), None)


def _misfits(own: Any, shipped: Any, form: Form, keys: Keys) -> Iterator[Misfit]:
    if isinstance(shipped, dict):
        yield from _of_mapping(own, shipped, form, keys)
    elif isinstance(shipped, list):
        yield from _of_list(own, shipped, form, keys)
    elif problem := _of_one(own, shipped, form):
        yield keys, problem


def _of_mapping(own: Any, shipped: dict[Any, Any], form: Form, keys: Keys) -> Iterator[Misfit]:
    if not isinstance(own, dict):
        yield keys, _must_be("a mapping of keys to values", own)
        return
    free = form.open or not all(str(key).isascii() for key in shipped)
    if free:
        form = replace(form, fractions=True)
    elif missing := [key for key in shipped if key not in own]:
        yield keys, f"lacks {', '.join(missing)}"
    like = next(iter(shipped.values()), None)
    for key, item in own.items():
        if not isinstance(key, str) or not (free or key in shipped):
            yield (*keys, key), "the key must be text" if free else f"unknown key; known: {', '.join(shipped)}"
        else:
            yield from _misfits(item, shipped.get(key, like), form, (*keys, key))


def _of_list(own: Any, shipped: list[Any], form: Form, keys: Keys) -> Iterator[Misfit]:
    if not isinstance(own, list):
        yield keys, _must_be("a list", own)
        return
    for place, item in enumerate(own):
        if isinstance(item, str) and not item.strip():
            # As a pattern it would be found everywhere.
            yield (*keys, place), "must not be empty"
        elif shipped:
            yield from _misfits(item, shipped[0], form, (*keys, place))


def _of_one(own: Any, shipped: Any, form: Form) -> str | None:
    if own is None:
        return "must not be empty"
    if isinstance(shipped, bool):
        return None if isinstance(own, bool) else _must_be("true or false", own)
    if isinstance(shipped, int | float):
        whole = isinstance(shipped, int) and not form.fractions
        return _of_number(own, whole, form)
    return None if isinstance(own, type(shipped)) else _must_be("text, in quotes if need be", own)


def _of_number(own: Any, whole: bool, form: Form) -> str | None:
    if isinstance(own, bool) or not isinstance(own, int if whole else int | float):
        return _must_be("a whole number" if whole else "a number", own)
    if (isinstance(own, float) and not math.isfinite(own)) or not form.least <= own <= form.most:
        return _must_be(f"from {form.least:,} to {form.most:,}", own)
    return None


def _must_be(what: str, own: Any) -> str:
    shown = repr(own)
    return f"must be {what} (given: {shown if len(shown) <= 60 else shown[:60] + '…'})"
