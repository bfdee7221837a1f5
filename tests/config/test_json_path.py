"""Places in the JSON of partners: nested lists, lists of named values, keys with blanks and dots."""

import pytest
from pydantic import TypeAdapter, ValidationError

from config.feed import Path
from config.json_path import MISSING, at, text_at

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
