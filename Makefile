# The words of this project; CONTRIBUTING.md explains them. A new machine needs Python 3.11 or newer, make and git.
#
#   make setup   everything the tests want: a virtual environment, and Debian packages where that is allowed
#   make fmt     format and repair            make check   format, lint, types, architecture; changes nothing
#   make test    setup, check, all tests      make soak    the long runs that `make test` leaves out
#   make demo    the program, shown           make golden  writes the expected outputs anew: read the diff like code
#   make docs    the reference of commands    make bench   the claims about speed (WORDS=--quick)
#   make dist    wheel and source archive

SHELL := bash
.DEFAULT_GOAL := test
.PHONY: setup light debian fmt check test demo soak golden docs bench dist

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2

# What the tests use besides Python: real counterparts instead of imitations.
DEBIAN := postgresql postfix chromium fonts-noto-core openssl spamassassin dnsmasq-base

setup: .venv/dev-done debian

light: .venv/light-done

.venv/bin/python:
	@.ci/virtual-environment

# 25.1 is the first pip that knows dependency groups.
.venv/light-done: pyproject.toml | .venv/bin/python
	@$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --editable '.[fast]'
	@touch $@

.venv/dev-done: pyproject.toml .venv/light-done
	$(PIP) --editable '.[fast,postgres,docx,pages,images]' --group dev
	@touch $@

debian:
	@.ci/debian-packages $(DEBIAN)

fmt: .venv/dev-done
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: .venv/dev-done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/commands.py --check
	$(BIN)/python docs/checks.py --check
	$(BIN)/python docs/conversation.py --check
	$(BIN)/pytest --quiet tests/test_architecture.py

test: setup check
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile

soak: setup
	$(BIN)/pytest -m soak

golden: .venv/dev-done
	$(BIN)/pytest --rewrite-golden
	@git status --short tests/golden

demo: light
	$(BIN)/newsletter demo

docs: .venv/dev-done
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/checks.py
	$(BIN)/python docs/conversation.py

bench: setup
	$(BIN)/python benchmarks $(WORDS)

dist: .venv/light-done
	@$(PIP) 'hatchling>=1.25'
	rm -rf dist
	$(BIN)/python -m hatchling build
