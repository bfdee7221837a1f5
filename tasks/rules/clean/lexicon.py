"""Everything that cleaning takes from the rules, compiled once for a set of rules."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import pyarrow as pa

from config.schema import Rules
from tasks.rules.clean.budget_words import BudgetWords
from tasks.rules.clean.companies import LegalForms
from tasks.rules.clean.members import MemberReader
from tasks.rules.clean.names import NameWords
from tasks.rules.clean.phone_text import PhoneReader, number_words, place_pattern
from tasks.rules.clean.regions import Gazetteer
from tasks.rules.clean.texts import TEXT, Text
from tasks.rules.clean.vocabulary import Industries, Sizes, Urgencies, Vocabulary

_TEXTS = 4096  # kept with what they mean, for each vocabulary
_KEPT = 4  # sets of rules; a what-if run alternates between two
# what a text means, None where it is not known
Meaning: TypeAlias = Callable[[str], str | None]
_compiled: dict[int, tuple[Rules, "Lexicon"]] = {}


@dataclass(frozen=True)
class Lexicon:
    """The word lists of the rules in the form in which each reader wants them."""

    blanks: Text
    phones: PhoneReader
    roles: tuple[str, ...]
    mail_placeholders: Text
    budgets: BudgetWords
    forms: LegalForms
    names: NameWords
    members: MemberReader
    words: Mapping[str, Meaning]


def lexicon(rules: Rules) -> Lexicon:
    """Return the lexicon of these rules, compiled on first use."""
    kept = _compiled.get(id(rules))
    if kept is None:
        while len(_compiled) >= _KEPT:
            _compiled.pop(next(iter(_compiled)))
        kept = _compiled[id(rules)] = (rules, _compile(rules))
    return kept[1]


def _compile(rules: Rules) -> Lexicon:
    blanks = frozenset(unicodedata.normalize("NFKC", word).lower() for word in rules.value("V-BLANK"))
    return Lexicon(
        blanks=pa.array(sorted(blanks), TEXT),
        phones=PhoneReader(number_words(rules.value("V-PHONE-PLACEHOLDER")), _places(rules)),
        roles=tuple(rules.value("D-ROLE-MAILBOX")),
        mail_placeholders=pa.array(sorted(rules.value("V-EMAIL-PLACEHOLDER")), TEXT),
        budgets=BudgetWords.of(rules.value("V-BUDGET")),
        forms=LegalForms.of(rules.value("V-LEGAL-FORM")),
        names=NameWords.of(rules.value("V-COURTESY"), rules.value("V-TEST-NAME")),
        members=MemberReader.of(rules.value("V-CHAIN-MEMBERS")),
        words={name: lru_cache(_TEXTS)(meaning) for name, meaning in _meanings(rules).items()},
    )


def _places(rules: Rules) -> tuple[tuple[str, str, str], ...]:
    named = {region: words for region, words in rules.value("V-PHONE-PLACES").items() if words}
    return tuple((region, words[0], place_pattern(words)) for region, words in named.items())


def _meanings(rules: Rules) -> dict[str, Meaning]:
    """What reads a text of each field of words."""
    signs = rules.value("V-TRADITIONAL")
    simplified = str.maketrans(signs["traditional"], signs["simplified"])

    def compared(meaning: Meaning) -> Meaning:
        return lambda text: meaning(text.translate(simplified))

    found: dict[str, Meaning] = {
        "source": Vocabulary.of(rules.value("V-SOURCE")).find,
        "industry": Industries.of(rules.value("V-INDUSTRY"), rules.value("V-INDUSTRY-CODE")).find,
        "region": Gazetteer.of(rules.value("V-REGION")).city,
        "size": Sizes.of(rules.value("V-SIZE")).find,
        "urgency": Urgencies.of(rules.value("V-URGENCY"), rules.value("F-TIME-UNITS")).find,
    }
    return {name: compared(meaning) for name, meaning in found.items()}
