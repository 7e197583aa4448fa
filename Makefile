# The commands of the project. `make test` is everything that CI checks; `make demo` shows it.
PYTHON ?= python3
BIN := .venv/bin
# Where it is set, every process of the tests would read and compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE
# The logs of the tests' bots are synced to the disk at every event; where there is room in memory, that costs nothing.
ROOM := $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'END { print ($$4 > 2000000 ? "TMPDIR=/dev/shm" : "") }')

.PHONY: install test demo bench conformance lock clean

install: .venv/ready

.venv/ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

test: install
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet --no-cache .
	$(BIN)/lint-imports --no-cache
	@echo "$(BIN)/mypy, beside $(BIN)/python -m pytest -n 4 --dist worksteal"
	@$(BIN)/mypy >/dev/null 2>&1 & types=$$!; \
	$(ROOM) $(BIN)/python -m pytest -n 4 --dist worksteal; tests=$$?; \
	{ wait $$types || $(BIN)/mypy; } && exit $$tests  # what it found, again, where it is read

demo: install
	@$(BIN)/python -m tests.demo

bench: install
	@$(BIN)/python -m benchmarks

# The bot and Vercel's own client against the same stand-in, and the stand-in against Vercel's client and types; writes
# docs/conformance.md. Not part of `make test`: it needs Node 20 or newer and npm's registry, and takes a quarter of an hour.
conformance: install
	@node -e 'process.exit(parseInt(process.versions.node) < 20)' || (echo "Node 20 or newer is needed" && exit 1)
	@mkdir -p var/conformance && cp tests/conformance/package.json tests/conformance/package-lock.json var/conformance/
	cd var/conformance && npm install --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pytest -p no:randomly tests/conformance/stand_in.py
	$(BIN)/python -m tests.conformance

# New versions of everything, without the address of any index.
LOCK := .venv/lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: install
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet pip-tools
	$(LOCK) -o requirements.txt requirements.in
	$(LOCK) -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis
