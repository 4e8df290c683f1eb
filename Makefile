PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
# Debian's Chromium without what draws windows: half the work for the same pages.
BROWSER := command -v chromium-headless-shell >/dev/null || scripts/install-apt chromium-headless-shell
REDIS := command -v redis-server >/dev/null || scripts/install-apt redis-server

.DEFAULT_GOAL := help
.PHONY: help demo test check smoke bench screenshots docs chaos thorough contract salesforce lock audit pythons next containers release clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Run the whole product here, against the emulator, with a month of history
	@$(VENV)/bin/python -m demo

test: $(READY) ## Run the tests, without the long ones (make test ARGS="-k callout" for some)
	@$(BROWSER) "the browser tests are skipped"
	@$(REDIS) "the tests with a real Redis are skipped"
	@$(VENV)/bin/python -m pytest --numprocesses=auto $(ARGS)

check: $(READY) ## Run ruff, mypy, import-linter and the checks of migrations, settings, packages, words and documents
	@scripts/check

smoke: $(READY) ## Run the main job once, headless, and print what it took
	@$(VENV)/bin/python -m demo.smoke

bench: $(READY) ## Measure the ratios of docs/performance.md (make bench ARGS=health for one)
	@$(VENV)/bin/python -m bench $(ARGS)

screenshots: $(READY) ## Render the staff's and the subscribers' pages to docs/screenshots
	@$(BROWSER) "there are no screenshots"
	@$(VENV)/bin/python -m bench.screenshots

docs: $(READY) ## Write the diagrams and tables that the documents take from the code
	@$(VENV)/bin/python -W ignore -m scripts.documents

chaos: $(READY) ## Kill everything, meet every fault, send hostile requests, and report what held (long)
	@$(REDIS) "the storm with Redis is skipped"
	@$(VENV)/bin/python -m pytest -m "chaos or matrix" -p tests.chaos.report --numprocesses=4 $(ARGS)

thorough: $(READY) ## Run the tests that are too long for make test: properties, every page, whole fleets
	@$(VENV)/bin/python -m pytest -m "hypothesis and not chaos" --hypothesis-profile=thorough
	@$(VENV)/bin/python -m pytest -m "thorough or every"

contract: $(READY) ## Run the clients that others wrote against the emulator (needs node and npm)
	@scripts/contract $(VENV)/bin/python
	@$(VENV)/bin/python -m pytest -m contract -p tests.contract.report --numprocesses=2 tests/contract $(ARGS)

salesforce: ## Check the Salesforce package (needs node and npm; java is installed when missing)
	@scripts/salesforce

lock: ## Write the lock files from the requirements (make lock ARGS=--upgrade for the newest versions)
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@scripts/lock $(VENV) $(ARGS)

audit: $(READY) ## Ask the advisory database about every package (needs the network)
	@scripts/audit $(VENV)

pythons: $(READY) ## Run the tests on each other Python that is here (make pythons ARGS=3.13 for one)
	@scripts/pythons $(ARGS)

next: $(READY) ## Run the tests on the newest Django, with warnings as errors (needs Python 3.12 or newer)
	@scripts/pythons django

containers: $(READY) ## Check the Dockerfile and compose.yaml; nothing is built (needs the network)
	@scripts/containers $(VENV)

release: $(READY) ## Check the tree, the version, the changelog and all that CI checks, then make the tag
	@$(VENV)/bin/python -m scripts.release

clean: ## Remove the demo's data and everything that was made, but not .venv
	@scripts/clean

$(READY): requirements.txt requirements-dev.txt requirements-tracing.txt requirements.lock requirements-dev.lock
	@scripts/make-venv $(PYTHON) $(VENV)
	@touch $@
