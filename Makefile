# `make run` and `make test` set up everything they need in .venv; only Python (3.11 or newer) and make are assumed.
.DEFAULT_GOAL := help
.PHONY: help run test dashboard lint benchmark clean

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)
BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##/\1:/p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found." >&2; exit 1; }
	$(PYTHON) -m venv .venv

# One stamp per set of packages; the larger set serves the smaller.
.venv/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing packages into .venv; this happens once."
	$(INSTALL) '.[figures]'
	@touch $@

.venv/all.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing packages into .venv, tests and dashboard included; this happens once."
	$(INSTALL) '.[all]'
	@touch .venv/run.stamp $@

run: .venv/run.stamp  ## compare business as usual with three mixes under a rare-earth restriction, into results/
	$(BIN)/abm compare --out results/comparison --force

# As many files of tests at a time as there are processors.
ARGS ?= -n auto --dist loadfile --no-loadscope-reorder

test: .venv/all.stamp  ## run the tests
	$(BIN)/python -m pytest $(ARGS)

dashboard: .venv/all.stamp  ## open the dashboard in a browser
	$(BIN)/abm dashboard

lint: .venv/all.stamp  ## style, types and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: .venv/all.stamp  ## measure speed and memory
	$(BIN)/abm benchmark

clean:  ## remove the environment and what the tools leave behind; results/ stays
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
