"""The word lists of V-BUDGET, compiled into the patterns of the budget grammar."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.rules.clean.texts import one_of

_FIGURE = r"\d+(?:\.\d+)?|\.\d+"
_TO = r"(?:-|~|到|至|或|和|与|or|to|and)+"
_NO_BOUND = "[部容存网含置草重源]"  # 内部, 起草
_SIGNS = r"[\s,、;，:/|]"


@dataclass(frozen=True)
class BudgetWords:
    """What the grammar of a budget is made of."""

    units: Mapping[str, float]
    unit: str
    at_most: str
    at_least: str
    fillers: str
    glued: re.Pattern[str]
    foreign: str
    unknown: str
    currency: str
    bare_from: float
    below: float
    apart: float
    years: tuple[float, float]
    grammar: str
    plain: re.Pattern[str]
    number: re.Pattern[str]
    price: re.Pattern[str]
    counted: re.Pattern[str]
    other_money: re.Pattern[str]
    bounds: Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]
    money: tuple[re.Pattern[str], re.Pattern[str]]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "BudgetWords":
        """Compile the value of V-BUDGET."""
        units = {str(unit): float(factor) for unit, factor in value["units"].items()}
        most, least, unit = value["at_most"], value["at_least"], one_of(units)
        bounds = [*most["before"], *most["after"], *least["before"], *least["after"]]
        before, after = one_of([*most["before"], *least["before"]]), one_of([*most["after"], *least["after"]])
        low, high = (
            rf"(?P<{end}>{_FIGURE})(?P<{end}_vague>来|多|余|几|\+)?(?P<{end}_unit>{unit})?" for end in ("low", "high")
        )
        grammar = rf"^(?P<before>{before})?{low}(?:{_TO}{high})?(?P<after>多|余|来|{after})?$"
        about, currency = one_of(value["about"]), one_of(value["currency"])
        first, last = value["years"]
        return cls(
            units=units,
            unit=unit,
            at_most=one_of([*most["before"], *most["after"]]),
            at_least=one_of([*least["before"], *least["after"]]),
            fillers=_fillers(value["about"], [*bounds, *value["unknown"]]),
            glued=re.compile(rf"\d(?:{about})+\d"),
            foreign=one_of(value["foreign"]),
            unknown=_unknown(value["unknown"]),
            currency=currency,
            bare_from=float(value["bare_from"]),
            below=float(value["below"]),
            apart=float(value["apart"]),
            years=(float(first), float(last)),
            grammar=grammar,
            plain=re.compile(grammar),
            number=re.compile(rf"(?<![\d.])(?P<figure>{_FIGURE})(?:[来多余几]|\+(?={unit}))?(?P<unit>{unit})?[多余]?"),
            price=_price(**value["price"]),
            counted=_counted(**value["counted"]),
            other_money=re.compile(rf"(?:{one_of(value['other_money'])})[^\d,;、]{{0,3}}[\d.~-]+(?:{unit})?元?"),
            bounds={"≤": _bound(**most, about=about), "≥": _bound(**least, about=about)},
            money=(re.compile(rf"(?:{currency})$"), re.compile(rf"(?:{currency})")),
        )

    def bound(self, before: str, after: str) -> str:
        """Return ≤ or ≥ as the words before or behind an amount say, «» when they set no bound."""
        # the longer word decides: «不低于» ends in «低于»
        ahead = {found.start(): sign for sign, (front, _) in self.bounds.items() if (found := front.search(before))}
        behind = [sign for sign, (_, back) in self.bounds.items() if back.match(after)]
        return ahead[min(ahead)] if ahead else "".join(behind[:1])

    def yuan(self, figure: str, unit: str | None) -> float:
        """Return an amount in yuan."""
        return float(figure) * self.units.get(unit or "", 1.0)

    def with_currency(self, text: str, number: re.Match[str]) -> bool:
        """Tell whether a word for the currency stands right at a number."""
        ahead, behind = self.money
        return bool(ahead.search(text[: number.start()]) or behind.match(text, number.end()))


def _bound(before: Iterable[str], after: Iterable[str], about: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns for the end of what stands before an amount and for the beginning of what stands behind it."""
    long, short = _by_length(before)
    pad = rf"(?:{about}|{_SIGNS})*"
    ahead = re.compile(rf"(?:{long}|(?:^|{about}|{_SIGNS})(?:{short})){pad}$")
    long, short = _by_length(after)
    return ahead, re.compile(rf"{pad}(?:{long}|(?:{short})(?!{_NO_BOUND}))")


def _price(per: Iterable[str], words: Iterable[str]) -> re.Pattern[str]:
    each = one_of(per)
    return re.compile(rf"(?:/|每|per)(?:{each})(?![a-z])|一(?:{each})$|{one_of(words)}")


def _counted(things: Iterable[str], times: Iterable[str]) -> re.Pattern[str]:
    """Match a number of things (5万人) or of times (3年, but not the 20万年 of «20万年预算»)."""
    figure = rf"第?(?:{_FIGURE}|[一二两三四五六七八九十百千几数]+)(?:[~-]{_FIGURE})?"
    return re.compile(rf"{figure}(?:[十百千万亿余多+]*(?:{one_of(things)})(?![w万亿数])|(?:{one_of(times)}))")


def _by_length(words: Iterable[str]) -> tuple[str, str]:
    """Return patterns for the words of several letters or of a sign, and for those of one letter."""
    every = list(words)
    letters = {word for word in every if len(word) == 1 and word.isalpha()}
    return one_of(word for word in every if word not in letters), one_of(letters)


def _fillers(words: tuple[str, ...], kept: list[str]) -> str:
    """Match what changes no figure, and as group 1 what must stay («以上» ends in 上, «上下» begins with it)."""
    long, short = _by_length(words)
    return rf"(?:{long})|({_by_length(kept)[0]})|(?:{short})"


def _unknown(words: tuple[str, ...]) -> str:
    long, short = _by_length(words)
    return rf"{long}|^[^\p{{L}}\p{{N}}]*(?:{short})[^\p{{L}}\p{{N}}]*$"
