# Two commands do everything: `make demo` runs the main job, `make check` runs all the tests.
# Both need only Python 3.11 or newer with venv; choose one with PYTHON=python3.12.

PYTHON  ?= python3
# one more than a small machine has cores: some tests wait for others' processes
WORKERS ?= 3
ROUNDS  ?= 20
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.leadflow-installed

export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := check
.PHONY: demo check full test crash format docs venv clean

demo: venv
	@$(BIN)/leads demo

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(WORKERS) $(PYTEST_ARGS)

test: venv
	$(BIN)/pytest -n $(WORKERS) $(PYTEST_ARGS)

# Nothing shortened: each test on both databases, years for months, twenty rounds of kills: an hour or so.
full: export LEADS_TEST_FULL := 1
full: export LEADS_CRASH_ROUNDS := $(ROUNDS)
full: check

# Twenty kills at random moments and one at each named point, on both databases: minutes to an hour.
crash: venv
	LEADS_CRASH_ROUNDS=$(ROUNDS) $(BIN)/pytest -n $(WORKERS) tests/crash $(PYTEST_ARGS)

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: venv
	$(BIN)/leads check-rules --write-docs

venv: $(STAMP)

# The lock file carries a hash for every file it may install and names no index: pip takes its own.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "leadflow needs Python 3.11 or newer; say which one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Preparing $(VENV) (once; a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $(STAMP)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
