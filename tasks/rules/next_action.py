"""Whether a next action says what will be done: by what is left of it, not by phrases. Pure (H1-3.4-next, H3-2-plan).

A text is clear when it names an act or a thing, or a contact at a certain time or with a certain person, or says
something beside words that say nothing. A hint for people, never a reason to refuse.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

from config.schema import Rules

EMPTY, LATER, LEFT, ACTS = "U-NEXT-EMPTY", "U-NEXT-LATER", "U-NEXT-LEFT", "U-NEXT-ACTS"
_HAN, _WORD = r"[\u4e00-\u9fff]", r"[a-z][a-z0-9'/-]*"
_NUMERAL = "[0-9两二三四五六七八九十百]"
_MEASURE = "[份版套台件本张页条米只块箱组批封期家位名人种项吨斤克袋桶卷根瓶]"
#: A day or an hour that is certain, a quantity, or a name of Latin script in a Chinese text.
_CERTAIN = re.compile(
    # a number, but for a span of time (过3天) and a quarter
    r"(?<![q0-9])[0-9]+(?![0-9]*\s*(?:天|周|个?月(?![0-9])|年|day|week|month|year))"
    rf"|{_NUMERAL}+\s*[月/.-]\s*{_NUMERAL}+|{_NUMERAL}[号点]|(?:周|星期|礼拜)[一二三四五六日天]|[今明后][天早晚]"
    rf"|[{_NUMERAL[1:-1]}一]{_MEASURE}|{_NUMERAL}(?:公斤|分钟|小时|个(?!月))"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
)
_ANY, _HAN_SIGN, _WORDS = re.compile(r"(?s)."), re.compile(_HAN), re.compile(_WORD)
_LATIN = re.compile(r"(?<![a-z])[a-z]{2,}")
#: Something is done to something: 把 with a thing, but for words that begin with the sign.
_DONE_TO = re.compile(rf"把(?!握|关|控|脉){_HAN}")
#: Who only waits does nothing himself; what comes after it is another matter.
_WAITS = re.compile(r"^(?:再|先|继续|还在|坐|静)*(?:等|待)(?![级式于])[^，,。；;后再就]*$|^(?:wait|await)[^,;]*$")
#: Somebody by name: a family name with a title, or a title of Latin script with a name.
_PERSON = re.compile(
    rf"{_HAN}(?:总监|总|董|经理|工程师|工(?![作厂程期艺地资人具业况])|主任|厂长|部长|科长|处长|院长|校长|老师|先生|女士|小姐)"
    rf"|老{_HAN}(?![板友同])|\b(?:mr|ms|mrs|dr)\.?\s+[a-z]+"
)
#: Signs that stand before a title without naming anybody, and words that only look like a name.
_NOBODY = re.compile(
    r"(?:老|副|请|找|等|与|和|跟|给|让|问|约|对|向|的|各|任|加|分|汇|做|化)(?:总监|总|董|经理|工|主任)"
    r"|老(?:客户|样子|板|友|同)"
)


def vague(texts: pd.Series, rules: Rules) -> pd.Series:
    """Whether each text says nothing that somebody could see to have been done; blank ones do not."""
    codes, uniques = pd.factorize(texts.astype("object"))
    if not len(uniques):
        return pd.Series(False, index=texts.index, dtype="bool")
    # distinct texts one by one: pandas would read each long pattern anew
    plain = [str(text).lower().strip() for text in uniques]
    acts, empty, enough = rules.value(ACTS), rules.value(EMPTY), rules.value(LEFT)
    rest = _without(_without(plain, _anywhere(empty["zh"])), _whole(empty["en"]))
    certain = _found(plain, _CERTAIN)
    clear = certain | _found(plain, _acts(acts["zh"], acts["en"])) | _found(plain, _DONE_TO)
    clear |= _found(_without(plain, _NOBODY), _PERSON) | _found(rest, _done(acts["verbs"]))
    clear |= _found(rest, _LATIN) & _found(plain, _HAN_SIGN)
    clear |= (_count(rest, _HAN_SIGN) >= enough["signs"]) | (_count(rest, _WORDS) >= enough["words"])
    puts_off = _found(plain, _anywhere(rules.value(LATER))) & ~certain
    unclear = _found(plain, _ANY) & (puts_off | _found(plain, _WAITS) | ~clear)
    return pd.Series(np.array([*unclear, False])[codes], index=texts.index, dtype="bool")


def _found(texts: list[str], pattern: re.Pattern[str]) -> np.ndarray:
    return np.array([pattern.search(text) is not None for text in texts], dtype=bool)


def _count(texts: list[str], pattern: re.Pattern[str]) -> np.ndarray:
    return np.array([len(pattern.findall(text)) for text in texts], dtype=np.int64)


def _without(texts: list[str], pattern: re.Pattern[str]) -> list[str]:
    return [pattern.sub(" ", text) for text in texts]


@lru_cache(maxsize=8)
def _anywhere(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_either(words))


@lru_cache(maxsize=8)
def _whole(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{_either(words)})(?![a-z0-9'-])")


@lru_cache(maxsize=8)
def _acts(signs: tuple[str, ...], words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{_either(signs)})|(?<![a-z0-9])(?:{_either(words)})")


@lru_cache(maxsize=8)
def _done(verbs: tuple[str, ...]) -> re.Pattern[str]:
    """A verb and something beside it."""
    return re.compile(rf"(?:{_either(verbs)})\s*{_HAN}|{_HAN}\s*(?:{_either(verbs)})")


def _either(words: Iterable[str]) -> str:
    """Any of some words, the longest first; nothing where there are none."""
    ordered = sorted({str(word).lower() for word in words}, key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or r"(?!)"
