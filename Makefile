PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check smoke bench chaos salesforce lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Run the whole product here, against the emulator, with five tenants
	@$(VENV)/bin/python -m demo

test: $(READY) ## Run all tests (make test ARGS="-k callout" for some)
	@test -x /usr/bin/chromium || scripts/install-apt chromium "the browser tests are skipped"
	@$(VENV)/bin/python -m pytest --numprocesses=auto $(ARGS)

check: $(READY) ## Run ruff, mypy, import-linter, the migrations check and the deployment check
	@scripts/check

smoke: $(READY) ## Run the main job once, headless, and print what it took
	@$(VENV)/bin/python -m demo.smoke

bench: $(READY) ## Measure the ratios that README quotes (make bench ARGS=health for one)
	@$(VENV)/bin/python -m bench $(ARGS)

chaos: $(READY) ## Kill the worker again and again while tenants are on their way (minutes)
	@$(VENV)/bin/python -m pytest -m chaos tests/chaos

salesforce: ## Check the Salesforce package (needs node and npm; java is installed when missing)
	@scripts/salesforce

lock: $(READY) ## Renew constraints.txt with the newest versions that requirements allow
	@scripts/lock $(VENV)

clean: ## Remove the demo's data and everything that was made, but not .venv
	@scripts/clean

$(READY): requirements.txt requirements-dev.txt constraints.txt
	@scripts/make-venv $(PYTHON) $(VENV)
	@touch $@
