"""Everything that cleaning takes from the rules, compiled once for a set of rules."""

import unicodedata
from dataclasses import dataclass

import pyarrow as pa

from config.schema import Rules
from tasks.rules.clean.budget_words import BudgetWords
from tasks.rules.clean.companies import LegalForms
from tasks.rules.clean.names import NameWords
from tasks.rules.clean.phone_text import PhoneReader, number_words
from tasks.rules.clean.regions import Gazetteer
from tasks.rules.clean.texts import TEXT, Text
from tasks.rules.clean.vocabulary import Sizes, Urgencies, Vocabulary

_KEPT = 4  # sets of rules; a what-if run alternates between two
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
    places: Gazetteer
    sources: Vocabulary
    industries: Vocabulary
    sizes: Sizes
    urgencies: Urgencies


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
        phones=PhoneReader(number_words(rules.value("V-PHONE-PLACEHOLDER"))),
        roles=tuple(rules.value("D-ROLE-MAILBOX")),
        mail_placeholders=pa.array(sorted(rules.value("V-EMAIL-PLACEHOLDER")), TEXT),
        budgets=BudgetWords.of(rules.value("V-BUDGET")),
        forms=LegalForms.of(rules.value("V-LEGAL-FORM")),
        names=NameWords.of(rules.value("V-COURTESY"), rules.value("V-TEST-NAME")),
        places=Gazetteer.of(rules.value("V-REGION")),
        sources=Vocabulary.of(rules.value("V-SOURCE")),
        industries=Vocabulary.of(rules.value("V-INDUSTRY")),
        sizes=Sizes.of(rules.value("V-SIZE")),
        urgencies=Urgencies.of(rules.value("V-URGENCY")),
    )
