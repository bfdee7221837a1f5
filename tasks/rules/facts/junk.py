"""Signals that a row is no buyer's. Each field gives one at most, so that two signals are independent.

A word that names a product (招聘管理系统, 毕业论文查重平台) is no signal.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from config.facts import JUNK
from config.schema import Rules
from tasks.rules.clean.texts import Text, matches, one_of, put, series, swap
from tasks.rules.facts.words import Folded, anywhere, read_once, whole

Bits = NDArray[np.int32]
_BIT = {signal: 1 << place for place, signal in enumerate(JUNK)}
_ADDRESS = r"^\S+@\S+\.\S+$|^(?:https?://|www\.)\S+$"
_NEED_SIGNALS = {"need_job_seeker": "F-JOB-SEEKER", "need_seller": "F-SELLER", "need_student": "F-STUDENT"}


def junk_signals(rows: Folded | pd.DataFrame, rules: Rules) -> pd.Series:
    """The codes of a row's signals joined by `|`, in the order of config.facts.JUNK; '' where there is none."""
    rows = rows if isinstance(rows, Folded) else Folded(rows)
    bits = np.zeros(len(rows.index), dtype=np.int32)
    for of_field in (_company, _contact, _need, _title, _phone, _email):
        bits |= of_field(rows, rules)
    return _joined(bits, rows.index)


def test_pattern(rules: Rules) -> str:
    """A pattern for a text made of test words and of what usually stands beside them."""
    words = rules.value("F-TEST-WORDS")
    beside = rf"(?:{one_of(words['beside'])}|[^\p{{L}}])*"
    test = one_of(words["words"])
    return rf"^{beside}(?:{test})(?:{test}|{one_of(words['beside'])}|[^\p{{L}}])*$"


def _company(rows: Folded, rules: Rules) -> Bits:
    words = rules.value("F-NO-COMPANY")
    hidden = rf"^(?:{one_of(words['begins'])})+[\p{{L}}]{{0,6}}?(?:有限)?(?:公司|企业|集团|单位|工厂)$"
    person = rf"^\p{{Han}}{{1,2}}(?:{one_of(words['titles'])})$"
    # Digits only, a single character, an address of mail or of a page name nothing either.
    nothing = (
        rf"^(?:{one_of(words['whole'])})(?:\s*[(（][^()（）]*[)）])?$|^[^\p{{L}}]*$|^.$|{hidden}|{person}|{_ADDRESS}"
    )
    return _by_pattern(rows.text("company"), {"company_test": test_pattern(rules), "company_none": nothing})


def _contact(rows: Folded, rules: Rules) -> Bits:
    either = f"{whole(rules.value('F-TEST-CONTACTS'))}|{test_pattern(rules)}"
    return _by_pattern(rows.text("contact"), {"contact_test": either})


def _title(rows: Folded, rules: Rules) -> Bits:
    return _by_pattern(rows.text("title"), {"title_outsider": whole(rules.value("F-OUTSIDER-TITLES"))})


def _need(rows: Folded, rules: Rules) -> Bits:
    lists = {signal: rules.value(rule_id) for signal, rule_id in _NEED_SIGNALS.items()}

    def read(texts: Text) -> Bits:
        bits = _found(texts, {"need_test": test_pattern(rules)})
        # The word lists are long: one look for any of them, then the few texts that have one.
        near = matches(texts, anywhere(word for words in lists.values() for word in words)) & (bits == 0)
        if near.any():
            part = _without_products(texts.filter(pa.array(near)), lists.values(), rules)
            part = _without_introduction(part, rules)
            bits[near] = _found(part, {signal: anywhere(words) for signal, words in lists.items()})
        return bits

    return read_once(rows.text("need"), read)


def _without_products(texts: Text, lists: Iterable[tuple[str, ...]], rules: Rules) -> Text:
    # a pattern of so many words costs as much as many texts: only what names a product is looked at
    named = matches(texts, anywhere(rules.value("F-PRODUCT-WORDS")))
    return put(texts, named, lambda part: swap(part, _product_pattern(lists, rules), ""))


def _without_introduction(texts: Text, rules: Rules) -> Text:
    """Who says what his company does and then what it needs (我司主营钢材，需要ERP) is no seller."""
    buys = anywhere(rules.value("F-BUYS"))
    seller = anywhere(rules.value("F-SELLER"))
    return put(texts, matches(texts, buys), lambda part: swap(part, rf"{seller}([\s\S]*{buys})", r"\1"))


def _product_pattern(lists: Iterable[tuple[str, ...]], rules: Rules) -> str:
    words = one_of(word.lower() for words in lists for word in words)
    gap = int(rules.value("F-PRODUCT-GAP"))
    return rf"(?:{words})[\p{{L}} ]{{0,{gap}}}{anywhere(rules.value('F-PRODUCT-WORDS'))}"


def _phone(rows: Folded, _: Rules) -> Bits:
    return np.where(rows.equals("phone_bad", "placeholder"), _BIT["phone_placeholder"], 0).astype(np.int32)


def _email(rows: Folded, rules: Rules) -> Bits:
    name = rf"^(?:{one_of(rules.value('F-TEST-MAILS'))})\d*@"
    test = matches(rows.text("email"), name) | rows.equals("email_bad", "placeholder")
    disposable = rows.equals("email_kind", "disposable")
    bits = np.where(disposable, _BIT["email_disposable"], np.where(test, _BIT["email_test"], 0))
    return bits.astype(np.int32)


def _by_pattern(texts: Text, patterns: dict[str, str]) -> Bits:
    return read_once(texts, lambda part: _found(part, patterns))


def _found(texts: Text, patterns: dict[str, str]) -> Bits:
    """The bit of the first pattern that each text matches, else 0."""
    bits = np.zeros(len(texts), dtype=np.int32)
    for signal, pattern in patterns.items():
        bits[(bits == 0) & matches(texts, pattern)] = _BIT[signal]
    return bits


def _joined(bits: Bits, index: pd.Index) -> pd.Series:
    kinds = np.flatnonzero(np.bincount(bits))
    place = np.zeros(int(kinds[-1]) + 1 if len(kinds) else 1, dtype=np.int32)
    place[kinds] = np.arange(len(kinds))
    texts = ["|".join(signal for signal in JUNK if kind & _BIT[signal]) for kind in kinds.tolist()]
    return series(pa.array(texts, pa.large_string()).take(pa.array(place[bits])), index)
