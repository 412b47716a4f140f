"""How much of this machine's memory may still be used."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory() -> int:
    """Return the bytes that can be had without swapping: on Linux the kernel's own estimate, page cache included."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return min(int(line.split()[1]) * 1024, _allowed())
    except OSError:
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2  # macOS does not say: assume half


def _allowed() -> int:
    """Return what a container lets this process have beyond what it has (cgroup v2), or a very large number."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 2**63
    return max(int(limit) - used, 0) if limit.isdigit() else 2**63
