.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# A stamp per lock file: setup is done once, and again only when what is pinned has changed.
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tocsin needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@-$(BIN)/python -m tocsin.backends.system.warninglists # else the first node that is started does it
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The browser code of others, from npm by package-lock.json. Status 3: npm is not there or fetched nothing; it said so.
$(VENV)/.browser: package.json package-lock.json tools/browser_code.py tools/map.mjs
	@mkdir -p $(VENV)
	@if $(PYTHON) tools/browser_code.py; then touch $@; else test $$? -eq 3; fi

setup: $(VENV)/.run $(VENV)/.browser ## the virtual environment and the browser code, pinned and hashed

demo: $(VENV)/.run $(VENV)/.browser ## a whole federation on this machine, with real data (ARGS="--once --json")
	@$(BIN)/tocsin demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.browser ## the tests, those that drive a browser beside the rest
	PYTHONDONTWRITEBYTECODE= $(BIN)/python $(if $(ARGS),-m pytest -n auto $(ARGS),tools/beside.py)

# Byte code is kept whatever the environment says: without it every worker reads and rewrites every test anew (4 s).
test-unit: $(VENV)/.dev ## the quick tests in seconds: no socket, no process, few examples of each property
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow" --hypothesis-profile=quick \
		tests/unit tests/properties tests/vectors tests/house $(ARGS)

test-browser: $(VENV)/.dev $(VENV)/.browser ## the console in a real browser (Chromium of the system), with pictures
	TOCSIN_SHOTS=1 $(BIN)/python -m pytest tests/browser $(ARGS)

test-long: $(VENV)/.dev $(VENV)/.browser ## what `make test` leaves out: the same in further looks, of further victims
	$(BIN)/python -m pytest -m long $(ARGS)
	$(BIN)/python -m pytest -m long tests/browser $(ARGS)

pictures: $(VENV)/.dev $(VENV)/.browser ## the screenshots of the README, anew
	TOCSIN_PICTURES=1 $(BIN)/python -m pytest tests/browser/test_printing.py -k pictures $(ARGS)

soak: $(VENV)/.dev ## hours of seeds, power cuts, faults, rot and races (ARGS="receipts --seeds 0-500 --minutes 5 --jobs 1")
	$(BIN)/python tests/soak/run.py $(ARGS)

planted: $(VENV)/.dev ## every planted bug must be found by the tests that should find it
	$(BIN)/python tests/planted/run.py $(ARGS)

mutate: $(VENV)/.dev ## mutants of the modules that decide: each must be noticed, or explained in docs/mutation.md
	$(BIN)/python tests/mutation/run.py $(ARGS)

check: $(VENV)/.dev ## linters, types, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev ## format and mend what a machine can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure, and print ratios
	$(BIN)/python -m benchmarks $(ARGS)

bench-desk: $(VENV)/.dev ## the desk's figures, on ../shared/data/news if it is there (ARGS="--json")
	@$(BIN)/python -m benchmarks.desk $(ARGS)

translations: $(VENV)/.dev ## what of the console is translated, and what is not
	$(BIN)/python tools/translations.py $(ARGS)

lock: $(VENV)/.dev ## pin everything anew (needs uv in the environment)
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra demo --extra desk-languages pyproject.toml requirements-build.in -o requirements.lock
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra demo --extra desk-languages --group dev pyproject.toml requirements-build.in -o requirements-dev.lock

.PHONY: help setup demo test test-unit test-browser test-long pictures soak planted mutate check fix bench bench-desk translations lock
