"""What the figures were measured on, found out by itself."""

import os
import platform
import ssl
from pathlib import Path

import apsw


def describe(folder: Path) -> dict[str, str]:
    """Processor, versions and file system, for the head of the report."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load": " ".join(f"{one:.2f}" for one in os.getloadavg()) + " (1, 5, 15 min, before the run)",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "file system": _file_system(folder),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _file_system(folder: Path) -> str:
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    where = str(folder.resolve())
    mounts = [line.split()[1:3] for line in lines]
    held = [(len(at), kind) for at, kind in mounts if where == at or where.startswith(at.rstrip("/") + "/")]
    return max(held)[1] if held else "unknown"
