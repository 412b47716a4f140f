"""Run a command and watch every process it starts."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass
class Watched:
    """What a command took: `wall` and `cpu` in seconds, and the peak resident bytes of each process it ran."""

    wall: float
    cpu: float
    peaks: dict[str, int] = field(default_factory=dict)
    curve: list[tuple[float, int]] = field(default_factory=list)
    """The resident bytes of all its processes together, every half second: (seconds since the start, bytes)."""

    @property
    def worst(self) -> tuple[str, int]:
        """The process with the highest peak."""
        return max(self.peaks.items(), key=lambda item: item[1])


def watch(command: list[str], cwd: Path, environment: dict[str, str]) -> Watched:
    """Run a command to its end.

    Twice a second the kernel is asked for each process's peak so far. Looking more often would slow what is
    measured; what a process adds in its last half second, and one that lives shorter than that, is not seen.
    """
    start = time.monotonic()
    process = psutil.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL)
    peaks: dict[str, int] = {}
    cpu: dict[int, float] = {}
    curve: list[tuple[float, int]] = []
    while process.poll() is None:
        resident = 0
        for one in [process, *process.children(recursive=True)]:
            try:
                times = one.cpu_times()
                cpu[one.pid] = times.user + times.system
                name = f"{one.pid} {_name(one.cmdline())}"
                peaks[name] = max(peaks.get(name, 0), _peak(one.pid))
                resident += one.memory_info().rss
            except (psutil.Error, OSError):
                continue
        curve.append((time.monotonic() - start, resident))
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Watched(time.monotonic() - start, sum(cpu.values()), peaks, curve)


def _name(command: list[str]) -> str:
    line = " ".join(command)
    for part, name in {"spawn_main": "worker", "prefect_server": "Prefect server", "ffmpeg": "ffmpeg"}.items():
        if part in line:
            return name
    return "lofi"


def _peak(pid: int) -> int:
    """Return the highest resident size a process has had, in bytes (Linux VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0
