"""Exports of other CRMs as they come: which rows become leads, and what the receipt says of the others."""

import json
from pathlib import Path

import pytest

from config.loader import load_config
from config.settings import Settings
from flows.cli import run
from flows.look import look
from flows.request import Request
from tests.prepared import AS_OF

# layout: (text, rows that are taken, rows that are rejected)
EXPORTS = {
    "hubspot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Lead Status,Create Date,Original Source\n"
        "11,Ann,Lee,ann@a-demo.com,+1 212-555-2001,NEW,2024-01-15 10:00:00,ORGANIC_SEARCH\n"
        "12,Bo,Chen,bo@b-demo.com,,OPEN,2024-01-16 11:00:00,PAID_SEARCH\n",
        0,
        2,
    ),
    "hubspot with companies": (
        "Record ID,First Name,Last Name,Email,Company Name,Create Date\n"
        "11,Ann,Lee,ann@a-demo.com,Acme Tools Ltd,2024-01-15 10:00:00\n12,Bo,Chen,bo@b-demo.com,,2024-01-16 11:00:00\n",
        1,
        1,
    ),
    "salesforce": (
        "Lead ID,FirstName,LastName,Email,Phone,Company,LeadSource,Status,OwnerId\n"
        "00QA1,Jo,Doe,jo@acme-demo.com,212-555-3001,Acme Corp,Web,Open - Not Contacted,005xx\n"
        "00QA2,,Unknown,invalid,,Gamma Inc,Cold Call,Closed - Not Converted,005xx\n",
        1,
        1,
    ),
    "zoho": (
        "Lead Name,Email,Phone,Lead Source,Lead Owner,Lead Status,Industry\n"
        "Ra Mo,ra@zo-demo.in,9876543210,Website,Ru Sh,Contacted,Real Estate\n",
        0,
        1,
    ),
    "mautic": (
        "title,firstname,lastname,city,email,phone,company,ip,points\n"
        "Mrs.,Pen,Moo,HEWELSFIELD,pen@day-demo.com,070 7086 0753,Williams Bros.,44.242.120.158,100\n"
        ",,,Port Elizabeth,,,,34.245.44.224,0\n",
        1,
        1,
    ),
    "mautic import": ("firstname,lastname,company,email\nAri, N., Enterprise Example, ari@ex-demo.com\n", 1, 0),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_rows_without_a_company_or_a_way_to_reach_anybody_are_rejected(tmp_path: Path, name: str) -> None:
    text, taken, rejected = EXPORTS[name]
    (tmp_path / "export.csv").write_text(text, "utf-8")
    settings = Settings(_env_file=None, home=tmp_path / "home")
    (seen,) = look(Request((tmp_path / "export.csv",), None, AS_OF, dry_run=True), settings, load_config()).files
    assert seen.counts == {"readable": taken, "rejected": rejected}


def test_the_receipt_says_that_the_company_is_missing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(EXPORTS["zoho"][0], "utf-8")
    assert run(["ingest", "--direct", str(tmp_path / "export.csv")]) == 0
    (receipt,) = (home / "receipts" / "default").glob("*回执.csv")
    assert "必须填写公司名称，否则无法建立线索（表中没有这一列，C-COMPANY）" in receipt.read_text("utf-8-sig")


def test_a_dry_run_names_each_rejected_row_with_all_reasons(home: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "export.csv").write_text(EXPORTS["mautic"][0], "utf-8")
    assert run(["ingest", "--dry-run", "--direct", "--json", str(tmp_path / "export.csv")]) == 0
    (row,) = json.loads(capsys.readouterr().out)["files"][0]["rejected_rows"]
    assert (row["sheet"], row["line"]) == ("", 3)
    assert {"C-COMPANY", "C-REACH", "C-CONTACT"} <= set(row["rules"])
    assert run(["ingest", "--dry-run", "--direct", str(tmp_path / "export.csv")]) == 0
    assert "export.csv 第 3 行：必须填写公司名称，否则无法建立线索；电话和邮箱" in capsys.readouterr().out
    assert not (home / "leadflow.db").exists()
