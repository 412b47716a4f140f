"""A studio that cannot begin: whoever started the radio is told why, and nobody is left waiting for sound."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from flows.radio import Place, broadcast
from pipeline.errors import LofiError
from pipeline.radio.child import Named
from pipeline.radio.wire import Ahead, Refused
from pipeline.settings import Settings


def refuse(connection: Connection, _: str, __: Settings) -> None:
    """A studio's program: it opens, and finds that it cannot play."""
    connection.send(Ahead(0.0, ("jazz",)))
    connection.send(Refused("The strings are broken. Buy new ones.", 2))
    connection.recv()


def test_a_studio_that_refuses_ends_the_radio_with_its_reason(tmp_path: Path) -> None:
    """In one line, with the exit status that says what kind of mistake it is."""
    with pytest.raises(LofiError) as refused:
        broadcast("jazz", Settings(library=tmp_path), Place(port=0), show=False, play=Named(f"{__name__}:refuse"))
    assert str(refused.value) == "The strings are broken. Buy new ones."
    assert refused.value.exit_code == 2
