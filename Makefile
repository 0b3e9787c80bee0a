# Paths are relative, so that the course may lie in a folder with a space.
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
PY := $(BIN)/python

ifeq ($(filter Makefile ./Makefile,$(MAKEFILE_LIST)),)
$(error call make in the folder of the course, or as make -C FOLDER)
endif

# PYTHON may be a path with spaces, in quotes or not.
override PYTHON := $(subst ",,$(subst ',,$(PYTHON)))
export PYTHON
# Settings of other work, which would lead past .venv, or have Python compile
# the same modules at each call.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

# Of what is started here, TensorFlow reports errors only.
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help run test test-all test-matrix lab lint handouts solutions slides site bench results diagrams lock clean

help:
	@echo "make run      execute the lessons, print the scoreboard"
	@echo "make test     run the tests; test-all: the slow ones, too"
	@echo "make test-matrix  lessons on other Pythons and lowest versions"
	@echo "make lab      open JupyterLab on the lessons"
	@echo "make lint     check form and spelling, and the workflows of CI"
	@echo "make handouts, solutions, slides  write editions of the lessons"
	@echo "make site     build the web site from executed lessons"
	@echo "make bench    compare with the tutorials' recipes, on the full data, and"
	@echo "              with other libraries: BENCHES=rivals for those alone"
	@echo "make results  write README's table from a full run and a bench"
	@echo "make diagrams draw the diagrams of the lessons"
	@echo "make lock     write requirements.txt and requirements-dev.txt"
	@echo "make clean    remove all that these commands made, .venv included"
	@echo "Options for what is started: make run ARGS='--mode full'"
	@echo "Another Python: make run PYTHON=python3.12"

run: ready
	@$(PY) -m utils.run $(ARGS)

test: ready-dev
	@$(PY) -m pytest -n auto $(ARGS)

test-all: ready-dev
	@$(PY) -m pytest -n auto -m "slow or timing or not slow" $(ARGS)

# The lessons with each Python that is installed, in the locked versions and in
# the lowest that pyproject.toml allows. Where pyenv is, it has to be told
# which Python is meant.
test-matrix: ready-dev
	@for python in 3.11 3.12 3.13; do \
	  for versions in \
	    "--require-hashes -r requirements.txt -r requirements-dev.txt" \
	    "--resolution lowest-direct -r pyproject.toml --extra cpu --extra dev"; \
	  do \
	    if ! PYENV_VERSION=$$python $(BIN)/uv venv -q --clear \
	      --no-python-downloads --python $$python build/matrix; then \
	      echo "Python $$python is not here: skipped"; \
	      break; \
	    fi; \
	    echo "Python $$python," $$versions; \
	    $(BIN)/uv pip install -q --python build/matrix $$versions && \
	    $(BIN)/uv pip install -q --python build/matrix --no-deps -e . && \
	    build/matrix/$(notdir $(BIN))/python -m pytest \
	      $(or $(ARGS),notebooks) || exit 1; \
	  done; \
	done

# The PATH is for terminals in JupyterLab, and for its TensorBoard. Jupyter
# keeps files in the home, which in a container may not be writable.
lab: ready
	@test -w ~ || { export HOME="$$PWD/build/home"; mkdir -p "$$HOME"; }; \
	PATH="$$PWD/$(BIN):$$PATH" $(PY) -m jupyterlab notebooks $(ARGS)

lint: ready-dev
	@$(PY) -m utils.tools.style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
	  .github/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet .github/workflows

BENCHES = batches recipes settings growth rivals

bench: ready-dev
	@for name in $(BENCHES); do \
	  TQDM_DISABLE=1 PYTHONPATH=tests $(PY) tests/benchmarks/bench_$$name.py \
	    $(ARGS) || exit 1; \
	done

slides: ready-dev

handouts solutions: ready

handouts solutions slides:
	@$(PY) -m utils.tools.editions $@ $(ARGS)

site: ready-dev
	@$(PY) -m utils.tools.site $(ARGS)

results: ready-dev
	@$(PY) -m utils.tools.results

diagrams: ready
	@$(PY) -m utils.tools.diagrams $(ARGS)

clean:
	rm -rf build .venv .hypothesis .pytest_cache .ruff_cache *.egg-info

lock: ready-dev
	@$(PY) -m utils.tools.lock $(ARGS)

# Makes .venv, or mends it, with the first Python that starts: that of .venv,
# the one that is named, or one on the PATH. set_up.py then looks for one that
# the course supports. Names are tried, since some only print how to get Python.
SET_UP = @for python in $(PY) "$$PYTHON" python3 python py; do \
	  if "$$python" -I -S -c "import sys; sys.exit(sys.version_info < (3, 8))" \
	    >/dev/null 2>&1; then \
	    exec "$$python" -I utils/tools/set_up.py $(1); \
	  fi; \
	done; \
	echo "No Python 3 starts here: install one from" \
	  "https://www.python.org/downloads/, or name yours:" \
	  "make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; \
	exit 1

.PHONY: ready ready-dev

ready:
	$(call SET_UP,lessons)

# One after the other, also with `make -j`.
ready-dev: ready
	$(call SET_UP,dev)
