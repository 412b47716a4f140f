"""A radio on the air for the tests: its studio is a real process that plays tones, its server is on this machine."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
from imageio_ffmpeg import get_ffmpeg_exe
from pydantic import SecretStr
from tone_studio import Tones, play

from flows.radio import Place, Serving, on_the_air
from pipeline.settings import Settings

THEME = "jazz for a rainy cafe"
TOKEN = "c" * 43


@contextmanager
def radio(
    library: Path, tones: Tones | None = None, *, token: str = "", sound: bool = True, **more: Any
) -> Iterator[Serving]:
    """Be on the air; with `sound`, from the moment that there is some."""
    settings = Settings(library=library, token=SecretStr(token) if token else None)
    program = functools.partial(_played, tones or Tones())
    with on_the_air(THEME, settings, Place(port=0, **more), play=program) as serving:
        if sound:
            bearer = {"Authorization": f"Bearer {token}"} if token else {}
            until(lambda: httpx.get(f"{serving.address}api/now", headers=bearer, timeout=90).json()["air"]["now"])
        yield serving


def _played(tones: Tones, connection: Any, *_: object) -> None:
    play(connection, tones)


def until(look: Callable[[], Any], seconds: float = 90.0) -> Any:
    """Wait for something to be true, and return it."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)
    return found


def now(serving: Serving) -> dict[str, Any]:
    """What the page is told."""
    told: dict[str, Any] = httpx.get(f"{serving.address}api/now", timeout=90).json()
    return told


def writer(serving: Serving) -> httpx.Client:
    """Return a program that may ask for something."""
    port = serving.address.rstrip("/").rpartition(":")[2]
    headers = {"X-CSRF-Token": TOKEN, "Cookie": f"lofi-csrf-{port}={TOKEN}"}
    return httpx.Client(base_url=serving.address, headers=headers, timeout=90)


def asked(serving: Serving, text: str, *, small: bool = False) -> socket.socket:
    """Send something to the radio, word for word, and return the open connection."""
    host, port = serving.address.removeprefix("http://").rstrip("/").split(":")
    made = socket.socket()
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(30)
    made.connect((host, int(port)))
    made.sendall(text.replace("HOST", f"{host}:{port}").encode("latin-1"))
    return made


def heard(serving: Serving, path: str, seconds: float, headers: dict[str, str] | None = None) -> tuple[bytes, Any]:
    """Listen for so many seconds; return what came and the headers."""
    give_up = time.monotonic() + seconds
    data = b""
    with httpx.stream("GET", f"{serving.address}{path}", headers=headers or {}, timeout=30) as answer:
        for piece in answer.iter_raw():
            data += piece
            if time.monotonic() > give_up:
                break
        return data, answer.headers


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it, and let it complain of whatever it finds wrong."""
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", *arguments]
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=clean)
