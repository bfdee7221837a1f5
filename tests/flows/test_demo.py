"""The demo: everything of the main job in one folder, told so that a person understands, and harmless again."""

import json
import re
import shlex
from pathlib import Path

import pytest

from flows.cli import run
from flows.console import OK

README = Path(__file__).parents[2] / "README.md"


def _demo(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["demo", "--direct", "--as-of", "2024-03-25T09:00"]) == OK
    return capsys.readouterr().out


def test_the_demo_ends_with_owned_leads_receipts_and_mails_and_a_second_run_says_nothing_was_new(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _demo(capsys)
    for told in (
        "新建线索",
        "有效",
        "待核实",
        "无效",
        "分给了谁",
        "主管",
        "助理",
        str(home / "receipts"),
        str(home / "mails"),
    ):
        assert told in first
    assert "没有新内容" not in first
    receipts = sorted(path.name for path in (home / "receipts").rglob("*回执.csv"))
    assert len(receipts) == 3
    mails = sorted((home / "mails").rglob("*.eml"))
    assert mails
    assert not list((home / "intake").rglob("*.csv"))

    again = _demo(capsys)
    assert "没有新内容" in again
    assert first[first.index("线索：判定与等级") :] == again[again.index("线索：判定与等级") :]
    assert sorted((home / "mails").rglob("*.eml")) == mails

    monkeypatch.setenv("LEADS_LANG", "en")
    english = _demo(capsys)
    assert "Nothing was new" in english
    assert "Who got what" in english

    # whoever ran the demo can run what the README says of its leads, from top to bottom
    lines = re.findall(r"^(?:\$ )?(leads [^#\n]*\$\{M\}[^#\n]*)", README.read_text("utf-8"), re.MULTILINE)
    assert len(lines) > 6
    for line in lines:
        words = shlex.split(line.replace("${M}", "XL202403").replace("$TODAY", "2024-03-25"))[1:]
        dated = [] if words[0] == "explain" else ["--as-of", "2024-03-25T15:00"]
        assert run([*words, *dated]) == OK, (line, capsys.readouterr().err)
    capsys.readouterr()
    assert run(["explain", "XL202403001", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["leads"][0]["status"] == "won"


def test_the_rows_of_the_samples_tie(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import csv
    import io

    from samples.make_samples import files

    text = [
        content.decode("utf-8-sig" if b"\xef\xbb\xbf" in content[:3] else enc) for content, enc in _decoded(files())
    ]
    rows = sum(any(row) for part in text for row in list(csv.reader(io.StringIO(part), delimiter=_delimiter(part)))[1:])
    assert f" {rows}" in _demo(capsys)


def _decoded(made: dict[str, bytes]) -> list[tuple[bytes, str]]:
    return [(content, "gb18030" if "合作伙伴" in name else "utf-8") for name, content in made.items()]


def _delimiter(text: str) -> str:
    return ";" if ";" in text.split("\n")[0] else ","
