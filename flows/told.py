"""What a run has to tell, once for people (flows/summary.py) and here for programs: the keys of `--json` are stable."""

from dataclasses import dataclass
from typing import Any

from config.people import role_name
from config.schema import Config
from config.settings import Settings
from flows.engine import Engine
from flows.figures import GRADES, VERDICTS, Figures, Grades
from flows.request import OUTCOMES, Result
from models.db import make_engine


@dataclass(frozen=True)
class Told:
    """What is told; a dry run has no figures, only the demo names a lead to look at next."""

    result: Result
    engine: Engine
    config: Config
    settings: Settings
    figures: Figures | None = None
    next_lead: str | None = None

    @property
    def issues(self) -> dict[str, int]:
        """Rows by check rule, the most frequent first."""
        return self.figures.issues if self.figures else self.result.issues


def data(told: Told) -> dict[str, Any]:
    """The figures of the page for programs; README.md lists the keys."""
    result, settings, figures = told.result, told.settings, told.figures
    outcomes = result.outcomes()
    shown = result.as_dict() | {
        "rows": sum(file.rows for file in result.files),
        "outcomes": {name: outcomes.get(name, 0) for name in (*OUTCOMES, *sorted(set(outcomes) - set(OUTCOMES)))},
        "nothing_new": result.nothing_new(),
        "checks": told.issues,
        "places": places(settings),
        "engine": told.engine.as_dict(),
        "started_seconds": round(told.engine.seconds, 3),
        "seconds": {step: round(spent, 3) for step, spent in result.seconds.items()},
    }
    if figures is None:
        return shown
    return shown | {
        "leads": {"total": figures.leads} | {name: _counts(figures.verdicts.get(name, {})) for name in VERDICTS},
        "owners": _owners(told, figures),
        "unassigned": [{"reason": why} | _counts(grades) for why, grades in sorted(figures.unowned.items())],
        "archived": _counts(figures.archived),
    }


def places(settings: Settings) -> dict[str, str]:
    """Where everything is: absolute paths, and the database without its password."""
    folders = {name: str(getattr(settings, name)) for name in ("receipts", "mails", "intake", "done", "refused")}
    return {"database": database(settings)} | folders


def database(settings: Settings) -> str:
    """The database as people name it: a file, or an address without its password."""
    url = make_engine(settings.database_url).url
    if url.drivername.startswith("sqlite") and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


def _owners(told: Told, figures: Figures) -> list[dict[str, Any]]:
    """One entry a person, in the order of the roster; who is in it no more comes last, by id alone."""
    roster = {person.id: person for person in told.config.roster.people}
    found = []
    for person_id in in_order(told, figures):
        person = roster.get(person_id)
        named = {"person": person_id, "name": person.name if person else None, "role": person.role if person else None}
        found.append(named | _counts(figures.owned[person_id]))
    return found


def in_order(told: Told, figures: Figures) -> list[str]:
    """The ids of those who have leads, in the order of the roster, others last."""
    known = [person.id for person in told.config.roster.people]
    return [name for name in (*known, *sorted(set(figures.owned) - set(known))) if figures.owned.get(name)]


def role_of(told: Told, person_id: str) -> tuple[str, str]:
    """Name and role of a person as people read them; an id alone where the roster has nobody of it."""
    person = told.config.roster.person(person_id)
    return (person.name, role_name(person.role, told.settings.lang)) if person else (person_id, "")


def _counts(grades: Grades) -> dict[str, int]:
    by_grade = {grade: grades.get(grade, 0) for grade in GRADES}
    return by_grade | {"none": grades.get("", 0), "total": sum(grades.values())}
