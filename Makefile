# The one door to the lab. `make run` starts it, `make test` tests it; nothing but Python 3.11–3.13 is needed.
.DEFAULT_GOAL := help
.PHONY: help setup run test slow-test lint types browser-test bench chaos growth diagnosis-benchmark docs screenshots clean

PORT ?= 8501
VENV ?= .venv
BIN := $(VENV)/bin

# The first Python on the path that TensorFlow has wheels for.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(VENV)/run.stamp ## make the virtual environment and install what the lab runs on

run: $(VENV)/run.stamp ## start the lab on http://127.0.0.1:8501 (PORT=… for another port)
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/dev.stamp ## run the tests (browser tests where a Chromium is found)
	$(BIN)/pytest -m "not slow"

slow-test: $(VENV)/dev.stamp ## run the tests that take long: lessons, benchmarks, XLA against model.fit, axe, keyboards, a whole class, kill -9, full disks, two web processes
	$(BIN)/pytest -m slow

browser-test: $(VENV)/dev.stamp ## run the browser tests alone
	$(BIN)/pytest -m browser -n 0

lint: $(VENV)/dev.stamp ## check style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/dev.stamp ## check types
	$(BIN)/mypy

bench: $(VENV)/bench.stamp ## measure the speed of training beside model.fit and JAX, of the app and of reading, in one run
	$(BIN)/python -m benchmarks

chaos: $(VENV)/dev.stamp ## do harm to a lab at work, of each kind, and tell what became of its runs (half an hour)
	$(BIN)/python -m benchmarks.chaos

growth: $(VENV)/dev.stamp ## measure how cost grows with rows, width, depth, runs and epochs, into docs/growth.md and its pictures
	$(BIN)/python -m benchmarks.growth

diagnosis-benchmark: $(VENV)/run.stamp ## measure how often the diagnosis is right, on programs with known faults, into docs/diagnosis.md (an hour)
	$(BIN)/python -m benchmarks.diagnosis --set all --ablation --write docs/diagnosis.md

docs: $(VENV)/run.stamp ## write the pages of docs/ that list what the lab knows
	$(BIN)/python -m benchmarks.docs

screenshots: $(VENV)/dev.stamp ## take the pictures of README and docs, in a Chromium
	$(BIN)/python -m benchmarks.screenshots

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Loss Lab needs Python 3.11, 3.12 or 3.13 on the path." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements-team.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

$(VENV)/bench.stamp: requirements-bench.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@ $(VENV)/run.stamp
