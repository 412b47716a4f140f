"""Options of the whole suite, and what the tests of model backends need."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before any model library is imported: nothing may be fetched, and audiocraft tries to at import.
os.environ["HF_HUB_OFFLINE"] = "1"
# The tests run side by side: threads of one test's arithmetic would only take the cores from the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# How long an example takes says nothing of what is tested, on a machine that others use as well.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
NEURAL = importlib.util.find_spec("torch") is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person choose how often runs are killed."""
    parser.addoption("--kills", type=int, default=8, help="random moments to kill a run at; `make kills` does 100")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the model libraries where they are not installed."""
    if not NEURAL:
        skip = pytest.mark.skip(reason="needs the model libraries: uv sync --extra neural")
        for item in items:
            if item.get_closest_marker("neural"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a tiny checkpoint by its name in tests/checkpoints.py, built once a session."""
    root = tmp_path_factory.mktemp("checkpoints")

    def build(name: str) -> Path:
        from checkpoints import tiny  # needs the model libraries

        return tiny(root, name)

    return build
