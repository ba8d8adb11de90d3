"""A new kind of page needs its own app and nothing else. A process of its own knows a kind that no other test sees."""

import subprocess
import sys
from pathlib import Path

KIND = Path(__file__).parent / "kinds"
APP = ["models.py", "values.py", "admin.py", "urls.py", "site_urls.py", "settings.py"]
APP += ["templates/kinds/leaflet_detail.html", "templates/kinds/leaflet_list.html"]


def test_a_kind_describes_itself_in_few_lines():
    lines = [line for name in APP for line in (KIND / name).read_text(encoding="utf-8").splitlines() if line.strip()]

    assert len(lines) < 100


def test_everything_works_for_a_new_kind():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--ds=tests.kinds.settings"]

    run = subprocess.run([*command, KIND / "checks.py"], capture_output=True, text=True, cwd=KIND.parent.parent)  # noqa: S603

    assert "4 passed" in run.stdout, run.stdout + run.stderr
