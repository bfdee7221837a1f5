"""Everything that cleaning takes from the rules, compiled once for a set of rules."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

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
#: The values that are read of the rules.
_READ = (
    "D-ROLE-MAILBOX F-TIME-UNITS V-BLANK V-BUDGET V-CHAIN-MEMBERS V-COURTESY V-EMAIL-PLACEHOLDER V-INDUSTRY"
    " V-INDUSTRY-CODE V-INDUSTRY-READING V-LEGAL-FORM V-PHONE-PLACEHOLDER V-PHONE-PLACES V-REGION V-REGION-UNSURE"
    " V-SIZE V-SOURCE V-TEST-NAME V-TRADITIONAL V-URGENCY V-URGENCY-LABEL"
).split()
_compiled: dict[tuple[int, ...], tuple[Mapping[str, Any], "Lexicon"]] = {}


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
    """Return the lexicon of these rules, compiled on first use; rules of another day often have the same values."""
    values = {name: rules.value(name) for name in _READ}
    # the values are kept with it: no other can come to stand where one of them stands
    key = tuple(map(id, values.values()))
    kept = _compiled.get(key)
    if kept is None:
        while len(_compiled) >= _KEPT:
            _compiled.pop(next(iter(_compiled)))
        kept = _compiled[key] = (values, _compile(values))
    return kept[1]


def _compile(values: Mapping[str, Any]) -> Lexicon:
    blanks = frozenset(unicodedata.normalize("NFKC", word).lower() for word in values["V-BLANK"])
    return Lexicon(
        blanks=pa.array(sorted(blanks), TEXT),
        phones=PhoneReader(number_words(values["V-PHONE-PLACEHOLDER"]), _places(values)),
        roles=tuple(values["D-ROLE-MAILBOX"]),
        mail_placeholders=pa.array(sorted(values["V-EMAIL-PLACEHOLDER"]), TEXT),
        budgets=BudgetWords.of(values["V-BUDGET"]),
        forms=LegalForms.of(values["V-LEGAL-FORM"]),
        names=NameWords.of(values["V-COURTESY"], values["V-TEST-NAME"]),
        members=MemberReader.of(values["V-CHAIN-MEMBERS"]),
        words={name: lru_cache(_TEXTS)(meaning) for name, meaning in _meanings(values).items()},
    )


def _places(values: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    named = {region: words for region, words in values["V-PHONE-PLACES"].items() if words}
    return tuple((region, words[0], place_pattern(words)) for region, words in named.items())


def _meanings(values: Mapping[str, Any]) -> dict[str, Meaning]:
    """What reads a text of each field of words."""
    signs = values["V-TRADITIONAL"]
    simplified = str.maketrans(signs["traditional"], signs["simplified"])

    def compared(meaning: Meaning) -> Meaning:
        return lambda text: meaning(text.translate(simplified))

    found: dict[str, Meaning] = {
        "source": Vocabulary.of(values["V-SOURCE"]).find,
        "industry": Industries.of(*(values[f"V-INDUSTRY{part}"] for part in ("", "-CODE", "-READING"))).find,
        "region": Gazetteer.of(values["V-REGION"], values["V-REGION-UNSURE"]).city,
        "size": Sizes.of(values["V-SIZE"]).find,
        "urgency": Urgencies.of(*(values[name] for name in ("V-URGENCY", "F-TIME-UNITS", "V-URGENCY-LABEL"))).find,
    }
    return {name: compared(meaning) for name, meaning in found.items()}
