"""import-linter really stops each arrow that pyproject.toml forbids: tried on a small copy of our packages' shape."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICES = ["plan_service", "progress_service", "notify_service", "audit_service"]
ALLOWED = {
    "plan_service/domain/plan.py": "import contracts.event",
    "plan_service/application/amend.py": "import plan_service.domain.plan, runtime.store, contracts.event",
    "plan_service/adapters/routes.py": "import plan_service.application.amend, fastapi, sqlalchemy, runtime.store",
    "plan_service/main.py": "import plan_service.adapters.routes, plan_service.settings, runtime.store",
    "runtime/store.py": "import contracts.event, asyncpg",
    "handrail/main.py": "import plan_service.main, audit_service.main, runtime.store, contracts.event",
}
FORBIDDEN = {
    "plan_service/domain/a.py": "runtime.store",
    "progress_service/domain/b.py": "sqlalchemy",
    "notify_service/domain/c.py": "logging",
    "audit_service/domain/d.py": "audit_service.settings",
    "plan_service/domain/e.py": "plan_service.application",
    "plan_service/application/f.py": "plan_service.adapters",
    "notify_service/adapters/g.py": "notify_service.main",
    "progress_service/adapters/h.py": "plan_service.domain",
    "runtime/i.py": "plan_service.domain",
    "contracts/j.py": "runtime.store",
    "contracts/k.py": "asyncpg",
    "audit_service/l.py": "handrail.main",
}


def packages_in(folder: Path, imports: dict[str, str]) -> None:
    """Packages of our names and shape, with nothing in them but ``imports``."""
    for package in ("contracts", "runtime", "handrail", *SERVICES):
        for part in ("", "domain", "application", "adapters") if package in SERVICES else ("",):
            (folder / package / part).mkdir(exist_ok=True)
            (folder / package / part / "__init__.py").touch()
    for module in (
        "contracts/event",
        "runtime/store",
        "handrail/main",
        *(f"{s}/{m}" for s in SERVICES for m in ("main", "settings")),
    ):
        (folder / f"{module}.py").touch()
    for path, code in imports.items():
        (folder / path).write_text(code)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # The folder stands before the installed packages on the path, so its packages are the ones read.
    run = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "from importlinter.cli import lint_imports_command as lint; lint()"
    )
    options = ["--config", ROOT / "pyproject.toml", "--no-cache", "--no-logo"]
    return subprocess.run(
        [sys.executable, "-c", run, *options], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_arrows_of_the_style_guide_pass(tmp_path: Path):
    packages_in(tmp_path, ALLOWED)

    result = lint(tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def report_of_the_forbidden(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("packages")
    packages_in(folder, {path: f"import {module}" for path, module in FORBIDDEN.items()})
    result = lint(folder)
    assert result.returncode == 1, result.stdout + result.stderr
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(("path", "module"), FORBIDDEN.items())
def test_an_arrow_the_other_way_is_named(report_of_the_forbidden: str, path: str, module: str):
    importer = path.removesuffix(".py").replace("/", ".")

    assert f"{importer} -> {module} " in report_of_the_forbidden
