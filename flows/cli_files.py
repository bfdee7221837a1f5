"""Commands about files: what leadflow sees in one, how a new kind of file is set up, what marketing hands out."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Json, app, opened, told


@app.command
def inspect(
    file: Path,
    /,
    *,
    channel: Annotated[str | None, Parameter(help="The channel whose column names count (default: default).")] = None,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="Write the cells exactly as read, header first: .csv.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Tell what leadflow sees in a file: encoding, sheets, header, what each column became and why, damaged lines.

    Nothing is stored. Further tables of the file go to table-2.csv, table-3.csv and so on.

    Example: leads inspect fair.xlsx --out table.csv

    Parameters
    ----------
    file
        A text table or a workbook.
    """
    from flows import inspecting

    settings = opened(as_json)
    return told(inspecting.inspect(settings, inspecting.Asked(file, channel, out, not as_json)), settings, as_json)


@app.command(name="new-channel")
def new_channel(
    file: Path,
    /,
    *,
    name: Annotated[str | None, Parameter(help="The channel's name (default: from the file's).")] = None,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="The YAML to write (default: LEADS_CONFIG/channels/).")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write a channel's YAML to start from, with a guess for each column that leadflow does not know.

    Example: leads new-channel vendor.xlsx --name vendor

    Parameters
    ----------
    file
        A file as that channel will bring them.
    """
    from flows import new_channel as making

    settings = opened(as_json)
    return told(making.new_channel(settings, making.Asked(file, name, out)), settings, as_json)


@app.command
def template(
    kind: str = "leads",
    /,
    *,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="The workbook to write (default: 线索信息表.xlsx).")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write a workbook to hand out: drop-downs, required marks, one example row.

    Example: leads template follow-up --out follow-ups.xlsx

    Parameters
    ----------
    kind
        leads (for marketing, the default) or follow-up (for sales people; dropped into intake/follow-ups/).
    """
    from flows import template as making

    settings = opened(as_json)
    return told(making.template(settings, kind, out), settings, as_json)
