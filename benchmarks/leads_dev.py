"""How right values and verdicts are: `python -m benchmarks.leads_dev [--data FOLDER]`.

Loads lead files whose truth is known (leads-*.csv and truth.csv, a line a row) with `leads ingest --direct` under
`benchmarks/config_leads_dev`, exports the rows, and compares. Ends with one line of figures; exit code 1 when a bar
is missed, 2 where there are no such files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.measure import REPOSITORY, RunFailed, run_leads

COMPANY = REPOSITORY / "benchmarks" / "config_leads_dev"
# shares that must be reached
LEAST_KEPT, LEAST_VALID, LEAST_REFUSED, LEAST_AGREED = 0.99, 0.95, 0.98, 0.995
VALUES = ("phone", "email", "budget_min", "budget_max", "created")
_BLANKS = ("", "无", "暂无", "未填", "不详", "-", "/", "N/A", "待定", "待确认", "未知")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether the bars are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leads_dev", description=__doc__)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data" / "leads_dev")
    folder: Path = parser.parse_args(arguments).data
    files = sorted(folder.glob("leads-*.csv"))
    if not files or not (folder / "truth.csv").is_file():
        print(f"{folder} holds no leads-*.csv and truth.csv; name another folder with --data", file=sys.stderr)
        return 2
    try:
        rows = loaded(files)
    except RunFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    return report(compared(rows, read(folder / "truth.csv"), said_of(files)))


def loaded(files: Sequence[Path]) -> pd.DataFrame:
    """Load the files through the main job; the exported rows, text as it stands."""
    with tempfile.TemporaryDirectory(prefix="leadflow-dev-") as made:
        home, out = Path(made) / "home", Path(made) / "rows.csv"
        settings = {"LEADS_HOME": str(home), "LEADS_CONFIG": str(COMPANY), "LEADS_MAIL_MODE": "file"}
        run = run_leads(["ingest", "--direct", *map(str, files)], settings, Path(made))
        print(f"loaded in {run.seconds:.1f} s")
        run_leads(["export", "rows", "--out", str(out)], settings, Path(made))
        return read(out)


def read(path: Path) -> pd.DataFrame:
    """Read a CSV as text, blanks as empty text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def said_of(files: Sequence[Path]) -> pd.DataFrame:
    """What the rows themselves say of industry, need and budget, by the row's identifier."""
    parts = []
    for path in files:
        content = path.read_bytes()
        try:
            content.decode("utf-8-sig")
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "gb18030"
        parts.append(pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding))
    every = pd.concat(parts, ignore_index=True).set_index("外部编号")
    return every[["所属行业", "需求描述", "预算范围"]]


def compared(rows: pd.DataFrame, truth: pd.DataFrame, said: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Compare exported rows with the truth: figure → (share, least share)."""
    joined = truth.merge(rows, left_on="row_id", right_on="external_id", suffixes=("_true", ""), how="left")
    valid = joined["valid"] == "1"
    answered = ~said.reindex(joined["row_id"]).apply(lambda column: column.str.strip().isin(_BLANKS)).any(axis=1)
    asked = valid & answered.to_numpy()
    figures = {
        "outcomes": (_share(joined["outcome"].isin(["created", "merged", "updated", "rejected", "held"])), 1.0),
        "valid or to verify": (_share(joined.loc[valid, "verdict"].isin(["valid", "to_verify"])), LEAST_KEPT),
        "valid of the answered": (_share(joined.loc[asked, "verdict"] == "valid"), LEAST_VALID),
    }
    refused = (joined["verdict"] == "invalid") | (joined["outcome"] == "rejected")
    for reason in sorted(set(joined.loc[~valid, "reason"]) - {""}):
        figures[reason] = (_share(refused[joined["reason"] == reason]), LEAST_REFUSED)
    for value in VALUES:
        true, found = joined[f"{value}_true"], joined[value]
        if value.startswith("budget"):
            same = _numbers(true).eq(_numbers(found)) | (_numbers(true).isna() & _numbers(found).isna())
        else:
            same = true == found
        figures[value] = (_share(same), LEAST_AGREED)
    leads = joined[joined["lead"] != ""]
    figures["apart what is apart"] = (_share(leads.groupby("lead")["entity_id"].nunique() == 1), 1.0)
    figures["owned"] = (_share(leads.loc[leads["verdict"].isin(["valid", "to_verify"]), "owner"] != ""), LEAST_KEPT)
    return figures


def report(figures: dict[str, tuple[float, float]]) -> int:
    """Print what was measured, the last line on its own; the exit code."""
    for name, (share, least) in figures.items():
        print(f"  {name:<26}{share:9.3%}  least {least:.1%}{'' if share >= least else '  MISSED'}")
    missed = [name for name, (share, least) in figures.items() if share < least]
    closing = " ".join(f"{name.replace(' ', '_')}={share:.4f}" for name, (share, _) in figures.items())
    print(f"leads_dev {closing} | {'MISSED ' + ', '.join(missed) if missed else 'bars met'}")
    return 1 if missed else 0


def _share(hits: pd.Series) -> float:
    return float(hits.mean()) if len(hits) else 1.0


def _numbers(text: pd.Series) -> pd.Series:
    return pd.to_numeric(text, errors="coerce")


if __name__ == "__main__":
    sys.exit(main())
