"""What is said where the native half does not load: in the same words in every language."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_WHEELS = {
    "linux-x86_64-gnu": "manylinux_2_17_x86_64",
    "linux-x86_64-musl": "musllinux_1_2_x86_64",
    "linux-aarch64-gnu": "manylinux_2_17_aarch64",
    "linux-aarch64-musl": "musllinux_1_2_aarch64",
    "macos-aarch64": "macosx_11_0_arm64",
    "macos-x86_64": "macosx_11_0_x86_64",
    "windows-x86_64": "win_amd64",
}
"""The platforms for which there is a wheel, and what its name says of them."""


def explanation(error: ImportError) -> str:
    """What was found, what was looked for and why it failed, and what would help."""
    from importlib.machinery import EXTENSION_SUFFIXES

    found = _platform()
    files = ", ".join(f"_leasehold{suffix}" for suffix in EXTENSION_SUFFIXES)
    lines = [
        "the native half of Leasehold did not load",
        f"found: {found}, {_runtime()}",
        f"looked for: {files} in the package",
        f"installed: {', '.join(_installed()) or 'no native half'}",
        f"tried {error.path or error.name}: {error}",
        f"what to do: {_advice(found)}",
    ]
    return "\n  ".join(lines)


def _platform() -> str:
    import platform

    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "linux":
        return f"linux-{machine}-{_libc()}"
    return f"{ {'darwin': 'macos', 'win32': 'windows'}.get(sys.platform, sys.platform) }-{machine}"


def _libc() -> str:
    """That which this interpreter is linked to; there may be others in the system."""
    try:
        with open("/proc/self/maps", encoding="latin-1") as maps:
            return "musl" if "/ld-musl-" in maps.read() else "gnu"
    except OSError:
        return "gnu"


def _runtime() -> str:
    threads = " free-threaded" if _is_free_threaded() else ""
    return f"{sys.implementation.name} {sys.version.split()[0]}{threads}"


def _is_free_threaded() -> bool:
    from sysconfig import get_config_var

    return bool(get_config_var("Py_GIL_DISABLED"))


def _installed() -> Iterable[str]:
    from pathlib import Path

    return sorted(
        it.name for it in Path(__file__).parent.glob("_leasehold.*") if it.suffix != ".pyi"
    )


def _advice(found: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        package = f"leasehold=={version('leasehold')}"
    except PackageNotFoundError:
        package = "leasehold"
    build = f"build it with Rust: pip install --no-binary leasehold {package}"
    if found not in _WHEELS:
        return f"there is none for this platform, but for {', '.join(_WHEELS)}: {build}"
    tag = f"{_WHEELS[found]} and a free-threaded Python" if _is_free_threaded() else _WHEELS[found]
    return (
        f"install on the platform where it runs, or its wheel, the one for {tag}: "
        f"pip install --force-reinstall {package}; or {build}"
    )
