from pathlib import Path

import pytest
from django.conf import settings

from website.fragments import clear_fragments

DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def without_fragments() -> None:
    """Forgets what earlier tests left in memory: their settings were others, and their rows had the same numbers."""
    clear_fragments()


@pytest.fixture(scope="session")
def seed_page() -> Path:
    """The real page that this project began with. It stays outside the project, so a clone alone does not have it."""
    path = DATA / "neonatal-hemochromatosis.txt"
    if not path.exists():
        pytest.skip(f"SKIPPED: the seed page is not at {path}")
    return path


def pytest_sessionfinish() -> None:
    """Removes what SQLite leaves of a test database where a thread of the live server did not close it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        for end in ["-wal", "-shm"]:
            Path(f"{database['TEST']['NAME']}{end}").unlink(missing_ok=True)
