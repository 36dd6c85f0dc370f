"""Our own source, as a tree: what the tests on the whole read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenants", "sla", "cases", "escalations", "integrations", "reporting")


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Dotted name and tree of every module below the packages, migrations apart."""
    for package in packages:
        for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text())


def imports(tree: ast.Module) -> set[str]:
    """Every dotted name that the module imports, `from a import b` as `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def below(name: str, *roots: str) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)
