# The two commands of a newcomer: make run, make test. Each sets up all that it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
TEST_STAMP := $(VENV)/.ready-test
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help run test check format bench delivery attack soak clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "threadkeep needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "The venv module is missing: install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing threadkeep and what it needs (the first time only) ..."
	@$(BIN)/python -m pip install --progress-bar on --quiet --editable .
	@touch $@

$(TEST_STAMP): $(STAMP)
	@echo "Installing what the tests and checks need (the first time only) ..."
	@$(BIN)/python -m pip install --progress-bar on --quiet --group test --group check
	@touch $@

# The peers bring many packages, and releases that must not decide about ours.
$(BENCH_STAMP): pyproject.toml
	@echo "Installing the peers that we measure against (the first time only) ..."
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BENCH_VENV)/bin/python -m pip install --progress-bar on --quiet --editable . --group bench
	@touch $@

run: $(STAMP) ## Try a bot: three local platforms, no tokens needed (BOT=my_bot.py)
	@$(BIN)/python -m threadkeep_playground $(BOT)

test: $(TEST_STAMP) ## Run every test, on a real redis-server
	@$(BIN)/python -m pytest -n 4 $(ARGS)

check: $(TEST_STAMP) ## Format, lint, types, layers, dead code, dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(BIN)/deptry .

format: $(TEST_STAMP) ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(BENCH_STAMP) ## Measure against the bare libraries and the peers
	@$(BENCH_VENV)/bin/python benchmarks/run.py $(ARGS)

delivery: $(TEST_STAMP) ## Measure acceptance, take-over and stop, and kill processes under load
	@$(BIN)/python benchmarks/delivery.py $(ARGS)

attack: $(TEST_STAMP) ## Kill the bot at every step, and break all that it talks to
	@$(BIN)/python benchmarks/attack.py $(ARGS)

soak: $(TEST_STAMP) ## Thirty minutes of mixed load: memory and store must stay flat
	@$(BIN)/python benchmarks/soak.py $(ARGS)

clean: ## Remove the environment and the caches
	rm -rf $(VENV) $(BENCH_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
