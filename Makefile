# Every target makes the environment in .venv first if it is not there. RECIPE chooses the recipe, RUN the run folder.
PYTHON ?= python3
RECIPE ?= recipes/quickstart.yaml
RUN ?= runs/$(basename $(notdir $(RECIPE)))
MIXTURE ?= natural
CLASSIFIER ?= runs/classifier.zip
LM ?= runs/model.lm
TOKENS ?= 1000000
BIN := .venv/bin
READY := .venv/ready
TRAIN_PACKAGES := torch numpy pyarrow tokenizers pyyaml

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-ray test-train lint docs bench bench-dedup bench-pii bench-packing bench-loaders clean kenlm \
	ingest language quality classifier dedup lm perplexity pii tokenizer pack ablate report mix train

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## create the environment in .venv, with exact versions

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] < (3, 14), f"Python 3.11 to 3.13 is needed, this is {sys.version}: make PYTHON=python3.12"'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint constraints.txt "setuptools>=77"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint constraints.txt --no-build-isolation --editable '.[hub,pii,ray,train,test,lint]'
	touch $(READY)

demo: $(READY) ## from the text of your own Python installation to the report of a small ablation
	$(BIN)/corpusmill run recipes/quickstart.yaml

ingest: $(READY) ## RECIPE up to reading
	$(BIN)/corpusmill run $(RECIPE) --until read

language: $(READY) ## RECIPE up to language identification
	$(BIN)/corpusmill run $(RECIPE) --until language

quality: $(READY) ## RECIPE up to the quality rules
	$(BIN)/corpusmill run $(RECIPE) --until quality

classifier: $(READY) ## train a quality classifier, CLASSIFIER, from the files POSITIVES and NEGATIVES
	$(BIN)/corpusmill train-classifier --positives $(POSITIVES) --negatives $(NEGATIVES) --out $(CLASSIFIER)

lm: $(READY) ## train an n-gram language model, LM, from FILES
	$(BIN)/corpusmill train-lm $(FILES) --out $(LM)

perplexity: $(READY) ## RECIPE up to perplexity
	$(BIN)/corpusmill run $(RECIPE) --until perplexity

dedup: $(READY) ## RECIPE up to near-duplicate documents
	$(BIN)/corpusmill run $(RECIPE) --until dedup_document

pii: $(READY) ## RECIPE up to scrubbing personal data
	$(BIN)/corpusmill run $(RECIPE) --until pii

tokenizer: $(READY) ## RECIPE up to the trained tokenizer
	$(BIN)/corpusmill run $(RECIPE) --until tokenizer

pack: $(READY) ## RECIPE up to packed tokens
	$(BIN)/corpusmill run $(RECIPE) --until pack

train: $(READY) $(RUN)/out/pack/packed.json ## train one small model on RUN's packed tokens, mixed as MIXTURE
	$(BIN)/python -m train --data $(RUN)/out/pack --out $(RUN)/train --mixture $(MIXTURE) --tokens $(TOKENS)

$(RUN)/out/pack/packed.json: | $(READY)
	$(BIN)/corpusmill run $(RECIPE) --until pack --out $(RUN)

ablate: $(READY) ## the longer ablation, recipes/ablation.yaml
	$(BIN)/corpusmill run recipes/ablation.yaml

report: $(READY) ## write RUN's report anew
	$(BIN)/corpusmill report $(RUN)

mix: $(READY) ## write a corpus of TOKENS tokens from RUN, mixed as MIXTURE
	$(BIN)/corpusmill mix $(RUN) --mixture $(MIXTURE) --tokens $(TOKENS)

test: $(READY) ## run the tests, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

kenlm: $(READY) ## build kenlm, which the tests of language models compare with; needs a C++ compiler
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-binary kenlm --constraint constraints.txt kenlm

test-ray: $(READY) ## run the tests of the engine on Ray
	$(BIN)/python -m pytest -m ray

test-train: $(READY) .venv-train/ready ## run train/ alone, in an environment with exactly the packages it needs
	TRAIN_PYTHON=$(CURDIR)/.venv-train/bin/python $(BIN)/python -m pytest tests/train/test_alone.py

.venv-train/ready: constraints.txt
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint constraints.txt $(TRAIN_PACKAGES)
	touch .venv-train/ready

lint: $(READY) ## ruff, mypy, and that generated pages are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/corpusmill docs --check

docs: $(READY) ## write recipes/REFERENCE.md and recipes/recipe.schema.json
	$(BIN)/corpusmill docs

bench: $(READY) ## measure the speed floor, and against other tools
	$(BIN)/python -m tests.bench

bench-dedup: $(READY) ## measure dedup_document on up to 30 million made-up signatures; takes about half an hour and 35 GB of disk
	$(BIN)/python -m tests.bench.dedup_scale

bench-pii: $(READY) ## measure how well pii finds what labelled documents hold, and how fast, beside Presidio
	$(BIN)/python -m tests.bench.pii

bench-packing: $(READY) ## measure how fast ten million documents are packed
	$(BIN)/python -m tests.bench.packing

bench-loaders: $(READY) .venv-peers/ready ## measure the loader beside a loop of numpy, MosaicML streaming and litdata (2 GB in .venv-peers)
	$(BIN)/python -m tests.bench.loading --peers .venv-peers/bin/python

.venv-peers/ready: tests/bench/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --constraint tests/bench/peers.txt litdata mosaicml-streaming
	touch .venv-peers/ready

clean: ## remove the environment and what tools cached; runs/ stays
	rm -rf .venv .venv-train .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
