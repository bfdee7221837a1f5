"""Signals that a row is no buyer's. Each field gives one at most, so that two signals are independent."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from config.facts import JUNK
from config.schema import Rules
from tasks.rules.clean.texts import Mask, Text, holding, mask_of, matches, one_of, series
from tasks.rules.facts.not_buyers import SIGNALS, need_signals
from tasks.rules.facts.words import Folded, read_once, whole

Bits = NDArray[np.int32]
_BIT = {signal: 1 << place for place, signal in enumerate(JUNK)}
# An address of mail or of a page names no company; only a text with one of these signs can be one.
_OF_ADDRESSES = np.isin(np.arange(256), [ord("@"), ord(".")])
_CROSSES = r"(?:^|[^a-z])x{2,}(?:[^a-z]|$)|[*×○]{2,}|某某"
_ADDRESS = r"^\S+@\S+\.\S+$|^(?:https?://|www\.)\S+$"


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
    kinds = rules.value("F-COMPANY-KINDS")
    ends = one_of([*kinds["ends"], *kinds["hidden_ends"]])
    # crosses or stars where a name stood, or a kind of company and no name
    kind = rf"(?:{one_of(kinds['adjectives'])})?(?:{one_of(kinds['kinds'])}){{0,2}}(?:{one_of(kinds['ends'])})$"
    hidden = rf"^(?:{one_of(words['begins'])}).{{0,6}}(?:{ends})$|^\p{{Han}}{{2,4}}某{kind}|{_CROSSES}"
    person = rf"^..?(?:{one_of(words['titles'])})$"
    whole_name = rf"^(?:{one_of(words['whole'])})(?:\s*[(（][^()（）]*[)）])?$"
    # Digits only, or a single character, name nothing either.
    patterns = {
        "company_test": f"{test_pattern(rules)}|{whole(rules.value('F-TEST-CONTACTS'))}",
        "company_none": f"{whole_name}|^[^\\p{{L}}]*$|^.$|{hidden}|^{kind}|{person}",
    }

    def read(texts: Text) -> Bits:
        bits = _found(texts, patterns)
        address = (bits == 0) & holding(texts, _OF_ADDRESSES)
        address[address] = matches(texts.filter(pa.array(address)), _ADDRESS)
        bits[address] = _BIT["company_none"]
        return bits

    bits = read_once(rows.text("company"), read)
    bits[(bits == 0) & _own_name(rows, rules)] = _BIT["company_none"]
    return bits


def _own_name(rows: Folded, rules: Rules) -> Mask:
    """Where the company is the contact once more, and that is a person's name."""
    company, contact = rows.text("company"), rows.text("contact")
    same = mask_of(pc.equal(company, contact))
    if same.any():
        words = rules.value("V-CHAIN-MEMBERS")
        name = rf"^(?:{one_of(words['double'])}|[{words['surnames']}])\p{{Han}}{{1,2}}$"
        same[same] = matches(company.filter(pa.array(same)), name)
    return same


def _contact(rows: Folded, rules: Rules) -> Bits:
    either = f"{whole(rules.value('F-TEST-CONTACTS'))}|{test_pattern(rules)}"
    return _by_pattern(rows.text("contact"), {"contact_test": either})


def _title(rows: Folded, rules: Rules) -> Bits:
    return _by_pattern(rows.text("title"), {"title_outsider": whole(rules.value("F-OUTSIDER-TITLES"))})


def _need(rows: Folded, rules: Rules) -> Bits:
    bits = _by_pattern(rows.text("need"), {"need_test": test_pattern(rules)})
    signals = need_signals(rows, rules)
    found = (bits == 0) & (signals >= 0)
    bits[found] = np.array([_BIT[signal] for signal in SIGNALS], dtype=np.int32)[signals[found]]
    return bits


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
