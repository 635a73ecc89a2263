# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make demo    see it work: estate up, audit, summary and report, estate down
# make test    unit, conformance and molecule
# make lint    ruff, mypy, ansible-lint, docs, changelog, licences, ansible-test sanity
# make lab-up / make lab-down   an estate to play with
# make setup   only the environment; then .venv/bin/ansible-playbook collab.expressway.audit …
#
# Another interpreter: make test PYTHON=python3.13 VENV=.venv-3.13
# A part only: make unit TESTS=tests/unit/audit, make molecule SCENARIOS='audit trust'

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
# Some of the tools start others by name.
IN_VENV := PATH="$(abspath $(BIN)):$$PATH"
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo lab-up lab-down test unit molecule lint bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# --- environment -------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "make: $(PYTHON) is not Python 3.11 or newer; name another: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "make: no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }

# The checkout answers to its collection name through one link, whatever folder it was cloned into.
$(VENV)/.linked: $(BIN)/python
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
	  && mkdir -p "$$site/ansible_collections/collab" \
	  && ln -sfn "$(CURDIR)" "$$site/ansible_collections/collab/expressway"
	@touch $@

$(VENV)/.setup: requirements.txt tests/requirements-lab.txt $(VENV)/.linked
	@echo "Installing into $(VENV) (once) …"
	@$(PIP) -r requirements.txt -r tests/requirements-lab.txt
	@touch $@

$(VENV)/.test: tests/requirements-test.txt $(VENV)/.setup
	@$(PIP) -r tests/requirements-test.txt
	@touch $@

$(VENV)/.lint: tests/requirements-lint.txt $(VENV)/.setup
	@$(PIP) -r tests/requirements-lint.txt
	@touch $@

setup: $(VENV)/.setup
	@echo "Ready: $(BIN)/ansible-playbook collab.expressway.audit -i inventory/"

# --- the estate --------------------------------------------------------------------------------------------------

demo: $(VENV)/.setup
	@VENV=$(VENV) tests/demo.sh

lab-up: $(VENV)/.setup
	@$(BIN)/python -m tests.lab up

lab-down: $(VENV)/.setup
	@$(BIN)/python -m tests.lab down

# --- checks ------------------------------------------------------------------------------------------------------

test: unit molecule

# The files side by side, each in one process.
unit: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

molecule: $(VENV)/.test
	$(IN_VENV) molecule test --report $(if $(SCENARIOS),$(addprefix -s ,$(SCENARIOS)),--all)

lint: $(VENV)/.lint $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy plugins tests
	$(IN_VENV) ansible-lint --offline --profile production
	$(IN_VENV) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .
	$(IN_VENV) antsibull-changelog lint
	$(BIN)/reuse lint --quiet || $(BIN)/reuse lint
	VENV=$(VENV) tests/sanity.sh

bench: $(VENV)/.test
	for bench in estate_start presented verdicts wanted_state traffic_log; do $(BIN)/python -m tests.bench.$$bench || exit 1; done

clean:
	rm -rf .cache .ansible .pytest_cache .ruff_cache .mypy_cache .hypothesis
