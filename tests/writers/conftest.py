"""Scripted language models, all on one server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from language_server import LanguageServer, listening


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., LanguageServer]]:
    """Start a language model that answers turn by turn."""
    numbers = count()
    with listening() as http:
        yield lambda *turns: LanguageServer(http, *turns, path=f"/{next(numbers)}")
