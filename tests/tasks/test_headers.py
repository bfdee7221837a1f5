"""What column headers mean, as exports and form builders write them."""

import pytest

from config.loader import load_channels
from tasks.headers import known_headers
from tests.named_cases import load

HEADERS = known_headers(load_channels()["default"].synonyms)


@pytest.mark.parametrize("case", load("headers"), ids=lambda case: case["header"][:40])
def test_a_header_means_what_a_reader_takes_it_for(case: dict) -> None:
    assert HEADERS.meaning(case["header"]) == case["meaning"]


def test_every_known_header_keeps_its_meaning_in_a_question() -> None:
    zh = [name for name, meaning in HEADERS.names.items() if not name.isascii() and "." not in meaning]
    wrong = [name for name in zh if HEADERS.meaning(f"12、您的{name}？") not in (HEADERS.names[name], None)]
    assert wrong == []
