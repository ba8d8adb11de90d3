from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def seed_page() -> Path:
    """The real page that this project began with. It stays outside the project, so a clone alone does not have it."""
    path = DATA / "neonatal-hemochromatosis.txt"
    if not path.exists():
        pytest.skip(f"SKIPPED: the seed page is not at {path}")
    return path
