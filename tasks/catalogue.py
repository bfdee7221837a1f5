"""Catalogues of fixed words, each in Chinese and English; anything but English is Chinese."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

#: Words by key: Chinese, English.
Pairs = Mapping[str, tuple[str, str]]


def catalogue(pairs: Pairs) -> Callable[[str], Mapping[str, str]]:
    """What gives all words in a language, made once each."""

    @lru_cache(maxsize=4)
    def words(lang: str) -> Mapping[str, str]:
        return MappingProxyType({key: pair[lang == "en"] for key, pair in pairs.items()})

    return words


def spoken(pairs: Pairs) -> Callable[[str, str], str]:
    """What gives the words for a key in a language."""

    def said(key: str, lang: str) -> str:
        return pairs[key][lang == "en"]

    return said
