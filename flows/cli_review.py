"""Commands about what came of leads: histories of other systems, figures, review packs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Json, app, opened, review, told


@app.command(name="import-history")
def import_history(
    *files: Annotated[Path, Parameter(required=True)],
    mapping: Annotated[Path | None, Parameter(help="The YAML that says what the columns mean.")] = None,
    init: Annotated[bool, Parameter(help="Write such a YAML to start from, and store nothing.")] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="With --init: where to write it.")] = None,
    dry_run: Annotated[bool, Parameter(help="Read and check only, and tell what would come of it.")] = False,
    as_of: Annotated[str | None, Parameter(help="From when on figures know of it (default: now).")] = None,
    as_json: Json = False,
) -> int:
    """Take the leads of another system with what became of them, as they are: nobody is asked, assigned or mailed.

    The same file twice changes nothing; a row that says something else than before updates its lead. Nothing is
    stored while anything is wrong; each fault is told with file, line and column.

    Example: leads import-history --mapping crm.yaml deals.csv accounts.csv

    Parameters
    ----------
    files
        Text tables or workbooks.
    """
    settings = opened(as_json)
    if init:
        from flows import draft_history

        return told(draft_history.draft(settings, draft_history.Asked(files, out)), settings, as_json)
    if mapping is None:
        from flows.console import UsageError

        raise UsageError("--mapping names the YAML that says what the columns mean; --init writes one to start from")
    from flows import import_history as importing

    asked = importing.Asked(files, mapping, dry_run, as_of, not as_json)
    return told(importing.import_history(settings, asked), settings, as_json)


@review.command(name="export")
def export_figures(
    *,
    dimension: Annotated[tuple[str, ...], Parameter(help="By what, or several: see below.")],
    basis: Annotated[
        str, Parameter(help="Leads by their day of creation (created) or of their end (closed).")
    ] = "created",
    from_: Annotated[
        str | None, Parameter(name="--from", help="The first day, as 2026-10-01, 2026-10 or 2026.")
    ] = None,
    to: Annotated[str | None, Parameter(help="The last day, included; a month or year means all of it.")] = None,
    as_of: Annotated[str | None, Parameter(help="Only what had been recorded by then (default: now).")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="The file to write: .csv.")] = None,
    as_json: Json = False,
) -> int:
    """Count leads by source, industry, region, size, need_type, product, grade, owner, team, reason or system, by week,
    month, quarter or year, by stage (who reached it at least), or all in one line (total); source*grade crosses two.

    One line a value: dimension, value, leads, valid, won, lost, open, conversion, won_of_valid, won_of_closed,
    cycle_mean_days, cycle_median_days. What each of them means stands in docs/rules.md, under R-LEADS and those that
    follow, and below the figures on the screen. The same figures of the same moment are the same bytes.

    Example: leads review export --dimension quarter --basis closed --out quarters.csv
    """
    from flows import review_export

    settings = opened(as_json)
    asked = review_export.Asked(dimension, basis, from_, to, as_of, out)
    return told(review_export.export(settings, asked), settings, as_json)


Period = Annotated[str, Parameter(help="As 2026-10, 2026-Q4 or 2026-W44.")]
Moment = Annotated[str | None, Parameter(help="Only what had been recorded by then (default: now).")]


@review.command
def build(
    kind: str,
    /,
    *,
    period: Period,
    as_of: Moment = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="The folder (default: in LEADS_HOME).")] = None,
    as_json: Json = False,
) -> int:
    """Build the datasets of a period: tables in the database, CSV, Parquet, and a workbook with charts.

    The same period, moment, rules and versions give the same bytes.

    Example: leads review build monthly --period 2026-10

    Parameters
    ----------
    kind
        weekly, monthly or quarterly.
    """
    from flows import review_commands

    settings = opened(as_json)
    asked = review_commands.Asked(kind, period, as_of, out)
    return told(review_commands.build_review(settings, asked), settings, as_json)


@review.command(name="send")
def send_pack(
    kind: str,
    /,
    *,
    period: Period,
    preview: Annotated[bool, Parameter(help="Write what each would get as files, and mail nobody.")] = False,
    to: Annotated[tuple[str, ...], Parameter(help="Only to this person (default: all who get it).")] = (),
    as_of: Moment = None,
    backfill_mail: Annotated[bool, Parameter(help="Mail real people even about a run dated in the past.")] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="With --preview: the folder.")] = None,
    as_json: Json = False,
) -> int:
    """Mail a period's pack to those who get it, each about his own scope; whoever has it gets no second one.

    Whom it was refused for is mailed again. Nothing is mailed while a check of its figures fails.

    Example: leads review send monthly --period 2026-10 --preview

    Parameters
    ----------
    kind
        weekly, monthly or quarterly.
    """
    from flows import review_commands

    settings = opened(as_json)
    asked = review_commands.Asked(kind, period, as_of, out, preview, to, backfill_mail)
    return told(review_commands.send_review(settings, asked), settings, as_json)
