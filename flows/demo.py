"""`leads demo`: the main job on the sample files, and a page that says what came of it."""

import shutil
from pathlib import Path

from sqlalchemy import Engine, select

from config.settings import Settings
from flows.commands import IngestRequest, answer_of, run_ingest, upgrade
from flows.console import Answer, Refused
from models import Lead

SAMPLES = Path(__file__).parent.parent / "samples"


def run(settings: Settings, *, direct: bool, as_of: str | None, show: bool) -> Answer:
    """Put the samples into the intake folder, take them in, and tell what came of it."""
    upgrade(settings)
    put_samples(settings)
    asked = IngestRequest(paths=(), direct=direct, as_of=as_of, show=show)
    result, engine = run_ingest(settings, asked)
    return answer_of(settings, result, engine, _worth_a_look)


def _worth_a_look(database: Engine) -> str | None:
    """The number of the first A lead."""
    with database.connect() as conn:
        return conn.scalar(select(Lead.number).where(Lead.grade == "A").order_by(Lead.id).limit(1))


def put_samples(settings: Settings) -> list[Path]:
    """Copy samples/<channel>/* into intake/<channel>/, each under its name only when it is complete."""
    copied = []
    for sample in sorted(SAMPLES.glob("*/*.csv")):
        folder = settings.intake / sample.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{sample.name}.part"
        shutil.copyfile(sample, draft)
        copied.append(draft.replace(folder / sample.name))
    if not copied:
        raise Refused(f"no sample files in {SAMPLES}: run the demo in the project's own folder")
    return copied
