"""The words of a need in which it was read that no buyer writes (H1-3.2-hard: the need is explicit)."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from config.schema import ConfigError, Rules
from tasks.rules.facts.not_buyers import SIGNALS, reader
from tasks.rules.facts.words import half_width

_WORDS_SHOWN = 5


def words_found(junk: str, need: str | None, rules: Iterable[Rules]) -> dict[str, list[str]]:
    """The words of a need by signal, for those of `junk` (codes with commas) that are read in needs.

    The first of the rules that can read needs tells them.
    """
    signals = [code for code in junk.split(",") if code in SIGNALS]
    text = half_width(pa.array([need or ""], pa.large_string()))[0].as_py()
    for some in rules if signals else ():
        try:
            read = reader(some)
        except ConfigError:
            continue
        found = {signal: read.words(text, signal) for signal in signals}
        return {signal: told for signal, told in found.items() if told}
    return {}


def with_words(signal: str, found: Iterable[str], t: Mapping[str, str]) -> str:
    """A signal in words (t: those of tasks/story_words.py), with the first words that it was read in."""
    said = t.get(f"junk.{signal}", signal)
    words = list(found)
    whole = [word for word in words if not any(word in other and word != other for other in words)]
    some = [t["quoted"].format(word=word) for word in whole[:_WORDS_SHOWN]]
    return t["found_in_need"].format(said=said, words=t["beside"].join(some)) if some else said
