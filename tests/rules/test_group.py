"""Who is the same person: the named cases, and that only the set of rows counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.group import group_rows
from tasks.rules.keys import hash_text

COMPANIES = 5


def groups(*people: tuple[str | None, str | None, str | None, str | None, str | None]) -> list[int]:
    """Group rows given as (mobile, personal e-mail, role mailbox, company, full name)."""
    keys = [(at, "m:" + row[0], "phone", True) for at, row in enumerate(people) if row[0]]
    keys += [(at, "e:" + row[1], "email", False) for at, row in enumerate(people) if row[1]]
    profile = pd.Series(pd.NA, index=range(len(people)), dtype="Int64")
    for at, row in enumerate(people):
        if row[3] and row[4]:
            profile[at] = hash_text(pd.Series([row[3] + "/" + row[4]], dtype="str"))[0]
    frame = pd.DataFrame(
        {
            "profile": profile,
            "company_key": pd.Series([row[3] for row in people], dtype="str"),
            "email": pd.Series([row[1] or row[2] for row in people], dtype="str"),
        }
    )
    made = pd.DataFrame(keys, columns=["row", "key", "kind", "mobile"]).astype({"row": "int64", "mobile": "bool"})
    return group_rows(frame, made, COMPANIES).label.tolist()


def same(labels: list[int], *rows: int) -> bool:
    return len({labels[row] for row in rows}) == 1


def test_rows_that_share_a_mobile_are_one_person_whatever_the_name():
    assert same(groups(("1", None, None, "X", "张伟"), ("1", None, None, "X", "张玮")), 0, 1)


def test_a_row_that_shares_one_key_with_each_of_two_people_joins_them():
    assert same(
        groups(("1", None, None, "X", "甲"), (None, "b", None, "Y", "乙"), ("1", "b", None, "X", "甲")), 0, 1, 2
    )


def test_the_same_name_at_the_same_company_joins_rows_that_do_not_contradict():
    assert same(
        groups(("1", None, None, "X", "甲"), (None, "b", None, "X", "甲"), (None, None, None, "X", "甲")), 0, 1, 2
    )


def test_two_mobiles_without_a_shared_mail_are_two_people_and_a_bare_row_joins_neither():
    labels = groups(("1", None, None, "X", "甲"), ("2", None, None, "X", "甲"), (None, None, None, "X", "甲"))
    assert len(set(labels)) == 3


@pytest.mark.parametrize("mail", [("a", None), (None, "sales@x")])
def test_two_mobiles_with_a_shared_mail_are_one_person(mail):
    labels = groups(("1", *mail, "X", "甲"), ("2", *mail, "X", "甲"), (None, None, None, "X", "甲"))
    assert same(labels, 0, 1, 2)


def test_the_same_name_elsewhere_is_somebody_else():
    assert not same(groups(("1", None, None, "X", "甲"), (None, "b", None, "Y", "甲")), 0, 1)


def test_a_number_seen_at_many_companies_joins_nobody():
    rows = [("1", None, None, f"X{at}", f"甲{at}") for at in range(COMPANIES)]
    assert len(set(groups(*rows))) == COMPANIES
    assert len(set(groups(*rows[:-1]))) == 1


row = st.tuples(
    st.sampled_from([None, "1", "2", "3"]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, "info"]),
    st.sampled_from([None, "X", "Y", "Z", "V", "W"]),
    st.sampled_from([None, "甲", "乙"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(row, min_size=1, max_size=14), st.randoms(use_true_random=False))
def test_only_the_set_of_rows_counts_not_their_order(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    straight = np.array(groups(*rows))
    shuffled = np.empty(len(rows), dtype=int)
    shuffled[order] = groups(*(rows[at] for at in order))
    assert pd.factorize(straight)[0].tolist() == pd.factorize(shuffled)[0].tolist()
