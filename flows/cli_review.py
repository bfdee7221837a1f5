"""Commands about what came of leads: histories of other systems, figures, review packs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import AsOf, Json, app, opened, told


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
