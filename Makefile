# `make check` is what CI runs. uv builds the environment from pyproject.toml the first time.
.PHONY: check format test neural lint types rooms bench kills

check: lint types rooms test

lint:
	uv run ruff format --check .
	uv run ruff check .

types:
	uv run mypy

rooms:
	uv run lint-imports

test:
	uv run pytest

# The tests of the model backends, on tiny random checkpoints: an environment with the extra, no network, no GPU.
# On a machine with one: LOFI_TEST_DEVICE=cuda make neural
neural:
	uv run --extra neural pytest -m neural

# A quarter of an hour: SIGKILL at a hundred random moments of real runs, the promises checked after each.
kills:
	uv run pytest tests/flows/test_kill.py --kills 100

format:
	uv run ruff format .
	uv run ruff check --fix .

bench:
	uv run python -m benchmarks
