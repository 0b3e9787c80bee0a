# Paths are relative, so that the course may lie in a folder with a space.
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
PY := $(BIN)/python
UV := build/uv/$(notdir $(BIN))/uv
PYTHONS := $(or $(PYTHON),python3 python python3.13 python3.12 python3.11)
IS_SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

# Of what is started here, TensorFlow reports errors only.
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help run test test-all test-matrix lab lint handouts solutions slides site bench results clean

help:
	@echo "make run      execute the lessons, print the scoreboard"
	@echo "make test     run the tests; test-all: the slow ones, too"
	@echo "make test-matrix  lessons on other Pythons and lowest versions"
	@echo "make lab      open JupyterLab on the lessons"
	@echo "make lint     check form and spelling, and the workflows of CI"
	@echo "make handouts, solutions, slides  write editions of the lessons"
	@echo "make site     build the web site from executed lessons"
	@echo "make bench    compare with the tutorials' recipes, on the full data"
	@echo "make results  write README's table from a full run and a bench"
	@echo "make clean    remove all that these commands made, .venv included"
	@echo "Options for what is started: make run ARGS='--mode full'"
	@echo "Another Python, at the first call: make run PYTHON=python3.12"

run: .venv/.ready
	@$(PY) -m utils.run $(ARGS)

test: .venv/.ready
	@$(PY) -m pytest -n auto $(ARGS)

test-all: .venv/.ready
	@$(PY) -m pytest -n auto -m "slow or timing or not slow" $(ARGS)

# Each Python that is here, with the locked versions and with the lowest that
# pyproject.toml allows. Where pyenv is, it has to be told which one is meant.
test-matrix: .venv/.ready
	@$(PY) -m venv build/uv
	@$(UV:uv=python) -m pip install -qq --disable-pip-version-check uv
	@for python in 3.11 3.12 3.13; do \
	  for versions in "--require-hashes -r requirements.txt" \
	    "--resolution lowest-direct -r pyproject.toml \
	    --extra cpu --extra dev --extra slides --extra site"; do \
	    if ! PYENV_VERSION=$$python $(UV) venv -q --clear \
	      --no-python-downloads --python $$python build/matrix; then \
	      echo "Python $$python is not here: skipped"; \
	      break; \
	    fi; \
	    echo "Python $$python," $$versions; \
	    $(UV) pip install -q --python build/matrix $$versions && \
	    $(UV) pip install -q --python build/matrix --no-deps -e . && \
	    build/matrix/$(notdir $(BIN))/python -m pytest \
	      $(or $(ARGS),notebooks) || exit 1; \
	  done; \
	done

# The PATH is for terminals in JupyterLab, and for its TensorBoard.
lab: .venv/.ready
	@PATH="$$PWD/$(BIN):$$PATH" $(PY) -m jupyterlab notebooks $(ARGS)

lint: .venv/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(PY) -m utils.tools.style
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
	  .github/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet .github/workflows

bench: .venv/.ready
	@for name in batches recipes settings growth; do \
	  TQDM_DISABLE=1 PYTHONPATH=tests $(PY) tests/benchmarks/bench_$$name.py || exit 1; \
	done

handouts solutions slides: .venv/.ready
	@$(PY) -m utils.tools.editions $@ $(ARGS)

site: .venv/.ready
	@$(PY) -m utils.tools.site $(ARGS)

results: .venv/.ready
	@$(PY) -m utils.tools.results

clean:
	rm -rf build .venv .hypothesis .pytest_cache .ruff_cache *.egg-info

# Each name is tried by running it: a name on the PATH may be an empty shell.
# Wheels only: what builds a source package is fetched without a hash.
# The stamp comes last, so the next call resumes a set-up that was cut short.
.venv/.ready: requirements.txt pyproject.toml
	@found=; for python in $(PYTHONS); do \
	  if $$python -c '$(IS_SUPPORTED)' 2>/dev/null; then \
	    found=$$python; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 among: $(PYTHONS)." >&2; \
	  echo "Install one from https://www.python.org/downloads/, or name" \
	    "yours: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up .venv with $$($$found --version): downloads up to" \
	  "500 MB, takes some minutes, once."; \
	$$found -m venv .venv
	@$(PY) -m pip install -qq --disable-pip-version-check \
	  --require-hashes --only-binary :all: -r requirements.txt
	@$(PY) -m pip install -qq --disable-pip-version-check \
	  --no-index --no-deps --no-build-isolation -e .
	@touch $@
