# Everything works from a bare checkout: each target sets up first what it needs, and at once where that was done.
PY ?= python3
BIN := .venv/bin
# The node of the set-up serves pyright where the machine has none of its own.
export PATH := $(PATH):$(CURDIR)/.tools/node/bin
.DEFAULT_GOAL := help
.PHONY: help setup ready lock run test check types structure docs format bench soak clean

help:
	@echo "make run      start console, API and jobs, and print the address of the console"
	@echo "make test     the whole test suite"
	@echo "make check    format, lint, types, architecture, generated documents; under a minute"
	@echo "make docs     write the generated documents anew      make format   format and tidy the code"
	@echo "make bench    the benchmarks                          make soak     the tests that take minutes"
	@echo "make lock     resolve the dependencies anew           make clean    remove what the set-up made"

setup:
	@$(PY) setup --again

ready:
	@$(PY) setup

lock: ready
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --group dev --universal --no-emit-index-url --no-header \
		--no-annotate --generate-hashes -o requirements.lock

run: ready
	@exec $(BIN)/throughline run

# Calls in rooms go by the clock, so they have the machine to themselves.
test:
	@$(PY) setup --browser
ifeq ($(ARGS),)
	@$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/rooms
	@$(BIN)/python -m pytest -m "not soak" tests/rooms
else
	@$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)
endif

check: ready
	@$(MAKE) --no-print-directory -j 2 types structure

types:
	$(BIN)/pyright

structure:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q tests/test_architecture.py
	$(BIN)/python -m graph.documents --check

docs: ready
	$(BIN)/python -m graph.documents

format: ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: ready
	$(BIN)/python -m bench $(ARGS)

soak:
	@$(PY) setup --browser
	$(BIN)/python -m pytest -m soak $(ARGS)

clean:
	rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis ui/static/fonts ui/static/vendor *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
