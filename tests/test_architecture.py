"""The rules of the table of apps (docs/architecture.md), read from the files: Python imports and templates."""

import ast
import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the lowest app to the highest. Each may use every app before it, with the exceptions below.
APPS = [
    "accounts",
    "search",
    "publishing",
    "transfer",
    "website",
    "editorial",
    "organizations",
    "diseases",
    "imports",
    "community",
    "suggestions",
    "home",
    "config",
]
ALONE = {"accounts": set(), "search": set()}
MAY_USE = {app: {app, *ALONE.get(app, set(APPS[: APPS.index(app)]))} for app in APPS}
FILES = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
LIBRARIES = {path.stem: path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/templatetags/[!_]*.py")}
# The templates that lie directly in templates/ are the frame that every page shares. Every app may extend and include
# them; they themselves may use what website may use. Those in templates/admin/ replace templates of Django's admin, and
# those in templates/registration/ Django's pages for a forgotten password.
FRAME, ADMIN = "website", "editorial"


def imported_apps(tree):
    """The first part of every module that a piece of code imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_table_of_apps_and_stand_at_the_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    app = path.relative_to(ROOT).parts[0]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    # The types of django-stubs are only there for mypy, so such an import is below `if TYPE_CHECKING`.
    for_types = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    at_the_top = [*tree.body, *(node for block in for_types for node in block.body)]

    assert {name for name in imported_apps(tree) if name in APPS} - MAY_USE[app] == set()
    assert [ast.unparse(node) for node in found if node not in at_the_top] == []


def app_of(template):
    """The app that a template belongs to, by its path below templates/."""
    folder = template.split("/")[0] if "/" in template else ""
    return {"": FRAME, "admin": ADMIN, "registration": "accounts"}.get(folder, folder)


def apps_used_by(text):
    """The apps whose templates or tag libraries a template's text uses, the frame aside."""
    for name in re.findall(r"""{%\s*(?:include|extends)\s+["']([^"']+)["']""", text):
        if "/" in name and not name.startswith("admin/"):  # a template of Django's, though we replace some of them
            yield app_of(name)
    for names in re.findall(r"{%\s*load\s+([^%]+?)\s*%}", text):
        yield from (LIBRARIES[name] for name in names.split(" from ")[-1].split() if name in LIBRARIES)


def templates_against_the_table(templates):
    """Each use of an app that a template may not use, given the templates' texts by their names."""
    return [
        f"{name} uses {app}"
        for name, text in templates.items()
        for app in sorted(set(apps_used_by(text)) - MAY_USE[app_of(name)])
    ]


def test_templates_follow_the_table_of_apps():
    templates = {str(path.relative_to(ROOT / "templates")): path.read_text(encoding="utf-8") for path in TEMPLATES}

    assert {app_of(name) for name in templates} <= set(APPS)
    assert templates_against_the_table(templates) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("diseases/disease_detail.html", '{% include "community/_portraits.html" with portraits=few only %}'),
        ("editorial/change_form.html", "{% extends 'diseases/admin/_note.html' %}"),
        ("organizations/organization_detail.html", '{%include "suggestions/thanks.html"%}'),
        ("base.html", '{% include "diseases/_question.html" %}'),
        ("admin/index.html", '{% include "imports/admin/_proposals_note.html" %}'),
    ],
)
def test_a_template_that_uses_a_higher_app_is_found(name, text):
    assert len(templates_against_the_table({name: text})) == 1


def test_a_template_that_loads_tags_of_a_higher_app_is_found():
    assert LIBRARIES == {"pages": "website"}
    assert templates_against_the_table({"accounts/login.html": "{% load i18n pages %}"}) == [
        "accounts/login.html uses website"
    ]


def test_the_stylesheet_is_small():
    assert len(gzip.compress((ROOT / "static" / "site.css").read_bytes())) < 12 * 1024


def test_the_page_of_a_broken_site_says_that_it_is_no_medical_advice():
    assert "not medical advice" in (ROOT / "templates" / "500.html").read_text(encoding="utf-8")
