"""`leads template`: the workbooks that are handed out, for leads and for follow-ups."""

from datetime import UTC, datetime
from pathlib import Path

from config.loader import load_config
from config.settings import Settings
from flows.console import Answer, Refused, UsageError, refuse_no_folder
from tasks.follow_up_words import said as record_words
from tasks.record_template import make_record_template
from tasks.template import make_template
from tasks.template_words import said
from tasks.whole_file import whole_file

KINDS = ("leads", "follow-up")


def template(settings: Settings, kind: str, out: Path | None) -> Answer:
    """Write the workbook for leads or for follow-ups; a file that exists is left alone."""
    if kind not in KINDS:
        raise UsageError(f"{kind}: there is a template for {' and for '.join(KINDS)}")
    name = said("leads", settings.lang) if kind == "leads" else record_words("records", settings.lang)
    out = out or Path(f"{name}.xlsx")
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"--out {out}: the name must end in .xlsx")
    refuse_no_folder(out)
    if out.exists():
        raise Refused(f"{out} exists already; name another file with --out")
    moment = datetime.now(UTC).astimezone(settings.zone)
    config = load_config(settings.config)
    config = config.model_copy(update={"rules": config.rules.at(moment.date())})
    leads = kind == "leads"
    made = make_template(config.rules, settings.lang) if leads else make_record_template(config, settings.lang)
    with whole_file(out) as part:
        part.write_bytes(made)
    return Answer(f"written to {out.absolute()}", {"out": str(out.absolute())})
