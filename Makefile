# Everything makes its own set-up: `make demo` and `make test` work in a fresh clone with Python 3.11 or newer.

PYTHON ?= python3
TORCH ?= torch==2.13.0
JAX ?= jax>=0.6
PYTEST ?= -p no:cacheprovider
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all test-backends lint wheel peer clean

demo: $(VENV)/.installed
	$(BIN)/kerasnas demo

# Two processes: the networks of tests are too small for TensorFlow's own threads to fill two cores.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile $(PYTEST)

test-all: $(VENV)/.installed
	$(BIN)/python -m pytest $(PYTEST)

test-backends: .venv-backends/.installed
	KERAS_BACKEND=jax .venv-backends/bin/python -m pytest -m backend $(PYTEST)
	KERAS_BACKEND=torch .venv-backends/bin/python -m pytest -m backend $(PYTEST)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

wheel: $(VENV)/.installed
	$(BIN)/python -m build

# An environment of its own, in which AutoKeras runs: what the benchmarks compare with.
peer: .venv-peer/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

.venv-backends/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-backends
	.venv-backends/bin/python -m pip install --quiet --disable-pip-version-check -e ".[dev]" "$(JAX)" "$(TORCH)"
	touch $@

.venv-peer/.installed: Makefile
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check \
	  "autokeras==3.0.*" "keras==3.12.*" tensorboard tensorflow scikit-learn pandas pyarrow
	touch $@

clean:
	rm -rf $(VENV) .venv-backends .venv-peer build dist demo_output .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
