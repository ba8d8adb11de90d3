from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from imports import medquad
from imports.management.import_command import ImportCommand
from imports.models import Dataset
from imports.records import Delivery


class Command(ImportCommand):
    help = "Read GARD's questions and answers from MedQuAD, and make drafts and proposals from them."
    dataset = Dataset.MEDQUAD

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a zip file or a folder of XML files")
        super().add_arguments(parser)

    def read(self, **options: Any) -> Delivery:
        return medquad.read_medquad(options["path"])
