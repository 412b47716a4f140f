"""How much of this machine's memory may still be used, and in pages of which size."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HUGEPAGE, _COLLAPSE = 14, 25  # what madvise calls it; the second since Linux 6.1
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # what mallopt calls them
_LARGE = 4 << 20  # bytes of a mapping that is worth it


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


@contextmanager
def giving_back() -> Iterator[None]:
    """Have what the block frees in pieces of a megabyte or more go back to the system at once.

    The C library otherwise keeps them for the next piece, and where long-lived pieces come between, for nothing: half a
    gigabyte while a model is loaded.
    """
    if not sys.platform.startswith("linux") or not hasattr(c := ctypes.CDLL(None), "mallopt"):
        yield
        return
    c.mallopt(_MMAP_THRESHOLD, 1 << 20)
    try:
        yield
    finally:
        # Where the C library itself would arrive, which moves both together until somebody else does.
        c.mallopt(_MMAP_THRESHOLD, 32 << 20)
        c.mallopt(_TRIM_THRESHOLD, 64 << 20)


def use_huge_pages() -> None:
    """Put what this process holds in large pieces into pages of two megabytes, where the system has them.

    Reading gigabytes from one end to the other is a tenth faster so. Whatever the kernel says against it is no harm.
    """
    if not sys.platform.startswith("linux"):
        return
    c = ctypes.CDLL(None)
    if hasattr(c, "malloc_trim"):
        c.malloc_trim(0)  # what is held for nothing is given back first
    advise = c.madvise
    for start, end in _large_pieces():
        for advice in (_HUGEPAGE, _COLLAPSE):
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)


def _large_pieces() -> Iterator[tuple[int, int]]:
    """Yield where this process's own memory lies, in large pieces that belong to no file."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        where, rights, _, _, inode, *name = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in where.split("-"))
        if rights.startswith("rw") and inode == "0" and name in ([], ["[heap]"]) and end - start >= _LARGE:
            yield start, end
