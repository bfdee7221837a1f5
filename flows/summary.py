"""What a run did and how things stand, as a page of text that a person understands."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from config.settings import Settings
from flows.figures import GRADES, VERDICTS, Figures, Grades
from flows.record_files import FOLLOW_UPS
from flows.request import OUTCOMES, Result
from flows.told import Told, database, in_order, role_of
from flows.wording import word

WIDTH = 100
_ISSUES_SHOWN, _NAMES_SHOWN = 8, 10

Part = str | Table


def page(told: Told) -> str:
    """Files, rows by outcome, leads by verdict and grade, who has them, what was missing, and where all lies."""
    result, lang = told.result, told.settings.lang
    if not result.files:
        parts: list[Part] = [word("nothing_waits", lang), *_unfinished(result, lang), *_unread(told)]
        return _text([*parts, *places(told.settings), "", told.engine.line()])
    parts = [*_files(result, lang), *_outcomes(result, lang, records=_only_records(told))]
    if told.figures is None:
        parts += [*_unread(told), *_rejected(told), *_issues(told), "", word("looked_only", lang)]
        parts += places(told.settings)
        return _text([*parts, "", told.engine.line()])
    if result.nothing_new():
        parts += ["", word("nothing_new", lang)]
    parts += [*_messages(result, lang), _seconds(told), *_unfinished(result, lang), *_unread(told)]
    if _only_records(told):
        return _text([*parts, *places(told.settings, told.figures), "", told.engine.line()])
    if result.nothing_new():
        parts += ["", f"── {word('state_of_rows', lang)} ──"]
    parts += [*_leads(told.figures, lang), *_people(told, told.figures), *_issues(told)]
    parts += places(told.settings, told.figures)
    if told.next_lead:
        parts += ["", word("next", lang).format(command=f"leads explain {told.next_lead}")]
    return _text([*parts, "", told.engine.line()])


def places(settings: Settings, figures: Figures | None = None) -> list[Part]:
    """Where receipts, mails, database and intake folders are; absolute, and without a password."""
    lang = settings.lang
    filed = settings.mail_mode == "file"
    mails = str(settings.mails) if filed else settings.mail_mode
    if figures and figures.mails:
        # in this mode a mail is sent by being written
        states = {"filed" if filed and state == "sent" else state: count for state, count in figures.mails.items()}
        mails += word("brackets", lang).format(word("list", lang).join(_mails(states, lang)))
    named = {"receipts": str(settings.receipts), "mails": mails, "database": database(settings)}
    named |= {"intake": str(settings.intake), "done": str(settings.done)}
    width = max(cell_len(word(name, lang)) for name in named)
    # never a table: a path that is folded cannot be copied
    lines = [f"{set_cell_size(word(name, lang), width)}   {place}" for name, place in named.items()]
    return ["", word("places", lang), *lines]


def _files(result: Result, lang: str) -> list[Part]:
    table = _table(word("files", lang), word("file", lang), word("result", lang), word("rows", lang))
    for file in result.files:
        state = word(file.state, lang) + (word("colon", lang) + file.why if file.why else "")
        table.add_row(file.file, state, str(file.rows))
    if len(result.files) > 1:
        table.add_row(word("total", lang), "", str(sum(file.rows for file in result.files)))
    return [table]


def _only_records(told: Told) -> bool:
    """Whether all the files hold follow-ups: they make no lead, and nothing is missing of any."""
    channels = told.config.channels
    return all(file.channel in channels and channels[file.channel].holds == FOLLOW_UPS for file in told.result.files)


def _outcomes(result: Result, lang: str, *, records: bool) -> list[Part]:
    counts = result.outcomes()
    if not counts:
        return []
    more = ("recorded",) if "recorded" in counts else ()
    shown = ("recorded", "rejected") if records else (*OUTCOMES, *more)
    shown = ("readable", "rejected") if "readable" in counts else shown
    table = _table(word("rows_by_outcome", lang), *(word(name, lang) for name in shown), word("total", lang))
    table.add_row(*(str(counts.get(name, 0)) for name in shown), str(sum(counts.values())))
    return [table]


def _messages(result: Result, lang: str) -> list[Part]:
    said = _mails(result.messages, lang)
    return [
        "",
        word("mails_now", lang) + word("colon", lang) + (word("list", lang).join(said) or word("no_mails", lang)),
    ]


def _mails(states: Mapping[str, int], lang: str) -> list[str]:
    """How many mails are in which state, in words."""
    form = word("mail_count", lang)
    return [form.format(state=word(f"mail.{state}", lang), n=count) for state, count in states.items() if count]


def _seconds(told: Told) -> str:
    """How long the work took; what the engine cost to start stands apart."""
    form = "seconds" if told.engine.kind == "direct" else "seconds_apart"
    spent, started = sum(told.result.seconds.values()), told.engine.seconds
    return word(form, told.settings.lang).format(spent=spent, started=started)


def _unfinished(result: Result, lang: str) -> list[Part]:
    """One line a batch that was left before its end, with the command that finishes it."""
    return [
        word("unfinished", lang).format(batch=batch.batch, file=batch.file, channel=batch.channel)
        for batch in result.unfinished
    ]


def _unread(told: Told) -> list[Part]:
    """What lies where no channel reads it, and where it should lie: else it would be a file that vanished."""
    lost, lang = told.result.unread, told.settings.lang
    if not lost:
        return []
    named = word("list", lang).join(lost[:_NAMES_SHOWN])
    if len(lost) > _NAMES_SHOWN:
        named = word("and_more", lang).format(names=named, n=len(lost))
    folders = sorted(name for name, channel in told.config.channels.items() if channel.kind == "folder")
    channels = word("list", lang).join(folders)
    return ["", word("unread", lang).format(names=named, intake=told.settings.intake, channels=channels)]


def _leads(figures: Figures, lang: str) -> list[Part]:
    names = [*GRADES, word("no_grade", lang), word("total", lang)]
    table = _table(word("leads_by_grade", lang), word("verdict", lang), *names)
    for verdict in [*VERDICTS, *sorted(set(figures.verdicts) - set(VERDICTS))]:
        table.add_row(word(verdict, lang), *_cells(figures.verdicts.get(verdict, {})))
    table.add_row(word("total", lang), *_cells(_sum(figures.verdicts.values())))
    return [table]


def _people(told: Told, figures: Figures) -> list[Part]:
    """Who has how many, nobody with the reason, and what is archived: together all leads once."""
    lang = told.settings.lang
    columns = (word("name", lang), word("role", lang), *GRADES, word("no_grade", lang), word("total", lang))
    table = _table(word("who_got_what", lang), *columns)
    for person_id in in_order(told, figures):
        table.add_row(*role_of(told, person_id), *_cells(figures.owned[person_id]))
    for reason, grades in sorted(figures.unowned.items()):
        table.add_row(word("nobody", lang), word(f"unowned.{reason}", lang), *_cells(grades))
    if figures.archived:
        table.add_row(word("archived", lang), "", *_cells(figures.archived))
    every = [*figures.owned.values(), *figures.unowned.values(), figures.archived]
    table.add_row(word("total", lang), "", *_cells(_sum(every)))
    return [table]


def _rejected(told: Told) -> list[Part]:
    """The first rejected rows of files that were only looked at, each with all its reasons, as a receipt has them."""
    lang, rules = told.settings.lang, told.config.rules
    rejecting = {rule.id for rule in rules.checklist if rule.rejects}
    lines: list[Part] = []
    for file in told.result.files:
        for row in file.rejected[:_NAMES_SHOWN]:
            said = word("reasons_list", lang).join(
                row.said
                or [rules.statement(rule, lang) for rule in sorted(row.rules, key=lambda rule: rule not in rejecting)]
            )
            place = f"{file.file} {row.sheet}".strip()
            lines.append(word("rejected_row", lang).format(place=place, line=row.line, reasons=said))
        more = file.counts.get("rejected", 0) - _NAMES_SHOWN
        if more > 0:
            lines.append(word("rejected_more", lang).format(place=file.file, n=more))
    return ["", word("rejected_rows", lang), *lines] if lines else []


def _issues(told: Told) -> list[Part]:
    if not told.issues:
        return []
    lang, rules = told.settings.lang, told.config.rules
    table = _table(word("omissions", lang), "", word("rows", lang))
    known = {rule.id for rule in rules.checklist}
    for rule, count in list(told.issues.items())[:_ISSUES_SHOWN]:
        table.add_row(rules.statement(rule, lang) if rule in known else rule, str(count))
    return [table]


def _sum(every: Iterable[Grades]) -> Grades:
    total: Counter[str] = Counter()
    for grades in every:
        total.update(grades)
    return dict(total)


def _cells(grades: Grades) -> list[str]:
    counts = [grades.get(grade, 0) for grade in (*GRADES, "")]
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


def _text(parts: Iterable[Part]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, highlight=False, markup=False, no_color=True, soft_wrap=False)
    for part in parts:
        if isinstance(part, Table):
            console.print(part)
        else:
            out.write(part + "\n")
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
