from typing import Any

from imports import medquad
from imports.management.import_command import ImportCommand
from imports.models import Dataset
from imports.records import Delivery


class Command(ImportCommand):
    help = "Read GARD's questions and answers from MedQuAD, and make drafts and proposals from them."
    dataset = Dataset.MEDQUAD
    path_help = "a zip file or a folder of XML files"

    def read(self, **options: Any) -> Delivery:
        return medquad.read_medquad(options["path"])
