"""`leads template`: the workbook that marketing hands out."""

from datetime import UTC, datetime
from pathlib import Path

from config.loader import load_config
from config.settings import Settings
from flows.console import Answer, Refused, UsageError
from tasks.template import make_template
from tasks.template_words import said


def template(settings: Settings, out: Path | None) -> Answer:
    """Write the workbook; a file that exists is left alone."""
    out = out or Path(f"{said('leads', settings.lang)}.xlsx")
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {out}: the name must end in .xlsx")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: its folder does not exist")
    if out.exists():
        raise Refused(f"{out} exists already; name another file with --out")
    moment = datetime.now(UTC).astimezone(settings.zone)
    rules = load_config(settings.config).rules.at(moment.date())
    out.write_bytes(make_template(rules, settings.lang))
    return Answer(f"written to {out.absolute()}", {"out": str(out.absolute())})
