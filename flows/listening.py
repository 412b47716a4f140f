"""Where a server of this label listens, and by which names it is asked for."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pipeline.errors import BadSettings
from pipeline.settings import Settings

HOUSE: Mapping[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,  # else anybody on this machine may claim to come from anywhere
    "date_header": False,
    "timeout_graceful_shutdown": 2,
    "h11_max_incomplete_event_size": 32_768,
}
"""How uvicorn serves every page of this label."""
TRIED = 20
"""Ports tried, one after another, where nobody named one."""


def guard(host: str, settings: Settings) -> None:
    """Raise BadSettings where others could reach a page that asks for no token."""
    if not is_local(host) and settings.token is None:
        raise BadSettings(
            f"--host {host}: others could reach this page, and there is no LOFI_TOKEN.",
            "Set LOFI_TOKEN to a long secret that visitors must know, or leave out --host.",
        )


def listen(host: str, port: int | None, usual: int) -> socket.socket:
    """Return a listening socket, at `port` or else at `usual` or the next that is free.

    Raises BadSettings when the port is taken, or the host is none of this machine's.
    """
    wanted = range(usual, usual + TRIED) if port is None else (port,)
    for number in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named, asyncio sends small answers at once: else each waits 40 ms for more.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, number))
            listening.listen(128)
        except (OSError, OverflowError) as error:
            listening.close()
            if isinstance(error, OSError) and error.errno in (98, 48, 10048) and number != wanted[-1]:
                continue
            said = getattr(error, "strerror", None) or str(error)
            raise BadSettings(
                f"The page cannot be served at {host}:{number}: {said.lower()}.",
                "Name another --port; 0 takes any that is free.",
            ) from None
        return listening
    raise AssertionError("every port either listens or raises")


def hosts(host: str, port: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under which a browser may ask for the page."""
    own = ["localhost", "127.0.0.1", "[::1]"]
    if not is_local(host):
        own += [socket.gethostname(), *([] if _is_any(host) else [shown(host)])]
    return tuple(dict.fromkeys(f"{name.lower()}:{port}" for name in (*own, *names)))


def shown(host: str) -> str:
    """Return a host as it stands in an address."""
    if _is_any(host):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def is_local(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _is_any(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False
