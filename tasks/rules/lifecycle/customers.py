"""Numbers and tags of companies (H3-numbers, H3-1-grade)."""

import numpy as np
import pandas as pd

from config.schema import Rules

NUMBER, CODES, TAGS = "L-CUSTOMER-NUMBER", "L-REGION-CODES", "L-TAGS"
_OTHER, _COMPLEX = "其他", "决策链复杂"


def number_prefixes(regions: pd.Series, year: int, month: int, rules: Rules) -> pd.Series:
    """What the number of each company begins with: HZ2024, or 202405-; same index."""
    if rules.value(NUMBER) == "month":
        return pd.Series(f"{year}{month:02d}-", index=regions.index, dtype="str")
    codes: dict[str, str] = rules.value(CODES)
    place, uniques = pd.factorize(regions.fillna("").astype("object"))
    # a city stands before its province in the list
    found = [next((code for name, code in codes.items() if name in str(text)), codes[_OTHER]) for text in uniques]
    named = np.array(found, dtype=object)[place] if len(found) else np.array([], dtype=object)
    return pd.Series(named, index=regions.index).astype("str") + str(year)


def tags_of(leads: pd.DataFrame, rules: Rules) -> pd.Series:
    """The tags of each lead's company, joined by |: from company, need and chain; same index."""
    found = pd.Series("", index=leads.index, dtype="str")
    for tag, words in rules.value(TAGS).items():
        fits = _many(leads["chain"], int(words[0])) if tag == _COMPLEX else _named(leads, words)
        found = found.where(~fits, found + "|" + tag)
    return found.str.slice(1)


def _named(leads: pd.DataFrame, words: tuple[str, ...]) -> np.ndarray:
    pattern = "|".join(words)
    found = np.zeros(len(leads), dtype=bool)
    for column in ("company", "need"):
        texts = leads[column].fillna("").astype("str")
        found |= texts.str.contains(pattern, regex=True).to_numpy(dtype=bool)
    return found


def _many(chains: pd.Series, least: int) -> np.ndarray:
    """Which chains name so many people or units."""
    parts = chains.fillna("").astype("str").str.count(r"[、,，;；/→>]+") + 1
    return ((parts >= least) & chains.notna()).to_numpy(dtype=bool)
