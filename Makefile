# Two commands matter: `make demo` and `make test`. Everything runs from .venv; nothing else is installed,
# but for Biome in node_modules, which `make lint` and `make format` need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements
DEV_STAMP := $(VENV)/.requirements-dev
BIOME := node_modules/.bin/biome

.PHONY: demo up install setup test test-hostile test-properties test-services test-browser conformance test-clients cluster-test benchmark soak check lint format types imports migrations deploy-check audit lock lock-check sbom digests clean

demo: setup ## Seed a demo and run every process, until Ctrl-C
	@exec $(BIN)/python manage.py demo --up

up: setup ## Run every process, until Ctrl-C (SIMULATOR=0 leaves the simulator out)
	@exec $(BIN)/python manage.py up

install: $(STAMP) ## Install what Patchbay needs, and touch no data

setup: $(STAMP) ## Install, migrate, load the integrations
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py load_integration --verbosity 0

# The tests start some two hundred processes: what one compiles serves the others, whatever the machine has set.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV_STAMP) ## The whole suite on the embedded default
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not hostile and not browser and not services and not clients and not cluster"

test-hostile: $(DEV_STAMP) ## Every entrance, with what means harm: the widest property tests
	@$(BIN)/python -m pytest -n auto -m hostile

test-properties: $(DEV_STAMP) ## Every property, with other examples each time and more of them
	@$(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile others

test-browser: $(DEV_STAMP) ## The portal in a real Chromium (REQUIRE_BROWSER=1 fails when it is missing)
	@$(BIN)/python -m pytest -m browser tests/browser

conformance: $(DEV_STAMP) ## The official MCP conformance suite, against a running copy
	@$(BIN)/python -m tests.conformance.run

test-clients: $(DEV_STAMP) ## MCP clients that people use, against a running copy
	@REQUIRE_CLIENTS=$${REQUIRE_CLIENTS:-1} $(BIN)/python -m pytest -m clients tests/clients

cluster-test: $(DEV_STAMP) ## Three replicas behind nginx, while parts of them are killed and restarted
	@REQUIRE_SERVICES=$${REQUIRE_SERVICES:-1} $(BIN)/python -m pytest -m cluster tests/cluster

# Where the services suite finds PostgreSQL and Redis; it makes and drops a database of its own.
SERVICES_DATABASE_URL ?= postgresql://postgres@127.0.0.1:5432/patchbay
SERVICES_REDIS_URL ?= redis://127.0.0.1:6379/9
SERVICES := DATABASE_URL=$(SERVICES_DATABASE_URL) REDIS_URL=$(SERVICES_REDIS_URL)

test-services: $(DEV_STAMP) ## The suite again, on PostgreSQL and Redis (REQUIRE_SERVICES=1 fails when they are missing)
	@$(SERVICES) $(BIN)/python -m tests.services; case $$? in \
	0) $(SERVICES) $(BIN)/python -m pytest -n auto --dist loadfile -m "not e2e and not hostile and not browser and not clients and not cluster" ;; \
	3) echo "The services suite is skipped. If they run elsewhere, set SERVICES_DATABASE_URL and SERVICES_REDIS_URL." ;; \
	*) exit 1 ;; esac

benchmark: $(DEV_STAMP) ## Tool calls a second, beside a bare proxy
	@$(BIN)/python -m benchmarks.tool_calls

soak: $(DEV_STAMP) ## Half an hour of mixed load, and the slopes of memory, files and latency
	@$(BIN)/python -m benchmarks.soak

check: lint types imports migrations deploy-check audit lock-check sbom ## Every check that is not a test

lint: $(DEV_STAMP) $(BIOME) ## Rules and format of Python, templates, style sheets and scripts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djangofmt check templates
	$(BIN)/djangofmt --check templates
	$(BIOME) check --error-on-warnings

format: $(DEV_STAMP) $(BIOME) ## Format Python, templates, style sheets and scripts
	$(BIN)/ruff format .
	$(BIN)/djangofmt templates
	$(BIOME) format --write

types: $(DEV_STAMP)
	$(BIN)/mypy .

imports: $(DEV_STAMP)
	$(BIN)/lint-imports

migrations: $(DEV_STAMP)
	$(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: $(DEV_STAMP)
	@DEBUG=0 SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" TOKEN_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(32))')" \
	CREDENTIAL_KEYS="k1:$$($(BIN)/python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())')" \
	PUBLIC_URL=https://patchbay.example.com FORWARDED_ALLOW_IPS=10.0.0.5 $(BIN)/python manage.py check --deploy --fail-level WARNING

audit: $(DEV_STAMP)
	@$(BIN)/pip-audit -r requirements.txt --disable-pip --no-deps --progress-spinner off 2>$(VENV)/pip-audit.log \
	|| { grep -qE 'Connection|Max retries|resolve|Temporary failure|ConnectionError|Proxy|503|403' $(VENV)/pip-audit.log \
	&& echo "audit skipped: the vulnerability database cannot be reached from here" || { cat $(VENV)/pip-audit.log; exit 1; }; }

# For every platform and every Python that is supported, with the hashes of all of the index's files.
LOCKING := $(BIN)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-config --quiet

lock: $(DEV_STAMP) ## Write requirements.lock anew, after a change of requirements.txt or constraints.txt
	@$(LOCKING) --output-file requirements.lock

lock-check: $(DEV_STAMP) ## requirements.lock is in step with requirements.txt and constraints.txt
	@$(BIN)/python -m pytest -q tests/deploy/test_lock.py

sbom: $(DEV_STAMP) ## What the product is made of, as CycloneDX, in build/sbom.cdx.json
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements requirements.lock --output-reproducible --of JSON --output-file build/sbom.cdx.json
	@$(BIN)/python -c 'import json; count = len(json.load(open("build/sbom.cdx.json")).get("components", [])); \
	assert count > 0, "build/sbom.cdx.json names no component"; print(f"build/sbom.cdx.json names {count} components")'

# The images that deploy/ names, by the digest that their tags have at this moment; docs/operations.md says what to do with it.
IMAGES := python:3.11-slim-bookworm $(shell sed -n 's/^ *image: *\([a-z][a-z/-]*:[0-9][^ ]*\)$$/\1/p' deploy/compose.yaml)

digests: ## The digests of the images that deploy/ builds on (needs skopeo or docker)
	@for image in $(IMAGES); do \
	if command -v skopeo >/dev/null; then \
	digest=$$(skopeo inspect --format '{{.Digest}}' "docker://docker.io/$$(case $$image in */*) echo "$$image" ;; *) echo "library/$$image" ;; esac)"); \
	else digest=$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$$image"); fi || exit 1; \
	echo "$$image@$$digest"; done

clean: ## Remove what the commands made; the data in var/ stays
	rm -rf $(VENV) node_modules build .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	|| { echo "Patchbay needs Python 3.11 or newer as '$(PYTHON)'; install it, or name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making $(VENV) …" >&2
	@$(PYTHON) -m venv $(VENV)

$(STAMP): requirements.lock | $(VENV)/bin/python
	@echo "Installing requirements …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.txt requirements.txt constraints.txt requirements.lock | $(VENV)/bin/python
	@echo "Installing requirements for development …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(STAMP)

# For style sheets and scripts alone: nothing that runs or tests the product needs Node.js.
$(BIOME): package.json package-lock.json
	@command -v npm >/dev/null || { echo "Style sheets and scripts cannot be checked: npm is not on this machine."; \
	echo "Install Node.js with npm (Debian: apt-get install npm), then run make $(MAKECMDGOALS) again."; exit 1; }
	@echo "Installing what checks style sheets and scripts …"
	@npm ci --no-audit --no-fund --loglevel error >/dev/null
	@touch $@
