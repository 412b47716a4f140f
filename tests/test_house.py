"""The house rules, run as tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("flows/**/*.py")])


def test_rooms_import_only_what_is_below_them() -> None:
    """Data travels one way: import-linter's contracts hold."""
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_idea_and_says_which(module: Path) -> None:
    """Every module opens with a docstring and stays under 400 lines."""
    text = module.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 400


def test_the_help_loads_nothing_heavy() -> None:
    """`lofi --help` answers at once: none of the heavy libraries is imported for it."""
    heavy = ["numpy", "scipy", "prefect", "sqlalchemy", "pydantic", "rich"]
    code = f"import sys, flows.cli; print(*(name for name in {heavy} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_no_environment_is_read_below_the_doors() -> None:
    """Settings arrive as arguments: only flows/ reads environment variables."""
    for module in ROOT.glob("pipeline/**/*.py"):
        text = module.read_text()
        assert "os.environ" not in text and "getenv" not in text, module
