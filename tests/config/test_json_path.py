"""Places in the JSON of partners: nested lists, lists of named values, keys with blanks and dots."""

import pytest
from pydantic import TypeAdapter, ValidationError

from config.feed import Path, Single
from config.json_path import MISSING, at, items_at, one_at, text_at

RECORD = {
    "contacts": [
        {"type": "mobile", "value": "13912345678"},
        {"type": "email", "value": "a@b.cn"},
        {"type": "mobile", "value": "13712345678"},
        "odd",
    ],
    "fields": {"Company Name": "嘉兴精工", "utm.source": "展会"},
    "groups": [{"id": 1, "phones": [{"number": "1"}, {"number": "2"}]}],
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("contacts.0.value", "13912345678"),
        ("contacts.type=mobile.value", "13912345678 / 13712345678"),
        ("contacts.type=email.value", "a@b.cn"),
        ("contacts.*.type", "mobile / email / mobile"),
        ("groups.id=1.phones.*.number", "1 / 2"),
        ("fields.Company Name", "嘉兴精工"),
        ("fields.utm.source", "展会"),
    ],
)
def test_a_place_is_found_and_may_be_written_in_yaml(path: str, text: str) -> None:
    assert text_at(RECORD, TypeAdapter(Path).validate_python(path)) == text


@pytest.mark.parametrize("path", ["contacts.9", "contacts.type", "contacts.type=fax.value", "fields.x=y", "no.where"])
def test_what_is_not_there_is_missing(path: str) -> None:
    assert at(RECORD, path) is MISSING


@pytest.mark.parametrize("path", ["a..b", " a", "a ", ".a", "a.", "a\nb"])
def test_a_place_with_an_empty_step_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Path).validate_python(path)


PAGE = {
    "links": [{"rel": "self", "href": "/1"}, {"rel": "next", "href": "/2"}],
    "data": {"groups": [{"rows": [{"id": 1}, {"id": 2}]}, {"rows": [{"id": 3}]}], "none": []},
}


def test_one_place_is_the_first_of_the_items_that_it_chooses() -> None:
    assert one_at(PAGE, "links.rel=next.href") == "/2"
    assert one_at(PAGE, "links.rel=last.href") is MISSING
    assert one_at(PAGE, "links") == PAGE["links"]


def test_the_items_of_several_lists_are_one_list() -> None:
    assert items_at(PAGE, "data.groups.*.rows") == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert items_at(PAGE, "data.none") == []
    assert items_at(PAGE, "data.groups.*") == PAGE["data"]["groups"]


def test_a_place_that_must_be_one_takes_no_star() -> None:
    place = TypeAdapter(Single)
    assert place.validate_python("links.rel=next.href") == "links.rel=next.href"
    with pytest.raises(ValidationError, match="means many places"):
        place.validate_python("links.*.href")
