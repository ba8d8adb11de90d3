from typing import Any

from diseases.models import Disease
from imports.management.import_command import ImportCommand
from imports.models import Dataset
from imports.page_record import read_page
from imports.records import Delivery
from organizations.models import Organization


class Command(ImportCommand):
    help = "Read a page of text about a disease, with its questions and organizations, and make drafts from it."
    dataset = Dataset.PAGE
    path_help = "a text file in UTF-8"
    kinds = (Disease, Organization)
    is_complete = False

    def read(self, **options: Any) -> Delivery:
        return read_page(options["path"])
