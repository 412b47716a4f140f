"""A Prefect server for the length of one run, where the person has none of their own.

Prefect would start one by itself, but only after loading the whole server into this process too, and one that a
killed run leaves behind. This one loads while we load, in a process of its own, and ends with us: it holds the
other end of a pipe and leaves when that closes, however we die.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

from pipeline.errors import BackendUnavailable


class Address(Protocol):
    """Where a Prefect API is to be found."""

    def url(self) -> str:
        """Return its address, once it answers. Raises BackendUnavailable."""
        ...

    def close(self) -> None:
        """Be done with it."""
        ...


class Lost(BackendUnavailable):
    """Prefect was there when the work began, and is not any more; the work itself is none the worse for it."""


START_LIMIT = 120.0
"""Seconds a server may take to start: a first start on a cold disk has been seen to take 30."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A person reads our lines, not Prefect's; PREFECT_LOGGING_LEVEL=INFO in the environment brings those back.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # A server that is gone does not come back; the default waits minutes for it.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    # A run that ends takes its server with it at once; what the server then logs about it helps nobody.
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    # One write for many task states: the default of one each is still writing when a short run has ended.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    # Whole seconds: the server rounds down, and would never rest at 0.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def own_api_url(environment: Mapping[str, str]) -> str | None:
    """Return the address of the person's own Prefect, from the environment or their active profile."""
    if url := environment.get("PREFECT_API_URL"):
        return url
    home = Path(environment.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text())
    except (OSError, ValueError):
        return None
    active = environment.get("PREFECT_PROFILE", profiles.get("active"))
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(url) if url else None


class PrefectServer:
    """The server process, from construction to `close`; constructing does not wait for it."""

    def __init__(self) -> None:
        self._used = False
        lifeline, self._lifeline = os.pipe()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.prefect_server"],
            stdin=lifeline,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            # Ctrl-C reaches every process of the terminal; the server must outlive the flow's last words.
            start_new_session=True,
            env={**QUIET, **os.environ, "PREFECT_UI_ENABLED": "false", "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        os.close(lifeline)

    def url(self) -> str:
        """Wait until the server answers and return its API's address. Raises BackendUnavailable."""
        late = threading.Timer(START_LIMIT, self._process.kill)
        late.start()
        assert self._process.stdout is not None
        address = self._process.stdout.readline().decode().strip()
        late.cancel()
        self._used = bool(address)
        if not address:
            self._complaints.seek(0)
            last = self._complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise BackendUnavailable(
                f"Prefect's server did not start{f' ({last})' if last else ''}.",
                "Nothing was lost. Run the same command again, or add --plain to work without Prefect.",
            )
        return address

    def close(self) -> None:
        """Let the server write what it still holds, and end it. One that nobody has used yet holds nothing."""
        os.close(self._lifeline)
        if not self._used:
            self._process.kill()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._complaints.close()


class OwnPrefect:
    """The person's own Prefect at a known address."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def url(self) -> str:
        """Return the address once it has answered. Raises BackendUnavailable."""
        if not answers(self._address):
            raise BackendUnavailable(
                f"Prefect at {self._address} does not answer.",
                "Start it, or unset PREFECT_API_URL to use one made for this run, or add --plain to work without.",
            )
        return self._address

    def close(self) -> None:
        """Leave it running."""


def answers(address: str) -> bool:
    """Whether a Prefect API answers at an address; whether it lets us in is for Prefect's client to find out."""
    try:
        urllib.request.urlopen(f"{address}/health", timeout=10).close()  # noqa: S310 - the person's own, or ours
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def open_prefect(environment: Mapping[str, str]) -> Address:
    """Return the person's own Prefect if they have one, else one that starts now for this run."""
    address = own_api_url(environment)
    return OwnPrefect(address) if address else PrefectServer()


def _serve() -> None:
    """Run the server in this process, say where it is, and leave when the parent does."""
    import asyncio
    import socket

    import uvicorn

    starting = _only_one_starts()
    from prefect.server.api.server import create_app

    async def run() -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(), log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        starting.close()
        if server.started:
            sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}/api\n")
            sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.buffer.read)
        server.should_exit = True
        await serving

    asyncio.run(run())


def _only_one_starts() -> IO[str]:
    """Wait until no other run's server is starting: two that set up one new database at once both fail."""
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "lofi-starting.lock").open("w")
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


if __name__ == "__main__":
    _serve()
