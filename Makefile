# The developer loop, and the one command that protects a machine. Needs make and Python 3.11 or newer; nothing else.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
TESTS ?= tests
# Twice the cores of a small machine: what drives the real client, or a service, waits much of its time.
WORKERS ?= 4
COMPILE := $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DELETE_ON_ERROR:
.PHONY: protect test lint fix docs bench lock clean

protect: $(INSTALLED)  ## install, put protection on, and prove that it holds
	@$(BIN)/checkrein up
	@$(BIN)/checkrein prove --quick

test: $(DEV)  ## run the tests: make test TESTS=tests/setup
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(TESTS)

lint: $(DEV)  ## style, types, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@if $(BIN)/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("checkrein.docs") is None)'; then \
		$(BIN)/python -m checkrein.docs --check; fi

fix: $(DEV)  ## mend what a tool can mend
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

docs: $(DEV)  ## write the generated pages anew
	@$(BIN)/python -m checkrein.docs

bench: $(DEV)  ## measure what docs/benchmarks.md states
	@$(BIN)/python -m bench $(BENCH)

lock: $(DEV)  ## resolve the requirements anew
	@$(COMPILE) --upgrade --build-deps-for editable --output-file requirements.lock pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(COMPILE) --upgrade --constraint requirements.lock --output-file requirements-dev.lock -

clean:  ## remove the environment; protection is untouched, but its programs live there: run `checkrein down` first
	@link="$$HOME/.local/bin/checkrein"; test "$$(readlink "$$link")" != "$(CURDIR)/$(BIN)/checkrein" || rm "$$link"
	@rm -rf $(VENV)

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Checkrein needs Python 3.11 or newer, and found none. Install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@touch $@

$(INSTALLED): $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing Checkrein into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(INSTALLED) requirements-dev.lock
	@echo "Installing the developer's tools into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
