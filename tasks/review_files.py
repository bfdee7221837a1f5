"""The files of a review: each dataset as CSV and Parquet, all of them as a workbook; the same data, the same bytes."""

import hashlib
import importlib.metadata
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.guard import guarded_text
from tasks.whole_file import whole_file

#: What the bytes of the files depend on beside the data.
MADE_WITH = ("leadflow", "pandas", "numpy", "pyarrow", "xlsxwriter")


def made_with() -> dict[str, str]:
    """The versions of what files are made with."""
    return {name: importlib.metadata.version(name) for name in MADE_WITH}


def table_files(datasets: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Each dataset as CSV and as Parquet, by file name."""
    files = {}
    for name, data in datasets.items():
        files[f"{name}.csv"] = csv_bytes(data)
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(data, preserve_index=False), sink, compression="zstd")
        files[f"{name}.parquet"] = sink.getvalue()
    return files


def csv_bytes(data: pd.DataFrame) -> bytes:
    """A dataset as CSV in UTF-8: shares with six digits, days with four, days as dates, no formula."""
    shown = pd.DataFrame({str(name): _texts(str(name), data[name]) for name in data})
    return shown.to_csv(index=False, lineterminator="\n").encode()


def _texts(name: str, values: pd.Series) -> list[str]:
    return [_text(name, value) for value in values]


def _text(name: str, value: object) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float | np.floating):
        return f"{value:.4f}" if "days" in name or "天" in name else f"{value:.6f}"
    return guarded_text(value) if isinstance(value, str) else str(value)


def json_lines(data: pd.DataFrame) -> list[str]:
    """Each row of a dataset as JSON, in the form of its CSV."""
    columns = list(map(str, data))
    rows = zip(*(_texts(name, data[name]) for name in columns), strict=True) if columns else []
    return [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name → SHA-256 of each file."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files into a folder, each in one step; a file that has these bytes already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in sorted(files.items()):
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue
        with whole_file(path) as part:
            part.write_bytes(content)
