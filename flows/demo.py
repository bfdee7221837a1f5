"""`leads demo`: the main job on the sample files, and a page that says what came of it."""

import shutil
from pathlib import Path

from sqlalchemy import select

from config.loader import load_config
from config.settings import Settings
from flows.commands import IngestRequest, run_ingest, upgrade
from flows.console import OK, REFUSED, Answer, Refused
from flows.figures import figures
from flows.summary import demo_text
from models import Lead
from models.db import make_engine

SAMPLES = Path(__file__).parent.parent / "samples"


def run(settings: Settings, *, direct: bool, as_of: str | None, show: bool) -> Answer:
    """Put the samples into the intake folder, take them in, and tell what came of it."""
    upgrade(settings)
    put_samples(settings)
    asked = IngestRequest(paths=(), direct=direct, as_of=as_of, show=show)
    result, engine = run_ingest(settings, asked)
    database = make_engine(settings.database_url)
    found = figures(database)
    with database.connect() as conn:
        number = conn.scalar(select(Lead.number).where(Lead.grade == "A").order_by(Lead.id).limit(1))
    text = demo_text(result, engine, found, load_config(settings.config), settings, number)
    data = {**result.as_dict(), "engine": engine.as_dict(), "figures": found.as_dict()}
    return Answer(text, data, REFUSED if result.in_state("refused") else OK)


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
