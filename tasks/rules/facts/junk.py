"""Signals that a row is no buyer's. Each field gives one at most, so that two signals are independent.

A word that names a product (招聘管理系统, 毕业论文查重平台) is no signal.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from config.facts import JUNK
from config.schema import Rules
from tasks.rules.clean.texts import PATTERNS, Mask, Text, holding, matches, one_of, put, series, swap
from tasks.rules.facts.words import Folded, anywhere, read_once, whole

Bits = NDArray[np.int32]
_BIT = {signal: 1 << place for place, signal in enumerate(JUNK)}
# An address of mail or of a page names no company; only a text with one of these signs can be one.
_OF_ADDRESSES = np.isin(np.arange(256), [ord("@"), ord(".")])
_ADDRESS = r"^\S+@\S+\.\S+$|^(?:https?://|www\.)\S+$"
_NEED_SIGNALS = {"need_job_seeker": "F-JOB-SEEKER", "need_seller": "F-SELLER", "need_student": "F-STUDENT"}
_PAIRS = "F-NOT-BUYER-PAIRS"
# texts: compiling a pattern of so many words for the columns costs as much as reading these one by one
_FEW = 100


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
    hidden = rf"^(?:{one_of(words['begins'])}).{{0,6}}(?:公司|企业|集团|单位|工厂)$"
    person = rf"^..?(?:{one_of(words['titles'])})$"
    whole_name = rf"^(?:{one_of(words['whole'])})(?:\s*[(（][^()（）]*[)）])?$"
    # Digits only, or a single character, name nothing either.
    patterns = {
        "company_test": test_pattern(rules),
        "company_none": f"{whole_name}|^[^\\p{{L}}]*$|^.$|{hidden}|{person}",
    }

    def read(texts: Text) -> Bits:
        bits = _found(texts, patterns)
        address = (bits == 0) & holding(texts, _OF_ADDRESSES)
        address[address] = matches(texts.filter(pa.array(address)), _ADDRESS)
        bits[address] = _BIT["company_none"]
        return bits

    return read_once(rows.text("company"), read)


def _contact(rows: Folded, rules: Rules) -> Bits:
    either = f"{whole(rules.value('F-TEST-CONTACTS'))}|{test_pattern(rules)}"
    return _by_pattern(rows.text("contact"), {"contact_test": either})


def _title(rows: Folded, rules: Rules) -> Bits:
    return _by_pattern(rows.text("title"), {"title_outsider": whole(rules.value("F-OUTSIDER-TITLES"))})


def _need(rows: Folded, rules: Rules) -> Bits:
    signals = {signal: _signal(signal, rules) for signal in _NEED_SIGNALS}

    def read(texts: Text) -> Bits:
        bits = _found(texts, {"need_test": test_pattern(rules)})
        # The word lists are long: one look for any of them, then the few texts that have one.
        near = matches(texts, _near(rules)) & (bits == 0)
        if near.any():
            part = _without_products(texts.filter(pa.array(near)), rules)
            found = _found(part, signals, search)
            sells = found == _BIT["need_seller"]
            sells[sells] = _buys(part.filter(pa.array(sells)), rules)
            bits[near] = np.where(sells, 0, found)
        return bits

    return read_once(rows.text("need"), read)


def _near(rules: Rules) -> str:
    """A pattern for a word of any signal, or both words of a pair however far apart.

    The pairs with their gaps cost as much as a hundred of these, so only what this leaves is looked at for them.
    """
    pairs = [pair for one in rules.value(_PAIRS).values() for pair in one]
    apart = [rf"{anywhere(pair['first'])}[\s\S]*{anywhere(pair['then'])}" for pair in pairs]
    return "|".join([anywhere(_listed(rules)), *apart])


def _listed(rules: Rules) -> list[str]:
    return [word for rule_id in _NEED_SIGNALS.values() for word in rules.value(rule_id)]


def _signal(signal: str, rules: Rules) -> str:
    """A pattern for a word of the signal, or for two that stand near each other in one sentence."""
    pairs = [_pair(**pair) for pair in rules.value(_PAIRS).get(signal, ())]
    return "|".join([anywhere(rules.value(_NEED_SIGNALS[signal])), *pairs])


def _pair(first: tuple[str, ...], then: tuple[str, ...], gap: int, but: str, within: str) -> str:
    behind = rf"(?:$|[^{re.escape(but)}])" if but else ""
    ends = "。；;!！\\n" + ("，,、" if within == "clause" else "")
    return rf"{anywhere(first)}[^{ends}]{{0,{gap}}}?{anywhere(then)}{behind}"


def _without_products(texts: Text, rules: Rules) -> Text:
    # a pattern of so many words costs as much as many texts: only what names a product is looked at
    named = matches(texts, one_of(rules.value("F-PRODUCT-WORDS")))
    return put(texts, named, lambda part: swap(part, _product_pattern(rules), ""))


def _buys(texts: Text, rules: Rules) -> Mask:
    """Where somebody says what his company does and then what it needs (我司主营钢材，需要ERP), or begins with it."""
    words = rules.value("F-BUYS")
    # «需要的联系我», «贵司需要吗» ask whether somebody else needs it
    asks = "[^的吗么请可联您贵你者]"
    seller = _signal("need_seller", rules)
    clause = rf"[，,。；;、\s]\s*(?:{one_of(words['clause'])}){asks}"
    later = rf"(?:{seller})[\s\S]*?(?:{anywhere(words['then'])}|{clause})"
    return search(texts, rf"^(?:{one_of(words['begins'])}){asks}|{later}")


def _product_pattern(rules: Rules) -> str:
    words = one_of(word.lower() for word in _listed(rules) if word not in rules.value("F-OFFERS"))
    gap = int(rules.value("F-PRODUCT-GAP"))
    products = rules.value("F-PRODUCT-WORDS")
    # an application is no app
    latin, rest = (one_of(word for word in products if word.isascii() is known) for known in (True, False))
    return rf"(?:{words})[\p{{L}} ]{{0,{gap}}}(?:{rest}|(?:{latin})(?:[^a-z]|$))"


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


def _found(texts: Text, patterns: dict[str, str], found: Callable[[Text, str], Mask] = matches) -> Bits:
    """The bit of the first pattern that each text matches, else 0."""
    bits = np.zeros(len(texts), dtype=np.int32)
    for signal, pattern in patterns.items():
        bits[(bits == 0) & found(texts, pattern)] = _BIT[signal]
    return bits


def search(texts: Text, pattern: str, few: int = _FEW) -> Mask:
    """Return where the pattern is found, as `matches`; for a few texts it is not compiled anew each time."""
    if len(texts) > few:
        return matches(texts, pattern)
    return np.array([_compiled(pattern).search(text) is not None for text in texts.to_pylist()], dtype=bool)


@lru_cache(PATTERNS)
def _compiled(pattern: str) -> re.Pattern[str]:
    # words and spaces as RE2 knows them
    return re.compile(pattern, re.ASCII)


def _joined(bits: Bits, index: pd.Index) -> pd.Series:
    kinds = np.flatnonzero(np.bincount(bits))
    place = np.zeros(int(kinds[-1]) + 1 if len(kinds) else 1, dtype=np.int32)
    place[kinds] = np.arange(len(kinds))
    texts = ["|".join(signal for signal in JUNK if kind & _BIT[signal]) for kind in kinds.tolist()]
    return series(pa.array(texts, pa.large_string()).take(pa.array(place[bits])), index)
