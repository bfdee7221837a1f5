"""The shape of the house: sizes, import contracts, and imports that do nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "models", "tasks", "flows", "web")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
# a migration lists every column of every table, once
TABLES = ROOT / "models" / "migrations" / "versions"


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# the console script's own file runs it; alembic's runs only inside alembic
MODULES = [_module(path) for path in SOURCES if path.stem not in ("__main__", "env")]


RULES = [name for name in MODULES if name.startswith("tasks.rules")]


def test_no_module_is_too_long() -> None:
    sizes = {_named(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{_named(path)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in SOURCES
        if not path.is_relative_to(TABLES)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert too_long == {}


def test_every_module_says_what_it_is() -> None:
    assert [_named(path) for path in SOURCES if not ast.get_docstring(_tree(path))] == []


def test_every_public_function_and_class_says_what_it_does() -> None:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    silent = [
        f"{_named(path)}: {node.name}"
        for path in SOURCES
        if not path.is_relative_to(TABLES)
        for node in _tree(path).body
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _in_a_new_python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_every_module_has_no_effect(tmp_path: Path) -> None:
    apart = (
        "flows.ingest",
        "flows.watch",
        "flows.feed",
        "flows.review",
        "flows.escalate",
        "flows.posts",
        "flows.checks",
        "flows.nightly",
        "flows.morning",
        "flows.day_plan",
    )
    watched = [name for name in MODULES if name not in apart]
    code = f"""
import builtins, importlib, os, sys
import pandas, sqlalchemy, pydantic_settings  # what they do at their own import is their affair
before = dict(os.environ)
def refuse(name):
    def refused(*args, **kwargs):
        raise AssertionError(f"{{name}} at import")
    return refused
os.mkdir = os.makedirs = refuse("a folder is made")
for name in {watched!r}:
    importlib.import_module(name)
assert dict(os.environ) == before, "the environment is changed"
"""
    _in_a_new_python(code, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_flow_itself_makes_no_file_at_import(tmp_path: Path) -> None:
    _in_a_new_python("import flows.ingest", tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    assert made <= {".prefect"}, "Prefect keeps its own folder"


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ("flows.cli", "prefect great_expectations pandas sqlalchemy pydantic"),
        ("flows.engine", "prefect great_expectations"),
        ("flows.intake", "prefect great_expectations"),
        ("flows.commands", "prefect great_expectations"),
        ("config.loader", "prefect great_expectations pandas sqlalchemy"),
        ("config.settings", "prefect great_expectations pandas sqlalchemy"),
        (", ".join(RULES), "prefect great_expectations sqlalchemy requests"),
    ],
    ids=lambda value: value.split(",")[0].split(" ")[0],
)
def test_heavy_libraries_stay_out(modules: str, heavy: str, tmp_path: Path) -> None:
    code = f"import sys, {modules}; print(*sorted(set({heavy.split()!r}) & set(sys.modules)))"
    assert _in_a_new_python(code, tmp_path).split() == []


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_every_package_of_the_house_is_shipped() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
