#!/usr/bin/env python
"""Django's command line: `python manage.py help` lists the commands."""

import os
import secrets
import sys

from django.core.management import execute_from_command_line


def asks_for_help(arguments: list[str]) -> bool:
    return not arguments or arguments[0] == "help" or not {"-h", "--help"}.isdisjoint(arguments)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if asks_for_help(sys.argv[1:]):
        # Help needs no configured site. It runs no command, and these values are safe even if one ran: no file of
        # settings, a secret of this process alone, this machine as the only host, an empty database in memory.
        os.environ.setdefault("ENV_FILE", "")
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
        os.environ.setdefault("ALLOWED_HOSTS", "localhost")
        os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
    execute_from_command_line(sys.argv)
