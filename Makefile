# Everything a developer or a newcomer does, from a fresh clone. `make help` lists it.
PYTHON ?= python3
OLDEST_PYTHON := 3.11
VENV ?= .venv
BIN := $(VENV)/bin
RUN := runs/quickstart
CONFIG := configs/quickstart.yaml

.DEFAULT_GOAL := help
.PHONY: help setup quickstart lecture browser test test-slow wheel-check lowest lint format corpus clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## a virtual environment with everything (done once)

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = ".".join(map(str, sys.version_info[:2])); \
	old = sys.version_info < tuple(map(int, "$(OLDEST_PYTHON)".split("."))); \
	sys.exit("$(PYTHON) is Python " + v + ", but $(OLDEST_PYTHON) or newer is needed: make $(MAKECMDGOALS) PYTHON=python$(OLDEST_PYTHON)" if old else 0)'
	@echo "== Setting up $(VENV): torch first (large), then the rest"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

quickstart: setup ## train on the embedded corpus, print ROUGE, write headlines and titles (some minutes)
	@echo "== 1/4 Training: $(CONFIG) -> $(RUN)/best.ckpt"
	$(BIN)/seq2seq fit --config $(CONFIG)
	@echo "== 2/4 Scoring the test split with beam search -> $(RUN)/metrics.json, $(RUN)/predictions.jsonl"
	$(BIN)/seq2seq test --config $(CONFIG) --ckpt_path $(RUN)/best.ckpt
	@echo "== 3/4 Ten documents the model has never seen"
	$(BIN)/seq2seq show --checkpoint $(RUN)/best.ckpt --input data/newswire/test.jsonl --count 10
	@echo "== 4/4 Titles for ten abstracts, by the model that ships with the package"
	@if ls seq2seq/models/*.ckpt > /dev/null 2>&1; then \
	$(BIN)/seq2seq show --input data/abstracts.jsonl --count 10; else echo "no model ships with this copy"; fi

lecture: setup ## the figures of docs/lecture/ (less than five minutes)
	@echo "== 1/2 Training a small summarizer: configs/lecture.yaml -> runs/lecture/best.ckpt"
	$(BIN)/seq2seq fit --config configs/lecture.yaml
	@echo "== 2/2 Figures and their numbers -> docs/lecture/"
	$(BIN)/python -m lecture

# Root on a CI machine (the variable CI is set) installs Chromium for the tests of pages. Nobody else does: without a
# browser those tests are skipped, and the report of pytest names the reason.
browser:
	@if [ -n "$$CI" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	&& ! command -v chromium > /dev/null && ! command -v google-chrome > /dev/null; then \
	echo "== Installing Chromium for the tests of pages"; \
	apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium \
	|| echo "Chromium could not be installed; the tests of pages are skipped"; fi

test: setup browser ## the tests (a few minutes)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: setup ## the tests that take longer
	$(BIN)/python -m pytest -m slow

wheel-check: setup ## build the wheel and try it in a bare environment (minutes; installs torch)
	$(BIN)/python -m pytest -s -m slow tests/test_wheel.py

LOWEST := .venv-lowest
LOWEST_TESTS := tests/ops tests/model tests/decoding tests/serve tests/scoring/test_rouge.py tests/commands/test_schema.py \
	tests/commands/test_config.py tests/commands/test_training_parser.py tests/commands/test_cli.py \
	tests/training/test_training.py
lowest: ## a short part of the tests with the lowest versions that pyproject.toml allows; torch as in constraints.txt
	$(PYTHON) -m venv $(LOWEST)
	$(PYTHON) tests/lowest_versions.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/pip install --quiet -c $(LOWEST)/constraints.txt torch
	$(LOWEST)/bin/pip install --quiet -c $(LOWEST)/constraints.txt -e '.[tensorboard,score,serve]' \
		pytest pytest-timeout pytest-xdist jsonschema
	$(LOWEST)/bin/python -m pytest -q -n 2 --dist worksteal $(LOWEST_TESTS)

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## let ruff format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

corpus: ## write the synthetic corpora again (the bytes change only if a grammar changes)
	for corpus in newswire sentiment entities translation; do $(PYTHON) data/$$corpus/generate.py || exit 1; done

clean: ## remove runs and caches, keep the virtual environment
	rm -rf runs .pytest_cache .mypy_cache .ruff_cache
