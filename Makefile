# Every target makes the environment in .venv first if it is not there. RECIPE chooses the recipe.
PYTHON ?= python3
RECIPE ?= recipes/quickstart.yaml
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs bench clean ingest language quality dedup pii

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## create the environment in .venv, with exact versions

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] < (3, 14), f"Python 3.11 to 3.13 is needed, this is {sys.version}: make PYTHON=python3.12"'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint constraints.txt "setuptools>=77"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint constraints.txt --no-build-isolation --editable '.[hub,pii,ray,train,test,lint]'
	touch $(READY)

demo: $(READY) ## clean the text of your own Python installation and print the report's path
	$(BIN)/corpusmill run recipes/quickstart.yaml

ingest: $(READY) ## RECIPE up to reading
	$(BIN)/corpusmill run $(RECIPE) --until read

language: $(READY) ## RECIPE up to language identification
	$(BIN)/corpusmill run $(RECIPE) --until language

quality: $(READY) ## RECIPE up to the quality rules
	$(BIN)/corpusmill run $(RECIPE) --until quality

dedup: $(READY) ## RECIPE up to near-duplicate documents
	$(BIN)/corpusmill run $(RECIPE) --until dedup_document

pii: $(READY) ## RECIPE up to scrubbing personal data
	$(BIN)/corpusmill run $(RECIPE) --until pii

test: $(READY) ## run the tests
	$(BIN)/python -m pytest

lint: $(READY) ## ruff, mypy, and that generated pages are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/corpusmill docs --check

docs: $(READY) ## write recipes/REFERENCE.md and recipes/recipe.schema.json
	$(BIN)/corpusmill docs

bench: $(READY) ## measure the speed floor, and against other tools
	$(BIN)/python -m tests.bench

clean: ## remove the environment and what tools cached; runs/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
