# Everything is set up by tools/setup.py: Python's environment in .venv, the servers in the cache outside the clone.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench setup clean-services

demo: setup
	@$(BIN)/hhsync demo

test: setup lint
	@$(BIN)/python tools/test.py

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.git_check

setup:
	@$(PYTHON) tools/setup.py

clean-services:
	@$(BIN)/python -m embedded.services remove
