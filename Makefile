# `make demo` and `make test` need nothing but Python 3.11 or newer: each makes the virtual environment if it is missing.
PYTHON ?= python3
EXTRAS ?= dev,bench,nufft,app,export,batch,docs
COUNT ?= 20000
START ?= 10000
KILLS ?= 200
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
HALF := $(VENV)/unfinished

# One thread in each process: the test processes share the cores, and timings stay comparable.
test test-all docs bench fuzz: export OMP_NUM_THREADS := 1
test test-all docs bench fuzz: export MPLBACKEND := Agg

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all check bench fuzz docs clean
.SUFFIXES:

help:  ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

install: $(STAMP)  ## make .venv, with pinned versions and every extra that needs no GPU

# The stamp is written last; a run that was interrupted leaves `unfinished` behind, and the next one starts over.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Minimand needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@if [ -e $(HALF) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "making $(VENV)"; $(PYTHON) -m venv --clear $(VENV); fi
	@touch $(HALF)
	@echo "installing into $(VENV) (the first time takes a few minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@rm -f $(HALF)
	@touch $@

demo: $(STAMP)  ## reconstruct a real brain scan from a fifth of its k-space, and write a report
	@$(BIN)/minimand demo --report demo-report --force
	@for page in demo-report/*.html; do echo "report: file://$(CURDIR)/$$page"; done

check: $(STAMP)  ## lint, format, types, and who may import whom
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "run: $(BIN)/ruff format"; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

test: check  ## check, then the quick tests
	@$(BIN)/pytest -n 2

test-all: check  ## check, then every test, the slow ones too
	@$(BIN)/pytest -n 2 -m ''

bench: $(STAMP)  ## run every benchmark, one after the other, and write docs/benchmarks.md
	@$(BIN)/python benchmarks/_page.py

fuzz: $(STAMP)  ## damage files at random (COUNT of each format from START on) and read them; kill commands KILLS times
	@$(BIN)/python tests/io/fuzz.py --count $(COUNT) --start $(START)
	@MINIMAND_KILLS=$(KILLS) $(BIN)/pytest -m slow -k "killed and not poisoned" tests/commands/test_interruptions.py \
		tests/commands/test_batch_large.py

docs: $(STAMP)  ## build the site into build/site/VERSION; check every link, run every example in the documents
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site: file://$(CURDIR)/build/site/index.html"
	@$(BIN)/pytest -m '' tests/test_docs.py

clean:  ## remove everything that was made
	rm -rf $(VENV) build dist demo-report .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
