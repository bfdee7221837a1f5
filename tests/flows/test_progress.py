"""Progress: reported always, shown only where somebody looks."""

from flows.progress import bar, listening, report


def test_a_report_reaches_who_listens_and_nobody_else() -> None:
    heard = []
    report("a.csv", 1)
    with listening(lambda *said: heard.append(said)):
        report("a.csv", 2, 10)
    report("a.csv", 3)
    assert heard == [("a.csv", 2, 10)]


def test_without_a_terminal_no_bar_is_drawn(capsys) -> None:
    with bar(show=True):
        report("a.csv", 1)
    assert capsys.readouterr().err == ""
