from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from imports import mondo
from imports.management.import_command import ImportCommand
from imports.models import Dataset
from imports.records import Delivery


class Command(ImportCommand):
    help = "Add Mondo's codes and synonyms to the diseases of this site that have a GARD id."
    dataset = Dataset.MONDO
    path_help = "the zip file of SSSOM tables"
    creates = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--synonyms", type=Path, metavar="FILE", help="the table of labels and synonyms")
        super().add_arguments(parser)

    def read(self, **options: Any) -> Delivery:
        return mondo.read_mondo(options["path"], options["synonyms"])
