"""The process of `lofi radio` that plays, beside the one that people listen to.

It loads next to nothing before the process that renders has started: the two load their libraries at the same time, and
everybody waits for the first track.
"""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection

from pipeline.errors import LofiError
from pipeline.radio import wire
from pipeline.settings import Settings
from pipeline.workers import Workers

RENDERING = ("pipeline.radio.fresh", "pipeline.judges.signal", "pipeline.musicians.offline.band")
"""What a process that renders needs, but for a model."""


def play(connection: Connection, theme: str, settings: Settings) -> None:
    """Play until the other side says Close, or is gone. What cannot be played at all is Refused, in one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the transmitter, which says Close
    first = Workers(1)
    first.warm(*RENDERING)
    lock = threading.Lock()

    def send(message: wire.FromStudio) -> None:
        with lock, suppress(OSError):  # the transmitter is gone, which whoever listens for it finds out
            connection.send(message)

    from flows.logs import keep_log
    from flows.radio_studio import RadioStudio

    try:
        with ExitStack() as stack:
            stack.callback(first.close)
            stack.enter_context(keep_log(settings.library / "logs", "studio"))
            RadioStudio(stack, first, send, theme, settings).run(connection)
    except LofiError as error:
        send(wire.Refused(str(error), error.exit_code))
    finally:
        connection.close()
