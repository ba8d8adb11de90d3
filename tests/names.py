"""Lists the names that the project defines at the top level of more than one module: `python -m tests.names`.

One name for two things makes a reader look twice. A name that several modules must have stands in names-allowed.txt
with its reason.
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALLOWED = Path(__file__).parent / "names-allowed.txt"


def defined_names(tree: ast.Module) -> set[str]:
    """The classes, functions and variables that a module defines at its top level."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def names_defined_twice() -> dict[str, list[str]]:
    """Each name that several modules define, with the paths of these modules."""
    apps = sorted(path.parent for path in ROOT.glob("*/__init__.py"))
    found: dict[str, list[str]] = defaultdict(list)
    for path in (path for app in apps for path in sorted(app.rglob("*.py")) if "migrations" not in path.parts):
        for name in defined_names(ast.parse(path.read_text(encoding="utf-8"))):
            found[name].append(str(path.relative_to(ROOT)))
    return {name: paths for name, paths in sorted(found.items()) if len(paths) > 1}


def allowed_names() -> set[str]:
    """The names of names-allowed.txt, where each line is a name, a colon and the reason."""
    lines = [line for line in ALLOWED.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name.strip() for line in lines for name in line.split(":")[0].split(",")}


def main() -> int:
    found, allowed = names_defined_twice(), allowed_names()
    for name in sorted(allowed - found.keys()):
        print(f"{ALLOWED.name}: {name} is not defined twice any more. Remove it from the list.")
    for name in sorted(found.keys() - allowed):
        print(f"{name} is defined in {', '.join(found[name])}: give each thing a name of its own.")
    return 1 if allowed ^ found.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
