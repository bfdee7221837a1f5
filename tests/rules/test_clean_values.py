"""Named cases of every kind of value: how people write it, and what is read from it."""

from collections import Counter
from typing import Any

import pandas as pd
import pytest

from config.loader import load_config
from tasks.rules.clean import clean
from tests.named_cases import RECEIVED_AT, ZONE, each, load, one_row

RULES = load_config().rules.at(RECEIVED_AT.date())
#: Least number of written forms that each file of cases holds.
FORMS = {"phones": 25, "budgets": 25, "dates": 25, "emails": 10, "companies": 10, "names": 10, "regions": 10}


def _cleaned(field: str, text: str) -> pd.Series:
    return (
        clean(one_row({field: text}), RULES, RECEIVED_AT, ZONE)
        .iloc[0]
        .astype("object")
        .where(lambda row: row.notna(), None)
    )


@each("clean_phones")
def test_a_phone_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("phone", case["text"])
    assert (got["phone"], got["phone_kind"], got["phone_bad"]) == (case["phone"], case["kind"], case.get("bad"))
    assert (got["phone2"], got["phone2_kind"]) == (case.get("phone2"), case.get("kind2"))


@pytest.mark.parametrize(
    ("region", "text", "phone"),
    [
        ("台湾省台北市", "0912-345-678", "+886912345678"),
        ("台北市", "02-2345-6789", "+886223456789"),
        ("香港", "2345 6789", "+85223456789"),
        ("澳门", "66123456", "+85366123456"),
        ("香港", "13812345678", "13812345678"),
        ("香港", "0571-86012345转8012", "0571-86012345-8012"),
        ("浙江省", "66123456", None),
        ("浙江省", "0912345678", None),
    ],
)
def test_a_number_without_its_country_code_is_one_of_the_region_of_its_row(
    region: str, text: str, phone: str | None
) -> None:
    rows = pd.DataFrame({"phone": [text, None], "region": [region, region]}, dtype="str")
    got = clean(rows, RULES, RECEIVED_AT, ZONE)["phone"].astype("object")
    assert got.where(got.notna(), None).tolist() == [phone, None]


@each("clean_budgets")
def test_a_budget_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("budget", case["text"])
    assert (got["budget_min"], got["budget_max"]) == (case.get("min"), case.get("max"))
    assert got["budget_state"] == case["state"]


def test_the_number_of_a_list_is_no_figure_of_the_budget() -> None:
    # not among the cases, which hold for NFKC too: that makes 120万 of it
    assert _cleaned("budget", "①20万")["budget_min"] == 200_000


@each("clean_dates")
def test_a_time_of_contact_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("first_contact", case["text"])
    assert (got["first_contact"], got["date_bad"]) == (case["date"], case.get("bad"))


@each("clean_emails")
def test_an_address_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("email", case["text"])
    assert (got["email"], got["email_kind"], got["email_bad"]) == (case["email"], case.get("kind"), case.get("bad"))


@each("clean_companies")
def test_a_company_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("company", case["text"])
    assert (got["company"], got["company_key"]) == (case["company"], case["key"])


def test_an_address_longer_than_any_mail_server_takes_is_unreadable() -> None:
    most = "a" * (254 - len("@example.cn")) + "@example.cn"
    assert _cleaned("email", most)["email"] == most
    for text in (f"a{most}", f"邮箱：a{most}", f"{'a' * 9000}@example.cn"):
        got = _cleaned("email", text)
        assert (got["email"], got["email_kind"], got["email_bad"]) == (None, None, "text")


def test_a_company_key_of_any_name_fits_an_index_and_still_tells_names_apart() -> None:
    most = "精工机械" * 50
    assert _cleaned("company", f"{most}有限公司")["company_key"] == most
    long = "精工机械" * 2000
    keys = [_cleaned("company", text)["company_key"] for text in (f"{long}甲", f"{long}乙", f"{long}甲股份有限公司")]
    assert [len(key) <= 200 and key.startswith("精工机械") for key in keys] == [True] * 3
    assert (keys[0] == keys[2], keys[0] == keys[1]) == (True, False)
    assert _cleaned("company", f"{long}甲")["company"] == f"{long}甲"


@each("clean_names")
def test_a_name_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("contact", case["text"])
    assert (got["contact"], got["contact_key"]) == (case["contact"], case["key"])


@each("clean_regions")
def test_a_region_is_read(case: dict[str, Any]) -> None:
    got = _cleaned("region", case["text"])
    assert (got["region"], got["region_text"]) == (case["found"], case["text"])


@each("clean_words")
def test_a_word_of_a_vocabulary_is_read(case: dict[str, Any]) -> None:
    assert _cleaned(case["field"], case["text"])[case["field"]] == case["found"]


@pytest.mark.parametrize(("kind", "least"), FORMS.items(), ids=FORMS)
def test_many_written_forms_are_held(kind: str, least: int) -> None:
    texts = Counter(case["text"] for case in load(f"clean_{kind}"))
    assert len(texts) >= least
    assert [text for text, count in texts.items() if count > 1] == []
