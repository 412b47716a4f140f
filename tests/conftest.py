"""Options of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person choose how often runs are killed."""
    parser.addoption("--kills", type=int, default=8, help="random moments to kill a run at; `make kills` does 100")
