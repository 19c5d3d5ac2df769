# `make run` and `make test` are all that is needed; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
# an extra wheel index for a CPU build of torch, for example: make run TORCH_INDEX=<url>
TORCH_INDEX ?=
PROFILE ?= auto

PY := $(VENV)/bin/python
GHOST := $(VENV)/bin/ghost
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
READY := $(VENV)/.ready
READY_TESTS := $(VENV)/.ready-tests
OFFLINE := HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.PHONY: help setup run test lint unit nbval papermill validate dataset-check train export notebooks bench soak clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY)  ## create .venv and install everything

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make run PYTHON=python3.12')"
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) $(INDEX) "$$(grep '^torch==' requirements.txt)"
	$(PIP) $(INDEX) -r requirements.txt
	sed -n 's/^#alone //p' requirements.txt > $(VENV)/alone.txt && $(PIP) --no-deps -r $(VENV)/alone.txt
	$(PIP) --no-deps --editable .
	$(PY) -m ghostlib.inference.converter
	$(PY) -m compileall -q ghostlib
	@touch $@

$(READY_TESTS): $(READY)
	sed -n 's/^#gpu //p' requirements.txt > $(VENV)/gpu.txt && $(PIP) -r $(VENV)/gpu.txt
	sed -n 's/^#gpu-alone //p' requirements.txt > $(VENV)/gpu-alone.txt && $(PIP) --no-deps -r $(VENV)/gpu-alone.txt
	@touch $@

run: $(READY)  ## the five notebooks, from an empty folder to a model that answers
	$(OFFLINE) $(GHOST) run --profile $(PROFILE)

test: lint unit nbval papermill  ## ruff, pytest, nbval on the committed notebooks, one papermill run

lint: $(READY_TESTS)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

# One thread each: the models of the tests are so small that two threads on two cores mostly wait for each other.
unit: $(READY_TESTS)
	$(OFFLINE) OMP_NUM_THREADS=1 GHOST_SCALE=smoke $(PY) -m pytest tests -m "not soak"

nbval: $(READY_TESTS)
	@rm -rf $(VENV)/nbval && mkdir -p $(VENV)/nbval
	$(OFFLINE) GHOST_HEADLESS=1 GHOST_SCALE=smoke GHOST_OUTPUT=$(abspath $(VENV))/nbval $(PY) -m pytest --nbval-lax --nbval-cell-timeout 600 -p no:cacheprovider notebooks

papermill: $(READY_TESTS)
	@rm -rf $(VENV)/papermill && mkdir -p $(VENV)/papermill
	$(OFFLINE) GHOST_SCALE=smoke GHOST_OUTPUT=$(abspath $(VENV))/papermill $(GHOST) run --profile nano

validate: $(READY)  ## every SQL answer in data/ against PostgreSQL
	$(GHOST) dataset check data/dataset.json data/dataset_vision.json data/validation_set/dataset.json

dataset-check: validate  ## the same gates as `validate`

train: $(READY)  ## both phases, no notebooks: make train PROFILE=nano
	$(OFFLINE) $(GHOST) train text --profile $(PROFILE)
	$(OFFLINE) $(GHOST) train vision --profile $(PROFILE)

export: $(READY)  ## merge the newest run and write its GGUF files
	$(OFFLINE) $(GHOST) export --profile $(PROFILE)

notebooks: $(READY)  ## stamp badges and install cells, execute the five in place (nano)
	$(OFFLINE) $(PY) -m ghostlib.notebooks

bench: $(READY_TESTS)  ## ratios, printed
	$(OFFLINE) $(PY) -m pytest tests/bench/bench_*.py -s

soak: $(READY_TESTS)  ## the long proofs
	$(OFFLINE) $(PY) -m pytest tests -m soak

clean:  ## remove .venv and caches; output/ stays
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find ghostlib tests -name __pycache__ -type d -prune -exec rm -rf {} +
