"""Only some verbs change what the public sees; all else that people and programs do waits for one of them."""

import ast
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from diseases.models import Source
from imports.models import Proposal
from imports.proposals import accept_proposals
from publishing.models import Edition, PublicVersion
from publishing.restoring import restore
from publishing.verbs import save_edition, submit
from suggestions.decisions import decline_suggestion
from suggestions.intake import receive
from suggestions.models import Suggestion
from tests.factories import make_disease, make_organization, make_publisher, make_question, make_source, put_live
from tests.suggestions.factories import make_suggestion

ROOT = Path(__file__).parents[2]

# Each function that changes which editions are live, or replaces the public version, on which caches depend.
CHANGES_WHAT_IS_SEEN = {
    "publishing/verbs.py": {"publish_all", "withdraw", "_unpublish", "redact", "forget"},
    "publishing/restoring.py": {"_set_hidden"},
    "publishing/indexing.py": {"index_live_pages"},
}


WRITERS = {"update", "create", "bulk_create", "Edition", "_update_edition", "_update_editions"}


def changing_functions(tree):
    """The functions of a piece of code that write is_live or replace the public version."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                name = ast.unparse(call.func)
                writes = name.split(".")[-1] in {
                    "update",
                    "create",
                    "bulk_create",
                    "Edition",
                    "_update_edition",
                    "_update_editions",
                }
                if name == "PublicVersion.replace" or (
                    writes and "is_live" in {keyword.arg for keyword in call.keywords}
                ):
                    yield function.name


def test_only_these_functions_change_what_the_public_sees():
    found = {}
    for path in ROOT.glob("*/**/*.py"):
        folder = path.relative_to(ROOT).parts[0]
        if (ROOT / folder / "__init__.py").exists() and not {"migrations", "tests"} & set(path.parts):
            functions = set(changing_functions(ast.parse(path.read_text(encoding="utf-8"))))
            found |= {str(path.relative_to(ROOT)): functions} if functions else {}

    assert found == CHANGES_WHAT_IS_SEEN


def change(disease):
    """A new edition of another page that is not published."""
    disease.name, disease.summary = "Another name", "LEAK of a draft"
    disease.save()
    make_question(disease, question="LEAK of a question?")
    return save_edition(disease, by="test")


def accept_a_proposal(disease):
    new = {"text": "LEAK of a proposal."}
    proposal = Proposal.objects.create(
        kind="disease",
        subject_id=disease.pk,
        dataset="orphanet",
        record="ORPHA:1",
        part="summary",
        action="change",
        old=None,
        new=new,
    )
    assert accept_proposals([proposal], by=make_publisher()) == []


def dump_and_load(disease, folder):
    """Loads over the disease what another site says of it."""
    file = folder / "content.json"
    call_command("dump_content", str(file), stderr=StringIO())
    file.write_text(file.read_text(encoding="utf-8").replace("As approved.", "LEAK of a load."), encoding="utf-8")
    by = make_publisher().username
    call_command("load_content", str(file), "--by", by, "--update", stdout=StringIO())
    disease.refresh_from_db()
    assert disease.summary == "LEAK of a load."


ACTS = {
    "a new edition": lambda disease, folder: change(disease),
    "an edition handed over": lambda disease, folder: submit(change(disease), by=make_publisher(), note="LEAK"),
    "an edition restored": lambda disease, folder: (
        change(disease),
        restore(Edition.objects.about(disease).order_by("number").first(), by="test"),
    ),
    "a row deleted": lambda disease, folder: disease.questions.get().delete(),
    "a source renamed": lambda disease, folder: Source.objects.update(name="LEAK of a source"),
    "a proposal accepted": lambda disease, folder: accept_a_proposal(disease),
    "a suggestion sent": lambda disease, folder: receive(Suggestion(kind="other", message="LEAK."), "sender", 1),
    "a suggestion declined": lambda disease, folder: decline_suggestion(
        make_suggestion(disease), make_publisher(), "LEAK"
    ),
    "content loaded": dump_and_load,
}


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
@time_machine.travel("2026-05-03 12:00Z", tick=False)
def test_nothing_else_changes_what_the_public_sees(act, tmp_path):
    society = make_organization(slug="society")
    disease = make_disease(live=False, slug="iron", summary="As approved.", questions=0, organizations=[society])
    make_question(disease, source=make_source())
    put_live(disease)
    addresses = ["/", "/diseases/", "/diseases/iron/", "/diseases/iron/changes/", "/diseases/iron/sheet/", "/changes/"]
    addresses += ["/organizations/society/", "/search/?q=approved", "/search/?q=leak", "/feeds/changes.atom"]

    def seen():
        return PublicVersion.current(), {address: Client().get(address).content for address in addresses}

    before = seen()
    ACTS[act](disease, tmp_path)

    assert seen() == before
