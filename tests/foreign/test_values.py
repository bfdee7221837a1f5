"""Amounts, dates, results and stages as other systems write them."""

from typing import Any

import pandas as pd
import pytest

from config.history import History
from tasks.rules.foreign.amounts import read_amounts
from tasks.rules.foreign.counted import counted_rows
from tasks.rules.foreign.dates import read_moments
from tasks.rules.foreign.leads import foreign_leads
from tasks.rules.foreign.stages import stage_order
from tasks.rules.foreign.tables import Problems, join, part_of

SHANGHAI = "Asia/Shanghai"


def amounts(*texts: str, decimal: Any = "auto") -> list[Any]:
    read = read_amounts(pd.Series(texts, dtype="str"), decimal)
    return [None if pd.isna(value) else value for value in read.values]


def moments(*texts: str, forms: tuple[str, ...] = ("auto",), zone: str = SHANGHAI) -> list[str]:
    read = read_moments(pd.Series(texts, dtype="str"), forms, zone, SHANGHAI)
    assert read.fault is None
    return [str(at) for at in read.at]


def leads(mapping: dict[str, Any], *files: tuple[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Read files that are written as lines of cells between commas."""
    history = History.model_validate({"system": "crm", **mapping})
    problems, parts = Problems(), []
    for file, (name, written) in zip(history.files, files, strict=True):
        header, *rows = [line.split(",") for line in written.strip().splitlines()]
        frame = pd.DataFrame(rows, columns=[f"c{at}" for at in range(len(header))], dtype="str")
        table = (name, header, frame.assign(line=range(2, len(rows) + 2)))
        part = part_of(file, [table], history.blank, problems)
        parts.append(counted_rows(part, file, history, SHANGHAI, problems))
    found = foreign_leads(join(parts, history, problems), history, SHANGHAI, problems)
    return found, [str(one) for one in problems.listed]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.56", 1234.56), ("1.234,56 €", 1234.56), ("1 234,56", 1234.56), ("(300)", -300), ("-5", -5),
        ("USD 300", 300), ("25万", 250_000), ("1.5M", 1_500_000), ("12,5", 12.5), ("1,234", 1234),
        ("1,234,567", 1234567),
        ("", None), ("soon", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_by_itself(text: str, value: float | None) -> None:
    assert amounts(text) == [value]


def test_one_mark_before_three_digits_is_read_as_the_column_shows() -> None:
    assert amounts("1.234", "99") == [1.234, 99]
    assert amounts("1.234", "2.500,10") == [1234, 2500.10]
    assert amounts("1.234", decimal=",") == [1234]
    assert read_amounts(pd.Series(["£5", "7 EUR", "9"], dtype="str")).currency.fillna("").tolist() == ["GBP", "EUR", ""]


def test_day_and_month_follow_from_the_column() -> None:
    assert moments("03/04/2017", "25/03/2017") == ["2017-04-02 16:00:00", "2017-03-24 16:00:00"]
    assert moments("03/04/2017", "3/25/2017 3:05 PM") == ["2017-03-03 16:00:00", "2017-03-25 07:05:00"]
    assert moments("03/04/2017", forms=("day-first",)) == ["2017-04-02 16:00:00"]
    assert moments("17|03|04", forms=("%d.%m.%Y", "%y|%m|%d")) == ["2017-03-03 16:00:00"]
    for texts in (["03/04/2017"], ["25/03/2017", "03/25/2017"]):
        fault = read_moments(pd.Series(texts, dtype="str"), ("auto",), SHANGHAI, SHANGHAI).fault
        assert fault
        assert "say dates" in fault


def test_a_year_of_two_digits_between_dots_is_one() -> None:
    assert moments("13.10.17", "1.2.18 08:30") == ["2017-10-12 16:00:00", "2018-02-01 00:30:00"]


def test_a_time_is_of_its_own_zone_and_a_day_is_that_day() -> None:
    assert moments("2024-01-15T16:30:00Z", zone="Europe/Berlin") == ["2024-01-15 16:30:00"]
    assert moments("2024-01-15 16:30", zone="Europe/Berlin") == ["2024-01-15 15:30:00"]
    assert moments("2024-01-15", zone="America/New_York") == ["2024-01-14 16:00:00"]
    assert moments("2024-01-15 00:00:00", "", zone="America/New_York")[0] == "2024-01-14 16:00:00"


def test_results_are_told_by_truth_values_filled_cells_and_bounds() -> None:
    mapping = {
        "fields": {"id": "id"},
        "result": [
            {"when": {"won?": True}, "then": "won"},
            {"when": {"closed": {"filled": True}}, "then": "lost"},
            {"when": {"probability": {"at_most": 0}}, "then": "lost"},
            {"then": "open"},
        ],
    }
    found, faults = leads(mapping, ("a.csv", "id,Won?,Closed,Probability\n1,Yes,,\n2,0,2024,\n3,no,NULL,0%\n4,,,60%"))
    assert faults == []
    assert found["result"].tolist() == ["won", "lost", "lost", "open"]


def test_a_lost_stage_stands_before_the_won_one_wherever_it_is_listed() -> None:
    mapping = {
        "system": "crm",
        "fields": {"id": "id"},
        "result": {"column": "Stage", "won": "Closed Won", "lost": "Closed Lost"},
        "stage": {"column": "Stage", "order": ["New", "Offer", "Closed Won", "Closed Lost"]},
    }
    assert stage_order(History.model_validate(mapping)) == (["New", "Offer", "closed", "Closed Won"], ["Closed Won"])
    text = "id,Stage\n1,Closed Won\n2,closed lost\n3,Offer\n4,Elsewhere"
    found, faults = leads(mapping, ("a.csv", text))
    assert found["place"].tolist() == [3, 2, 1, -1]
    assert faults == ["a.csv:5: Stage (stage): 'Elsewhere' is not in its order"]


def test_a_won_lead_has_passed_the_stage_that_is_said_and_a_lost_one_has_not() -> None:
    mapping = {
        "fields": {"id": "id"},
        "result": {"column": "status", "won": "won", "lost": "lost", "open": "open"},
        "stage": {"column": "stage", "order": ["New", "Offer"]},
    }
    found, faults = leads(mapping, ("a.csv", "id,stage,status\n1,New,won\n2,New,lost\n3,,lost\n4,Offer,open"))
    assert faults == []
    assert found[["stage", "place"]].to_numpy().tolist() == [["won", 3], ["New", 0], ["closed", 2], ["Offer", 1]]


def test_a_column_for_each_stage_tells_the_furthest_one_that_was_entered() -> None:
    mapping = {
        "fields": {"id": "id"},
        "result": [{"when": {"won": True}, "then": "won"}, {"when": {"over": True}, "then": "lost"}, {"then": "open"}],
        "stage": {"entered": {"New": "in new", "Offer": "in offer", "closed-won": "in won"}},
    }
    rows = ("1,x,,x,1,1", "2,x,x,,0,0", "3,,x,x,0,1", "4,,,,0,1", "5,,,,0,0", "6,x,,,0,0")
    found, faults = leads(mapping, ("a.csv", "\n".join(("id,in new,in offer,in won,won,over", *rows))))
    assert faults == []
    # one that was lost has not come to what only won ones have, though it is filled
    assert found["stage"].tolist() == ["closed-won", "Offer", "Offer", "closed", "", "New"]


_HISTORY = """
id,stage,on
1,Offer,2024-03-05
2,Lost,2024-02-01
1,New,2024-03-01
2,New,2024-01-01
1,Won,2024-04-01
2,Talk,2024-01-09
3,New,2024-05-01
3,Gone,
"""


def test_a_history_of_rows_gives_first_and_last_day_and_the_furthest_stage() -> None:
    whole = {"several": "last", "order": "on"}
    mapping = {
        "files": [
            {"name": "last", "only": {"stage": ["New", "Talk", "Offer", "Won", "Lost"]}, **whole},
            {"name": "first", "join": {"id": "id"}, "several": "first", "order": "on"},
            {"name": "far", "join": {"id": "id"}, "several": "furthest"},
        ],
        "fields": {"id": "id", "created": "first.on", "closed": "last.on"},
        "result": {"column": "last.stage", "won": "Won", "lost": "Lost"},
        "stage": {"column": "far.stage", "order": ["New", "Talk", "Offer", "Won"]},
    }
    found, faults = leads(mapping, *[("h.csv", _HISTORY)] * 3)
    assert faults == []
    by_id = found.set_index("external_id").sort_index()
    assert by_id["result"].tolist() == ["won", "lost", "open"]
    assert by_id["stage"].tolist() == ["Won", "Talk", "New"]
    assert by_id["created_at"].dt.tz_localize("UTC").dt.tz_convert(SHANGHAI).dt.strftime("%m-%d").tolist() == [
        "03-01", "01-01", "05-01",
    ]  # fmt: skip
    assert by_id["at"].dt.tz_localize("UTC").dt.tz_convert(SHANGHAI).dt.strftime("%m-%d").tolist()[:2] == [
        "04-01", "02-01",
    ]  # fmt: skip


def test_of_several_versions_of_a_record_the_last_counts_and_deleted_ones_do_not() -> None:
    mapping = {
        "files": [{"name": "deals", "only": {"deleted": False}, "several": "last", "order": "version"}],
        "fields": {"id": "id", "owner": "owner"},
    }
    text = "id,owner,version,deleted\n1,Ann,10,no\n1,Bo,9,no\n2,Cy,1,yes\n3,Di,1,no"
    found, faults = leads(mapping, ("a.csv", text))
    assert (found["external_id"].tolist(), found["owner"].tolist(), faults) == (["3", "1"], ["Di", "Ann"], [])


def test_what_rows_cannot_be_chosen_by_is_told_with_its_place() -> None:
    mapping = {
        "files": [{"name": "deals", "only": {"gone": False}, "several": "last", "order": "version"}],
        "fields": {"id": "id"},
    }
    _, faults = leads(mapping, ("a.csv", "id,version\n1,soon\n1,2024-01-02"))
    assert faults == [
        "a.csv: gone: there is no such column; there are: id, version",
        "a.csv:2: version: 'soon' is no date or number to be ordered by",
    ]


def test_files_are_joined_by_key_and_what_fits_nothing_is_told() -> None:
    mapping = {
        "files": [
            {"name": "deals", "file": "a.csv", "replace": {"product": {"GTXPro": "GTX Pro"}}},
            {"name": "products", "join": {"product": "product"}},
        ],
        "fields": {"id": "id", "product": "products.series", "reason": {"columns": ["why", "other"]}},
    }
    first = ("a.csv", "id,product,why,other\n1,GTXPro,,price\n2,gtx pro,delay,\n3,None,,")
    found, faults = leads(mapping, first, ("products.csv", "Product,Series\nGTX Pro,GTX\nMG,M"))
    assert faults == []
    assert found["product"].tolist() == ["GTX", "GTX", ""]
    assert found["reason"].tolist() == ["price", "delay", ""]
    double = ("products.csv", "Product,Series\nGTX Pro,GTX\nGTX Pro,X")
    assert "products.csv:3: product:" in leads(mapping, first, double)[1][0]
    mapping["files"][1]["several"] = "last"
    assert leads(mapping, first, double)[0]["product"].tolist() == ["X", "X", ""]


def test_ids_are_there_and_once() -> None:
    mapping = {"fields": {"id": "id", "owner": "owner", "size": {"column": "staff", "bands": [10, 50]}}}
    text = "id,owner,staff\n1,A,9\n1,A,9\n2,B,10\n2,C,60\n,D,1"
    found, faults = leads(mapping, ("a.csv", text))
    assert found[["external_id", "size"]].to_numpy().tolist() == [["1", "<10"], ["2", "10-49"]]
    assert faults == [
        "a.csv:6: id: is blank",
        "a.csv:5: id: '2 a.csv:4' says something else (id and place); say several: first, last or furthest",
    ]


def test_the_expected_day_of_an_open_lead_does_not_count() -> None:
    mapping = {"fields": {"id": "id", "closed": "close"}, "result": {"column": "s", "won": "W", "lost": "L"}}
    found, _ = leads(mapping, ("a.csv", "id,close,s\n1,2030-01-01,open\n2,2024-01-02,W"))
    assert found["at"].isna().tolist() == [True, False]


def test_several_keys_in_a_cell_and_a_name_in_two_columns() -> None:
    mapping = {
        "files": [{"name": "deals", "file": "exports/a.csv"}, {"name": "people", "join": {"id": "who"}, "split": ";"}],
        "fields": {"id": "deal", "owner": {"columns": ["first", "last"], "separator": " "}},
    }
    people = ("people.csv", "id,first,last\n7,Ann,Lee\n8,Bo,")
    found, faults = leads(mapping, ("a.csv", "deal,who\n1,7;8\n2,8\n3,"), people)
    assert faults == []
    assert found["owner"].tolist() == ["Ann Lee", "Bo", ""]
    assert History.model_validate({"system": "x", **mapping}).files[0].pattern == "a.csv"


def test_a_wrong_column_of_a_join_is_told_though_another_file_is_joined_to_it() -> None:
    mapping = {
        "files": [{"name": "a"}, {"name": "b", "join": {"no such": "key"}}, {"name": "c", "join": {"team": "team"}}],
        "fields": {"id": "id", "region": "region"},
    }
    _, faults = leads(mapping, ("a.csv", "id,key\n1,k"), ("b.csv", "key,team\nk,t"), ("c.csv", "team,region\nt,East"))
    assert faults == ["b.csv: no such: there is no such column; there are: key, team"]


def test_numbers_join_whether_or_not_they_have_a_fraction_of_nothing() -> None:
    mapping = {"files": [{"name": "a"}, {"name": "b", "join": {"key": "key"}}], "fields": {"id": "id", "team": "team"}}
    found, faults = leads(mapping, ("a.csv", "id,key\n1,12.0\n2,"), ("b.csv", "key,team\n12,North\n13,South"))
    assert (found["team"].tolist(), faults) == (["North", ""], [])


def test_where_there_is_no_id_the_place_of_a_row_is_one() -> None:
    mapping = {"fields": {"id": {"line": True}, "owner": "owner"}}
    found, faults = leads(mapping, ("a.csv", "owner\nAnn\nAnn"))
    assert (found["external_id"].tolist(), faults) == (["a.csv:2", "a.csv:3"], [])
    with pytest.raises(ValueError, match="for the id alone"):
        leads({"fields": {"id": "owner", "team": {"line": True}}}, ("a.csv", "owner\nAnn"))
