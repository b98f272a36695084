# Everything a person types here. `make help` lists it. ARGS goes to the command behind a target:
#   make test ARGS="-k amendment -x"      make run ARGS="--port 9000"      make test WORKERS=0
.DEFAULT_GOAL := help
SHELL := /bin/bash
bin := .venv/bin
# Test files are shared out among so many processes, each with a PostgreSQL and a Kafka of its own; 0: one after another.
WORKERS ?= 2

.PHONY: help setup run demo test lint format types fuzz check bench lock hooks secrets

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv from requirements.lock, with `handrail` in it
	@scripts/setup

run: setup ## start everything in one process and print where to look; ctrl-C stops it
	@$(bin)/handrail run $(ARGS)

demo: setup ## play the main job against a running instance
	@$(bin)/handrail demo $(ARGS)

test: setup ## every test, against a real PostgreSQL, Kafka and browser
	@scripts/test-prerequisites
	@$(bin)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## ruff, its formatting, and which way imports point
	@$(bin)/ruff check
	@$(bin)/ruff format --check --quiet
	@$(bin)/lint-imports --no-logo

format: setup ## put code into shape and mend what ruff can mend by itself
	@$(bin)/ruff check --fix
	@$(bin)/ruff format

types: setup ## mypy --strict
	@$(bin)/mypy

fuzz: setup ## the long run of requests nobody thought of (a hundred times what `make test` sends, and every boundary)
	@HANDRAIL_FUZZ_EXAMPLES=1000 $(bin)/pytest tests/test_any_request.py $(ARGS)

check: lint types test ## what CI runs

bench: setup ## measure each path against its floor in the same run
	@$(bin)/python -m bench $(ARGS)

lock: setup ## requirements*.in -> requirements.lock (ARGS=--upgrade moves all)
	@scripts/lock $(ARGS)

hooks: setup ## run the quick checks at every commit
	@$(bin)/pre-commit install

secrets: ## make the passwords and keys that docker-compose.yml mounts
	@deploy/make-secrets
