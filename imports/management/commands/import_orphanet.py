from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from imports import orphanet
from imports.management.import_command import ImportCommand
from imports.models import Dataset
from imports.records import Delivery


class Command(ImportCommand):
    help = "Add Orphanet's names, codes, definitions and symptoms to the diseases of this site."
    dataset = Dataset.ORPHANET

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths", nargs="+", type=Path, help="the nomenclature (workbooks or the joined CSV), ORPHApackets, or both"
        )
        parser.add_argument("--create", action="store_true", help="also make drafts of disorders that are new here")
        super().add_arguments(parser)

    def read(self, **options: Any) -> Delivery:
        return orphanet.read_orphanet(options["paths"])
