"""The rules of the house that can be read off the files."""

import ast
import gzip
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["config", "search", "publishing", "organizations", "diseases", "suggestions"]
MAY_IMPORT = {
    "search": {"search"},
    "publishing": {"publishing", "search"},
    "organizations": {"organizations", "publishing", "search"},
    "diseases": {"diseases", "organizations", "publishing", "search"},
    "suggestions": {"suggestions", "diseases", "organizations", "publishing", "search"},
    "config": set(ROOMS),
}
FILES = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]


def imports(tree):
    """The first part of every module that a piece of code imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_with_the_arrows_and_stand_at_the_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    room = path.relative_to(ROOT).parts[0]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    assert {name for name in imports(tree) if name in ROOMS} <= MAY_IMPORT[room]
    assert [ast.unparse(node) for node in found if node not in tree.body] == []


def test_the_stylesheet_is_small():
    assert len(gzip.compress((ROOT / "static" / "site.css").read_bytes())) < 12 * 1024


def test_the_page_of_a_broken_site_says_that_it_is_no_medical_advice():
    assert "not medical advice" in (ROOT / "templates" / "500.html").read_text(encoding="utf-8")
