# A fresh machine needs Python 3.11 or newer, make and git. Everything else comes into .local/ by itself.
#
#   make demo      sets up, starts the whole stack, plays the main job on real input, leaves it running
#   make test      sets up what is missing, runs every test and linter, leaves nothing running
#   make help      everything else

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Another Python: make PYTHON=/path/to/python3.13
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Another stack of this checkout: make up NAME=other
NAME ?= demo
# A wholesaler's invoices of your own for the demo: make demo WHOLESALER=file
WHOLESALER ?=
# A merchant's past invoices: make replay-invoices FILE=invoices.csv
FILE ?=
# Arguments for pytest: make test TESTS="tests/orders -k attest"
TESTS ?=
# Figures for make bench: make bench FIGURE="P5 P10"
FIGURE ?=
# make bench PUBLISH=1 puts the run into docs/performance.md
PUBLISH ?=
# Parts for make logs: make logs PARTS="orders kafka"
PARTS ?=

# Fault runs (SEED also of make fuzz): make faults, make faults ROW=F-P1, make faults PAIR=F-P1,F-T1, make faults SEED=7 COUNT=5, make faults SHORT=1
ROW ?=
PAIR ?=
SEED ?= 1
COUNT ?=
SHORT ?=

BIN := .local/venv/bin
STACK := $(BIN)/python -m local_stack
SOURCES := $(wildcard contracts chassis services deploy/local demo faults tests)

.PHONY: help setup demo replay-invoices up infra down status logs test faults checker fuzz bench lint format clean

help:  ## this text
	@sed -nE 's/^([a-z/]+):.*  ## (.*)$$/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'
	@echo
	@echo "Settings: PYTHON NAME TESTS PARTS WHOLESALER FILE FIGURE PUBLISH, and in the environment COUNTERSIGN_PORT_BASE (ports; 18000),"
	@echo "COUNTERSIGN_POSTGRES, COUNTERSIGN_KAFKA, COUNTERSIGN_TEMPORAL, COUNTERSIGN_SMTP (servers to use instead)."

setup:  ## what all others need: Python packages, servers, Kafka's jars; once
	@python='$(PYTHON)'; command -v "$${python:=python3.11}" >/dev/null || \
	{ echo "Python 3.11 or newer is needed, and there is no $$python here. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	"$$python" deploy/local/bootstrap.py

demo: up  ## start everything and play the main job on real input
	@$(BIN)/python -m demo --stack '$(NAME)' $(if $(WHOLESALER),--wholesaler '$(WHOLESALER)')

replay-invoices: up  ## play past invoices again and compare every total: FILE=invoices.csv
	@$(BIN)/python -m demo.replay_invoices $(if $(FILE),'$(FILE)',$(error Name a file: make replay-invoices FILE=invoices.csv)) --stack '$(NAME)'

up: setup  ## start PostgreSQL, Kafka, Temporal, mail and the four services, and wait until they answer
	@$(STACK) --name $(NAME) up

infra: setup  ## the same without the four services
	@$(STACK) --name $(NAME) up --infra-only

down:  ## stop every stack of this checkout and verify that nothing runs
	@if [ -x $(BIN)/python ]; then $(STACK) down --all; else echo "Nothing is set up here, so nothing runs."; fi

status: setup  ## what runs, and where
	@$(STACK) --name $(NAME) status

logs: setup  ## the end of the logs and what is added; Ctrl-C ends it
	@$(STACK) --name $(NAME) logs $(PARTS)

# The test stack is started by the tests that need it. It is stopped here too, because pytest may have been killed.
test: setup lint  ## every test and linter
	@status=0; $(BIN)/python -m pytest $(TESTS) || status=$$?; \
	$(STACK) --name test down >/dev/null || status=1; exit $$status

faults: setup  ## fault runs and their checker; .local/faults/latest.json has a result per row (ROW PAIR SEED COUNT SHORT)
	@$(BIN)/python -m faults --seed '$(SEED)' $(if $(ROW),--row '$(ROW)') $(if $(PAIR),--pair '$(PAIR)') \
	$(if $(COUNT),--count '$(COUNT)') $(if $(SHORT),--short)

checker: setup  ## whether the checker of the fault runs finds ten bugs seeded into copies of the code
	@$(BIN)/python -m pytest -m seeded tests/faults

fuzz: setup  ## 20,000 requests made up from the OpenAPI documents, each answer as documented; another SEED sends others
	@status=0; COUNTERSIGN_FUZZ_CASES=150 COUNTERSIGN_FUZZ_SEED='$(SEED)' $(BIN)/python -m pytest -rP tests/api/test_fuzzing.py || status=$$?; \
	$(STACK) --name test down >/dev/null || status=1; exit $$status

bench: setup  ## every figure of docs/performance.md, on a stack of its own, in 20 minutes
	@$(BIN)/python -m tests.performance $(FIGURE) $(if $(PUBLISH),--publish)

lint: setup  ## ruff, mypy, import rules
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@MYPYPATH=deploy/local $(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports

format: setup  ## let ruff tidy up
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

clean: down  ## stop everything and forget all data, the virtual environment included
	@rm -rf .local
