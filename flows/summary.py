"""What a run did and how things stand, as a page of text that a person understands."""

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from config.people import role_name
from config.schema import Config
from config.settings import Settings
from flows.engine import Engine
from flows.figures import GRADES, Figures
from flows.request import OUTCOMES, Result
from flows.wording import word
from models.db import make_engine

WIDTH = 100
_ISSUES_SHOWN = 8
_VERDICTS = ("valid", "to_verify", "invalid")


def run_text(result: Result, engine: Engine, settings: Settings) -> str:
    """What became of each file and its rows, and where the answers lie."""
    lang = settings.lang
    if not result.files:
        return _page([word("nothing_waits", lang), *_places(settings)])
    parts: list[str | Table] = [*_files(result, lang), *_outcomes(result, lang)]
    if len(result.in_state("known")) == len(result.files):
        parts.append(word("nothing_new", lang))
    return _page([*parts, *_messages(result, lang), *_places(settings), "", engine.line()])


def demo_text(
    result: Result, engine: Engine, figures: Figures, config: Config, settings: Settings, number: str | None
) -> str:
    """The run, then how things stand: leads by grade, who has them, what was missing, where all lies."""
    lang = settings.lang
    parts: list[str | Table] = [*_files(result, lang)]
    if result.files and len(result.in_state("known")) == len(result.files):
        parts += [word("nothing_new", lang), "", f"── {word('state_of_home', lang)} ──"]
    else:
        parts += _outcomes(result, lang)
    parts += _messages(result, lang)
    parts += [*_leads(figures, lang), *_people(figures, config, lang), *_issues(figures, config, lang)]
    parts += _places(settings, figures)
    if number:
        parts += ["", f"{word('next', lang)}: leads explain {number}"]
    return _page([*parts, "", engine.line()])


def _files(result: Result, lang: str) -> list[str | Table]:
    table = _table(word("files", lang), word("file", lang), word("result", lang), word("rows", lang))
    for file in result.files:
        state = word(file.state, lang) + (f": {file.why}" if file.why else "")
        table.add_row(file.file, state, str(file.rows))
    return [table]


def _outcomes(result: Result, lang: str) -> list[str | Table]:
    counts = result.outcomes()
    if not counts:
        return []
    shown = ("readable", "rejected") if "readable" in counts else OUTCOMES
    table = _table(word("rows_by_outcome", lang), *(word(name, lang) for name in shown), word("total", lang))
    table.add_row(*(str(counts.get(name, 0)) for name in shown), str(sum(counts.values())))
    return [table]


def _messages(result: Result, lang: str) -> list[str | Table]:
    said = [f"{count} {word(f'mail.{state}', lang)}" for state, count in result.messages.items() if count]
    return ["", f"{word('mails_now', lang)}: {', '.join(said) or word('no_mails', lang)}"]


def _leads(figures: Figures, lang: str) -> list[str | Table]:
    names = [*GRADES, word("no_grade", lang), word("total", lang)]
    table = _table(word("leads_by_grade", lang), word("verdict", lang), *names)
    total = dict.fromkeys((*GRADES, ""), 0)
    for verdict in _VERDICTS:
        grades = figures.verdicts.get(verdict, {})
        table.add_row(word(verdict, lang), *_cells(grades))
        total = {grade: count + grades.get(grade, 0) for grade, count in total.items()}
    table.add_row(word("total", lang), *_cells(total))
    return [table]


def _people(figures: Figures, config: Config, lang: str) -> list[str | Table]:
    columns = (word("name", lang), word("role", lang), *GRADES, word("total", lang))
    table = _table(word("who_got_what", lang), *columns)
    known = {person.id: person for person in config.roster.people}
    for person_id in [*known, *sorted(set(figures.owned) - set(known))]:
        grades = figures.owned.get(person_id)
        if grades:
            person = known.get(person_id)
            name, role = (person.name, role_name(person.role, lang)) if person else (person_id, "")
            table.add_row(name, role, *_cells(grades, none=False))
    if figures.unowned:
        table.add_row(word("nobody", lang), "", *_cells(figures.unowned, none=False))
    return [table]


def _issues(figures: Figures, config: Config, lang: str) -> list[str | Table]:
    if not figures.issues:
        return []
    table = _table(word("omissions", lang), "", word("rows", lang))
    known = {rule.id for rule in config.rules.checklist}
    for rule, count in list(figures.issues.items())[:_ISSUES_SHOWN]:
        statement = config.rules.statement(rule, lang) if rule in known else rule
        table.add_row(statement, str(count))
    return [table]


def _places(settings: Settings, figures: Figures | None = None) -> list[str | Table]:
    lang = settings.lang
    database = make_engine(settings.database_url).url
    if database.drivername.startswith("sqlite") and database.database:
        where = database.database
    else:
        where = database.render_as_string(hide_password=True)
    filed = settings.mail_mode == "file"
    mails = str(settings.mails) if filed else settings.mail_mode
    if figures and figures.mails:
        # in this mode a mail is sent by being written
        states = {"filed" if filed and state == "sent" else state: count for state, count in figures.mails.items()}
        mails += " (" + ", ".join(f"{count} {word(f'mail.{state}', lang)}" for state, count in states.items()) + ")"
    named = [("receipts", settings.receipts), ("mails", mails), ("database", where), ("intake", settings.intake)]
    width = max(cell_len(word(name, lang)) for name, _ in named)
    # never a table: a path that is folded cannot be copied
    lines = [f"{set_cell_size(word(name, lang), width)}   {place}" for name, place in named]
    return ["", word("places", lang), *lines]


def _cells(grades: dict[str, int], *, none: bool = True) -> list[str]:
    counts = [grades.get(grade, 0) for grade in ((*GRADES, "") if none else GRADES)]
    return [*(str(count) if count else "·" for count in counts), str(sum(grades.values()))]


def _table(title: str, *columns: str) -> Table:
    """A plain table whose title stands at the left; columns after the first hold figures, or words said in words."""
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.padding = (0, 3, 0, 0)
    for place, column in enumerate(columns):
        last_words = place == 0 or column in _WORDY
        table.add_column(column, justify="left" if last_words else "right", overflow="fold")
    return table


_WORDY = {word(key, lang) for key in ("result", "role") for lang in ("zh_CN", "en")}


def _page(parts: Sequence[str | Table] | Iterable[str | Table]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, highlight=False, markup=False, no_color=True, soft_wrap=False)
    for part in parts:
        if isinstance(part, Table):
            console.print(part)
        else:
            out.write(part + "\n")
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
