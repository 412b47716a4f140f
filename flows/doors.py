"""What every verb does at the door: say errors in one line, and leave with the right exit code."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import NoReturn

import click

from pipeline.errors import LofiError

INTERRUPTED = 130
BUG = 70
LEAVING = 20.0
"""Seconds that processes below have to leave at the end: moments, but on a machine with too much to do."""


class _Stopping:
    """What Ctrl-C and SIGTERM do: the first ends the run in good order, the second at once.

    Leaving at once is safe: it is what a power cut does, and workers leave with us.
    """

    asked = False

    def __call__(self, _: int, __: FrameType | None) -> NoReturn:
        if self.asked:
            os._exit(INTERRUPTED)
        self.asked = True
        _say("Stopping: what takes seconds is finished first, longer renders are given up. Once more to leave at once.")
        raise KeyboardInterrupt


def enter(command: click.Command) -> NoReturn:
    """Run a click command as a program."""
    # Workers use one thread each; numeric libraries that start more only get in each other's way.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    # Python's resource tracker, a process of its own, removes the locks that libraries leave when their process is
    # ended, and need not warn a person of each.
    warnings = [os.environ.get("PYTHONWARNINGS", ""), "ignore:resource_tracker:UserWarning"]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, warnings))
    for stream in (sys.stdout, sys.stderr):
        # A title may hold what the terminal's encoding does not: a question mark beats a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    stopping = _Stopping()
    signal.signal(signal.SIGTERM, stopping)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is for a job in the background
        signal.signal(signal.SIGINT, stopping)
    code = _run(command, stopping)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    with contextlib.suppress(KeyboardInterrupt):
        _wait_for_ours()
    # All that is ours was closed by its `with`. What else could still run are threads of libraries: Prefect's would
    # keep us for a minute when its server is gone.
    os._exit(code)


def _wait_for_ours() -> None:
    """Wait until the processes of this run have left, a moment at most: who gets the prompt back finds none of them.

    Python's resource tracker reads a pipe of which every process that was spawned below us holds an end, also one whose
    own parent was killed. It leaves after the last of them, and would outlive us by design. Nothing public ends it.
    """
    begun = sys.modules.get("multiprocessing.resource_tracker")
    if begun is None:
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            begun._resource_tracker._stop()

    waiting = threading.Thread(target=wait, daemon=True, name="leaving")
    waiting.start()
    waiting.join(LEAVING)


def _run(command: click.Command, stopping: _Stopping) -> int:
    try:
        # Outside its standalone mode click returns the code of an Exit, and else what the verb returned: nothing.
        code = command.main(standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except LofiError as error:
        _say(str(error))
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        said = " ".join(error.format_message().split())  # choices come one a line
        _say(f"{said}{'' if said.endswith(('.', '?', ')')) else '.'} {_hint(error)}")
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        _say(_stopped(error))
        return INTERRUPTED
    except BrokenPipeError:
        # The reader left (lofi list | head). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last door: whatever is not a LofiError is a bug of ours
        if stopping.asked:  # some libraries turn an interrupt into an error of their own
            _say(_stopped(error))
            return INTERRUPTED
        traceback.print_exc()
        told = ["This is a bug in lofi, please report it with the lines above.", *_kept(error)]
        _say(" ".join([*told, "Another --seed may get round it."]))
        return BUG


def _stopped(error: BaseException) -> str:
    """Return what is said to whoever stopped us."""
    kept = _kept(error)
    return " ".join(["Stopped.", *kept, *(["The same command goes on from here."] if kept else [])])


def _kept(error: BaseException) -> list[str]:
    """Return what the verb that an error ended noted down to be kept; click wraps an interrupt in one of its own."""
    return list(dict.fromkeys(note for each in (error.__cause__, error) for note in getattr(each, "__notes__", ())))


def _hint(error: click.ClickException) -> str:
    """Return what most likely went wrong on the command line."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    verb = context.info_name if context else None
    if verb == "make" and isinstance(error, click.NoSuchOption):
        return 'A theme that starts with a dash goes after two: lofi make -- "-theme".'
    if verb == "make" and "extra argument" in error.format_message():
        return 'Put the theme in quotes: lofi make "rainy library at night".'
    if verb == "render" and "extra argument" in error.format_message():
        return 'Put the prompt in quotes: lofi render "warm rhodes, dusty drums".'
    return f"See lofi {verb} --help." if verb and verb != "lofi" else "See lofi --help."


def _say(message: str) -> None:
    click.echo(f"lofi: {message}", err=True)
