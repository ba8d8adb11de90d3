"""Commands show their help on a machine without any configuration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).parent.parent.parent
OURS = sorted((name, app) for name, app in get_commands().items() if (ROOT / str(app)).is_dir())


def manage(*arguments):
    """Runs manage.py without a .env file and without variables. Returns its exit status and its output."""
    command = [sys.executable, ROOT / "manage.py", *arguments]
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["help"], "prune_editions"),
        (["import_page", "--help"], "usage: manage.py import_page"),
        (["reindex", "-h"], "usage: manage.py reindex"),
    ],
)
def test_help_needs_no_configuration(arguments, said):
    status, text = manage(*arguments)

    assert status == 0
    assert said in text


def test_a_command_without_help_option_needs_the_configuration():
    status, text = manage("reindex")

    assert status != 0
    assert "Set the SECRET_KEY environment variable" in text


@pytest.mark.parametrize(("name", "app"), OURS)
def test_every_own_command_has_a_help_text(name, app):
    command = load_command_class(app, name)

    assert command.help
    assert command.help in " ".join(command.create_parser("manage.py", name).format_help().split())


def test_the_own_commands_were_found():
    assert {"prune_editions", "reindex", "import_page", "erase_suggestions"} <= {name for name, _ in OURS}
