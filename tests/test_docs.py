"""README, CHANGELOG and the tracked files say what is true, and nothing of any one machine."""

import inspect
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from config import feed, webhook
from flows.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def _commands(under=app, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in under:
        if name.startswith("-"):
            continue
        command = under[name]
        inner = _commands(command, (*path, name))
        found += inner or [(*path, name)]
    return found


def _function(command: tuple[str, ...]):
    found = app
    for name in command:
        found = found[name]
    return found.default_command


COMMANDS = _commands()


def test_the_commands_are_the_ones_that_were_promised() -> None:
    promised = (
        "ingest|explain|check-rules|db upgrade|export rows|export leads|export sheets|archive check|split|demo|version"
    )
    promised += "|verify|set|quality|replay|web"
    promised += "|inspect|new-channel|template|add"
    promised += "|feed pull|feed check|feed reread"
    promised += "|import-history|review export|review build|review send"
    promised += "|review note|review outcome|review decisions|knowledge add|knowledge list|knowledge search"
    promised += (
        "|pool|claim|give-back|reassign|leave add|leave list|leave remove|day|snooze|plan list|plan confirm|plan send"
    )
    promised += "|up|status|batches|batch revert|block|unblock"
    promised += "|nightly|rebuild|close"
    promised += "|log|objections|clocks|escalations|due|escalate|calendar import"
    assert {" ".join(command) for command in COMMANDS} == set(promised.split("|"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_readme_and_has_an_example(command: tuple[str, ...]) -> None:
    assert f"`leads {' '.join(command)}" in README
    function = _function(command)
    example = re.search(r"Example: (?:\w+=\S+ )*(leads .*)", inspect.getdoc(function) or "")
    assert example, "no example in its help"
    _, bound, _ = app.parse_args(shlex.split(example[1])[1:], exit_on_error=False, print_error=False)
    assert bound is not None
    assert " ".join(command) in example[1]


def test_every_command_can_answer_in_json() -> None:
    assert all("as_json" in inspect.signature(_function(command)).parameters for command in COMMANDS)


@pytest.mark.parametrize("line", re.findall(r"^\$ (leads [^#\n]*)", README, re.MULTILINE))
def test_every_command_line_of_the_readme_parses(line: str) -> None:
    app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


def test_every_option_in_the_table_of_commands_exists() -> None:
    table = re.findall(r"^\| `leads (.*?)` \|", README, re.MULTILINE)
    for row in table:
        words = row.split()
        command = tuple(word for word in words if re.fullmatch(r"[a-z][a-z-]*", word))[:2]
        command = command if command in COMMANDS else command[:1]
        found = app
        for name in command:
            found = found[name]
        options = {name.lstrip("-") for one in found.assemble_argument_collection() for name in one.names}
        assert set(re.findall(r"--([a-z-]+)", row)) <= options


def test_the_table_of_settings_is_that_of_the_code() -> None:
    from config.settings import Settings

    told = re.findall(r"^\| `(LEADS_\w+)` \|", README, re.MULTILINE)
    assert told == [f"LEADS_{name.upper()}" for name in Settings.model_fields]
    example = (ROOT / ".env.example").read_text("utf-8")
    assert set(re.findall(r"^#(LEADS_\w+)=", example, re.MULTILINE)) == set(told)


def test_every_exit_code_is_told() -> None:
    from flows import console

    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == set(console.EXIT_CODES)


def test_every_folder_and_file_that_the_readme_names_exists() -> None:
    for name in re.findall(r"^\| `([\w/]+/)` \|", README, re.MULTILINE):
        assert (ROOT / name).is_dir(), name
    for name in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / name).exists(), name


def test_the_changelog_has_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert "Rules" in kinds
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Rules"}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    names = listed.stdout.decode().split("\0")
    assert "README.md" in names, f"git does not list the files: {listed.stderr.decode()}"
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


# written so that this file does not hold what it looks for
_HOSTS = "|".join(("py" + r"pi\.org", r"pythonhosted\.org", "index" + "-url", "find" + "-links", r"aliyun\.com/pypi"))
_PLACES = "|".join(
    ("/" + "root/", "/" + "home/[a-z]", "/" + r"Users/", "/" + "work/", "/" + r"tmp/work", r"\.py" + "env/")
)


def test_no_tracked_file_names_a_registry_or_a_place_of_this_machine() -> None:
    wrong = []
    for path in _tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        wrong += [f"{path.relative_to(ROOT)}: {found[0]}" for found in re.finditer(f"{_HOSTS}|{_PLACES}", text)]
    assert wrong == []


def test_the_lock_hashes_every_file_it_names() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    entries = re.split(r"\n(?=[\w-])", lock.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_committed_samples_are_what_their_maker_makes() -> None:
    from samples.make_samples import files

    for name, content in files().items():
        assert (ROOT / "samples" / name).read_bytes() == content, f"run: python samples/make_samples.py ({name})"


_PROOFS = {
    "`hmac` (webhook)": webhook.Signature, "`standard`": webhook.StandardWebhooks, "`secret`": webhook.SharedSecret,
    "`basic`": webhook.BasicSecret, "`none`": webhook.Unsigned, "`header` (feed)": feed.HeaderAuth,
    "`oauth2` (feed)": feed.OAuth2, "`hmac` (feed)": feed.Hmac,
}  # fmt: skip


@pytest.mark.parametrize("kind", _PROOFS)
def test_every_key_of_a_proof_is_in_the_table(kind: str) -> None:
    [row] = [line for line in README.splitlines() if line.startswith(f"| {kind} |")]
    keys = re.sub(r"\([^)]*\)", "", row.split("|")[2])
    assert set(re.findall(r"`(\w+)`", keys)) == set(_PROOFS[kind].model_fields) - {"kind"}
