"""Words of a closed vocabulary: source, industry, size, urgency. A word that is not known stays unknown."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.rules.clean.numerals import numeral, plain_numerals
from tasks.rules.clean.texts import one_of

# between Latin words a space tells one from the other
_SPACES = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_GB_CODE = re.compile(r"^[a-t]?\d{2,4}[.\-、\s]*(?=\D{2})|^[a-t][.\-、\s]+(?=[^a-z])")
_BARE_CODE = re.compile(r"([a-t])(\d{2})?\d{0,2}")
_PARTS = re.compile(r"[/、,，;；|+&()（）\[\]【】]|->?|>")


@dataclass(frozen=True)
class Vocabulary:
    """Canonical words and all the words that mean them."""

    exact: Mapping[str, str]
    inside: re.Pattern[str]
    ends: Mapping[str, str]

    @classmethod
    def of(cls, value: Mapping[str, Iterable[str]]) -> "Vocabulary":
        """Compile «canonical: words»; the canonical word means itself, «*会» any text that ends so."""
        exact: dict[str, str] = {}
        ends: dict[str, str] = {}
        for canonical, words in value.items():
            exact.setdefault(lean(canonical), canonical)
            for word in words:
                if word.startswith("*"):
                    ends[lean(word[1:])] = canonical
                else:
                    exact.setdefault(lean(word), canonical)
        whole = one_of(word for word in exact if len(word) > 1 and not word.isascii())
        latin = one_of(word for word in exact if len(word) > 2 and word.isascii() and not word.isdigit())
        return cls(exact, re.compile(rf"{whole}|(?<![a-z])(?:{latin})(?![a-z])"), ends)

    def find(self, text: str) -> str | None:
        """Return the canonical word of a text: as a whole, by its parts, by the longest word in it, by its end."""
        word = lean(text)
        return self.exact.get(word) or self.within(word)

    def within(self, word: str, weak: frozenset[str] = frozenset()) -> str | None:
        """Return the canonical word by what stands in a lean text; a weak word counts where no other does."""
        for part in _PARTS.split(word):
            if part in self.exact and part not in weak:
                return self.exact[part]
        every = self.inside.findall(word)
        found = [part for part in every if part not in weak] or every
        if found:
            longest = max(map(len, found))
            return self.exact[[part for part in found if len(part) == longest][-1]]
        return next((canonical for end, canonical in self.ends.items() if word.endswith(end)), None)


def lean(text: str) -> str:
    """Return a word without width, case and spaces (kept between Latin words)."""
    word = unicodedata.normalize("NFKC", text).lower().strip(" .。!！,，;；:：'\"")
    return _SPACES.sub("", word)


@dataclass(frozen=True)
class Industries:
    """Industries by words, and by the codes of GB/T 4754.

    `weak`: words that count where no other does (医疗服务); `goods`: a word of an industry before goods for it, whose
    maker or seller is none of that industry (餐饮设备).
    """

    words: Vocabulary
    codes: Mapping[str, str]
    weak: frozenset[str]
    goods: re.Pattern[str]
    ends: Mapping[str, str]

    @classmethod
    def of(
        cls, words: Mapping[str, Any], codes: Mapping[str, Iterable[str]], reading: Mapping[str, Any]
    ) -> "Industries":
        """Compile the values of V-INDUSTRY, V-INDUSTRY-CODE and V-INDUSTRY-READING."""
        by_code = {code: name for name, spans in codes.items() for span in spans for code in _codes(span)}
        served = {lean(word) for name in reading["of_goods"] for word in (name, *words.get(name, ()))}
        weak = {lean(word) for name in reading["weak_names"] for word in (name, *words.get(name, ()))}
        things = rf"{one_of(reading['goods'])}|(?:{one_of(reading['goods_at_end'])})(?:$|厂|制造|生产|加工|批发)"
        goods = re.compile(rf"(?:{one_of(word for word in served if len(word) > 1)})(?=[^\W\d_]{{0,4}}?(?:{things}))")
        ends = {lean(end): name for name, every in reading["ends"].items() for end in every}
        return cls(Vocabulary.of(words), by_code, frozenset(weak | set(map(lean, reading["weak"]))), goods, ends)

    def find(self, text: str) -> str | None:
        """Return the canonical industry; a code before the name (C13 农副食品加工业) is passed over."""
        word = lean(text)
        code = _BARE_CODE.fullmatch(word)
        if code and word not in self.words.exact:  # K12 is education
            return self.codes.get(code[2] or code[1])
        word = _GB_CODE.sub("", word)
        if word in self.words.exact:
            return self.words.exact[word]
        end = next((name for end, name in self.ends.items() if word.endswith(end)), None)
        return end or self.words.within(self.goods.sub(" ", word), self.weak)


def _codes(span: str) -> list[str]:
    """Return the codes of «c» or «13-24»."""
    first, _, last = span.lower().partition("-")
    return [f"{code:02d}" for code in range(int(first), int(last) + 1)] if last else [first]


_STAFF = re.compile(r"(\d+(?:\.\d+)?)(万|千)?(?:人|名|位)?(?:-|~|到|至|—)?(\d+)?(万|千)?")
_NOBODY = re.compile(r"0+(?:人|名|位)?")
_MONEY = re.compile(
    r"营收|营业|产值|销售|收入|利润|年产|资本|资产|亿|元|revenue|sales|[¥$]|\d万(?!\+?(?:多|余)?(?:人|名|位|员))"
)
# What is counted besides staff: 成立10年, 20台设备, 世界500强.
_THINGS = re.compile(r"\d[\d.]*(?:万|千)?(?:台|个(?!人)|家|亩|平|㎡|米|年|条|辆|吨|店|层|栋|岁|强|%)")
_ROUND = re.compile(r"(?<![\d十百])[上数几]?([千万])余?(?=人|名|员)")
_FEWER = re.compile(r"以下|以内|少于|不到|不足|<|小于|低于|under|below")


@dataclass(frozen=True)
class Sizes:
    """Company sizes by words and by number of staff."""

    words: Vocabulary
    steps: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Sizes":
        """Compile the value of V-SIZE."""
        steps = tuple(sorted((int(least), name) for name, least in value["from"].items()))
        return cls(Vocabulary.of(value["words"]), steps)

    def find(self, text: str) -> str | None:
        """Return the canonical size of «50-150人», «500人以上», «中型企业»; None for a revenue."""
        word = _ROUND.sub(r"1\1", plain_numerals(lean(text)).replace(",", ""))
        word = _THINGS.sub(" ", word)
        staff = _STAFF.search(word)
        if _MONEY.search(word) or staff is None:
            return None if _MONEY.search(word) else self.words.find(text)
        if lean(text) in self.words.exact:
            return self.words.exact[lean(text)]
        if _NOBODY.fullmatch(staff[0]):
            return None
        people = float(staff[1]) * {"万": 1e4, "千": 1e3}.get(staff[2] or (staff[3] and staff[4]) or "", 1.0)
        people -= 1 if _FEWER.search(word) and not staff[3] else 0
        return [name for least, name in self.steps if people >= least or least == 0][-1]


_ENGLISH_SPAN = re.compile(
    r"(?<![a-z])(\d{1,3}\+?|an?|one|two|three|four|five|six|ten|a few|a couple of)[\s-]*"
    r"(day|week|month|quarter|year)s?(?![a-z])"
)
_ENGLISH_NUMBER = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
                   "a few": 3, "a couple of": 2}  # fmt: skip
_ENGLISH_AFTER = re.compile(r"(?<![a-z])(?:after|later|from now on|not before)(?![a-z])")
_QUARTER = re.compile(r"(?<![a-z0-9])q[1-4](?![a-z0-9])")
_NEXT_YEAR = re.compile(r"明年|来年|后年|next year")
_DATE = re.compile(r"20\d\d[-/.年]\d{1,2}|(?<!\d)\d{1,2}[/.]\d{1,2}日?(?:之前|以前|前)")
_SPAN = re.compile(
    r"(?<![\d.])(\d{1,3}(?:\.\d+)?|半)来?个?(工作日|天|日|周|星期|礼拜|月|季度|年)(?:的)?(?:时间)?(以内|之内|内|以后|之后|后)?"
)
# a day of this week, of the next one (下周五前), or of the one after
_WEEKDAY = re.compile(r"(?<![上下本这每])(下{0,2})(?:本|这)?(?:周|星期|礼拜)[一二三四五六日天]")
_NOT = re.compile("不|没|无|非(?!常)|未")
_OPPOSED = frozenset(("高", "低"))


@dataclass(frozen=True)
class Urgencies:
    """Urgency by words and by the length of time that is named."""

    words: Vocabulary
    days_high: float
    days_middle: float
    days_later: float
    units: Mapping[str, float]
    label: re.Pattern[str]

    @classmethod
    def of(cls, value: Mapping[str, Any], units: Mapping[str, float], labels: Iterable[str]) -> "Urgencies":
        """Compile the values of V-URGENCY, F-TIME-UNITS (days of each unit) and V-URGENCY-LABEL."""
        words = Vocabulary.of(value["words"])
        label = re.compile(rf"^(?:{one_of(labels)})[:：为是]?(?=.)")
        return cls(words, value["days_high"], value["days_middle"], value["days_later"], units, label)

    def find(self, text: str) -> str | None:
        """Return 高, 中, 低, or None when the text does not say."""
        whole = lean(text)
        word = self.label.sub("", whole)
        if word in self.words.exact or whole in self.words.exact:
            return self.words.exact.get(word) or self.words.exact[whole]
        levels = [self.words.exact[part] for part in _PARTS.split(word) if part in self.words.exact]
        if levels:  # «高（客户催）» is 高; «高/中/低» is a form that nobody filled in
            return None if set(levels) >= _OPPOSED else levels[0]
        if _DATE.search(word) and not _NOT.search(word):
            return "中"  # how near it is the fact counts, from the day of contact
        if _QUARTER.search(word) and not _NEXT_YEAR.search(word):
            return "中"
        weekday = _WEEKDAY.search(word)
        if weekday and not _NOT.search(word):
            return self._by_days(7.0 * (1 + len(weekday[1] or "")), after=False)
        english = _ENGLISH_SPAN.search(word)
        if english:
            return self._in_english(english, word)
        span = _SPAN.search(plain_numerals(word))
        if span and not _NOT.search(word):
            return self._within(span)
        found = self.words.inside.findall(word)
        if {self.words.exact[part] for part in found} >= _OPPOSED:  # 尽快但不急
            return None
        # «不是很急» holds 很急: a negation counts only as part of a known word.
        return self.words.find(text) if found and bool(_NOT.search(word)) == bool(_NOT.search("".join(found))) else None

    def _in_english(self, span: re.Match[str], word: str) -> str | None:
        count = float(_ENGLISH_NUMBER.get(span[1]) or span[1].strip("+"))
        if span[2] not in self.units:
            return None
        return self._by_days(count * self.units[span[2]], after=bool(_ENGLISH_AFTER.search(word)))

    def _within(self, span: re.Match[str]) -> str | None:
        count = 0.5 if span[1] == "半" else numeral(span[1])
        if count is None or span[2] not in self.units:
            return None
        return self._by_days(count * self.units[span[2]], after=bool(span[3] and span[3].endswith("后")))

    def _by_days(self, days: float, after: bool) -> str:
        if after:
            return "低" if days >= self.days_later else "中"
        return "高" if days <= self.days_high else "中" if days <= self.days_middle else "低"
