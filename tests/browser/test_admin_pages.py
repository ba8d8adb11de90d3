"""The accessibility of the admin: our pages have no violations besides those of Django's admin."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from diseases.models import Symptom
from imports.models import ImportRun, Proposal
from publishing.verbs import save_edition
from tests.browser.test_editing import url
from tests.factories import PASSWORD, make_disease, make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

KNOWN = {
    "empty-table-header": "the first column of Django's tables of rows has no heading",
}
"""Violations in Django's admin itself, by the rule of axe."""


def barriers(page):
    """Returns the violations on a page as rule and element, without those of Django's admin."""
    violations = Axe().run(page).response["violations"]
    return [
        (violation["id"], node["html"][:200])
        for violation in violations
        for node in violation["nodes"]
        if violation["id"] not in KNOWN
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_admin_have_no_own_violations(live_server, new_context, scheme):
    disease = make_disease(questions=2, organizations=[make_organization()])
    disease.summary = "Another summary."
    disease.save()
    save_edition(disease, by=make_editor())
    Symptom.objects.create(disease=disease, term="Fever", frequency="90%")
    texts = {"old": {"text": "The first summary."}, "new": {"text": "A newer summary."}}
    proposed = {"dataset": "orphanet", "record": "ORPHA:1", "part": "summary", "action": "change"}
    proposal = Proposal.objects.create(disease=disease, **proposed, **texts)
    report = {"counts": {"read": 1}, "sections": [{"title": "Created", "lines": ["Marfan syndrome"]}]}
    run = ImportRun.objects.create(dataset="orphanet", by_name="Ada", report=report)
    page = new_context(base_url=live_server.url, color_scheme=scheme).new_page()
    page.goto(reverse("admin:login"))
    page.get_by_label("Username").fill(make_publisher(username="publisher").username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    changelist = reverse("admin:diseases_disease_changelist")

    found = {}
    for name in ["change", "history", "compare", "publish", "submit", "withdraw", "trash", "previous"]:
        page.goto(url(name, disease))
        found[name] = barriers(page)
    for row in [disease.symptoms.get(), proposal, run]:
        of_rows = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        page.goto(reverse(f"{of_rows}_changelist"))
        found[f"{row._meta.model_name} list"] = barriers(page)
        page.goto(reverse(f"{of_rows}_change", args=[row.pk]))
        found[row._meta.model_name] = barriers(page)
    # With a disease, because the box of select2 has no accessible name while nothing is chosen.
    page.goto(reverse("admin:diseases_symptom_add") + f"?disease={disease.pk}")
    found["new symptom"] = barriers(page)
    page.goto(changelist)
    found["list"] = barriers(page)
    page.locator("input.action-select").first.check()
    page.get_by_label("Action:").select_option("publish_many")
    page.get_by_role("button", name="Go").click()
    found["bulk"] = barriers(page)

    assert {name: each for name, each in found.items() if each} == {}
