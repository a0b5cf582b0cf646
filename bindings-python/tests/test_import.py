"""What `import leasehold` brings, and that it brings nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import leasehold
import pytest
from support import Program


def test_modules_of_the_package_are_there_when_asked_for(program: Callable[..., Program]) -> None:
    program(
        """
for it in ("asyncio", "inspect", "logging"):
    assert it not in sys.modules, it
assert leasehold.aio.LeaderElection("jobs", mode="never")
assert leasehold.testing.FakeLeaderElection("jobs")
assert leasehold.types.Mode
"""
    ).ends_well()


def test_a_misspelt_name_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="'leasehold' has no attribute 'LeaderElecton'") as it:
        leasehold.LeaderElecton  # type: ignore[attr-defined]  # noqa: B018
    # From which Python makes its "Did you mean".
    assert (it.value.obj, it.value.name) == (leasehold, "LeaderElecton")


def test_the_version_is_the_one_that_pip_knows() -> None:
    assert leasehold.__version__ == version("leasehold")


def imported_from(folder: Path, program: str = "import leasehold") -> str:
    """What is said where the package is imported from `folder`."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    return run.stderr


@pytest.fixture
def without_native_half(tmp_path: Path) -> Path:
    """A folder with the package, but for its native half."""
    package = Path(leasehold.__file__).parent
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(package, tmp_path / "leasehold", ignore=ignored)
    return tmp_path


def test_without_a_native_half_the_error_says_what_was_found_and_what_to_do(
    without_native_half: Path,
) -> None:
    (without_native_half / "leasehold" / "_leasehold.sparc.so").touch()
    said = imported_from(without_native_half)
    assert "ImportError: the native half of Leasehold did not load\n" in said
    assert f"found: {sys.platform.replace('darwin', 'macos')}-" in said
    assert f"cpython {sys.version.split()[0]}" in said
    assert "looked for: _leasehold." in said
    assert "installed: _leasehold.sparc.so\n" in said
    assert "tried leasehold._leasehold: No module named 'leasehold._leasehold'\n" in said
    assert f"pip install --force-reinstall leasehold=={leasehold.__version__}" in said


def test_one_that_does_not_load_is_named_with_the_reason_that_the_system_gives(
    without_native_half: Path,
) -> None:
    module = without_native_half / "leasehold" / "_leasehold.abi3.so"
    module.write_text("no library")
    said = imported_from(without_native_half)
    assert f"tried {module}: " in said
    assert "what to do: install on the platform where it runs" in said


def test_on_a_platform_that_has_no_wheel_the_error_says_so(without_native_half: Path) -> None:
    machine = "import platform; platform.machine = lambda: 'riscv64'; import leasehold"
    said = imported_from(without_native_half, machine)
    assert "-riscv64" in said
    assert "there is none for this platform, but for linux-x86_64-gnu, " in said
    assert "pip install --no-binary leasehold leasehold" in said
