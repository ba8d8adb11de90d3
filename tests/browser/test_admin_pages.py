"""The accessibility of the admin: our pages have no violations besides those of Django's admin."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from diseases.models import Disease, Symptom
from editorial.admin.bulk import PUBLISH
from editorial.job_runner import JobRunner
from editorial.jobs import MAX_AT_ONCE, items_of, start_job
from imports.models import ImportRun, Proposal
from publishing.models import Edition
from publishing.verbs import save_edition
from tests.browser.barriers import own_barriers_in_both_schemes
from tests.browser.test_editing import url
from tests.factories import make_disease, make_diseases, make_editor, make_organization, make_publisher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_the_pages_of_the_admin_have_no_barriers_of_ours(open_window):
    disease = make_disease(questions=2, organizations=[make_organization()])
    disease.summary = "Another summary."
    disease.save()
    save_edition(disease, by=make_editor())
    Symptom.objects.create(disease=disease, term="Fever", frequency="90%")
    texts = {"old": {"text": "The first summary."}, "new": {"text": "A newer summary."}}
    proposed = {"dataset": "orphanet", "record": "ORPHA:1", "part": "summary", "action": "change"}
    proposal = Proposal.objects.create(kind="disease", subject_id=disease.pk, **proposed, **texts)
    report = {"counts": {"read": 1}, "sections": [{"title": "Created", "lines": ["Marfan syndrome"]}]}
    run = ImportRun.objects.create(dataset="orphanet", by_name="Ada", report=report)
    publisher = make_publisher()
    job = start_job(PUBLISH, publisher, items_of(Disease, [(disease.pk, 1)]), "All checked.")
    JobRunner().run_batch()  # refuses the disease, which has a newer edition
    page = open_window(publisher)
    changelist = reverse("admin:diseases_disease_changelist")

    found = {}
    for name in ["change", "history", "compare", "publish", "submit", "withdraw", "trash", "previous"]:
        page.goto(url(name, disease))
        found[name] = own_barriers_in_both_schemes(page)
    for row in [disease.symptoms.get(), proposal, run, job]:
        of_rows = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        page.goto(reverse(f"{of_rows}_changelist"))
        found[f"{row._meta.model_name} list"] = own_barriers_in_both_schemes(page)
        page.goto(reverse(f"{of_rows}_change", args=[row.pk]))
        found[row._meta.model_name] = own_barriers_in_both_schemes(page)
    # With a disease: while nothing is chosen, select2's own box has no name, whatever stands in it.
    page.goto(reverse("admin:diseases_symptom_add") + f"?disease={disease.pk}")
    found["new symptom"] = own_barriers_in_both_schemes(page)
    page.goto(changelist)
    found["list"] = own_barriers_in_both_schemes(page)
    page.locator("input.action-select").first.check()
    page.get_by_label("Action:").select_option("publish_many")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("What will happen to each page")).to_be_visible()
    found["bulk"] = own_barriers_in_both_schemes(page)

    assert {name: each for name, each in found.items() if each} == {}


def test_the_page_of_a_job_shows_its_progress_without_a_script_on_a_telephone(open_window):
    publisher, refused = make_publisher(), make_disease(name="A disease with a long name that needs several lines")
    job = start_job(PUBLISH, publisher, items_of(Disease, [(refused.pk, 7), (make_disease().pk, 1)]), "All checked.")
    telephone = open_window(publisher, java_script_enabled=False, viewport={"width": 390, "height": 800})
    address = reverse("admin:editorial_job_change", args=[job.pk])

    telephone.goto(address)
    expect(telephone.get_by_text("It waits for its turn.")).to_be_visible()
    JobRunner().run_batch()
    expect(telephone.get_by_text("It has ended. What was refused is named below.")).to_be_visible()

    expect(telephone.get_by_role("link", name=refused.name)).to_be_visible()
    assert telephone.evaluate("document.documentElement.scrollWidth") <= 390


def test_all_pages_of_a_list_are_chosen_and_published_by_a_job(open_window):
    publisher = make_publisher()
    drafts = make_diseases(MAX_AT_ONCE + 1, live=False)
    page = open_window(publisher)

    page.goto(reverse("admin:diseases_disease_changelist"))
    page.locator("#action-toggle").check()
    page.get_by_text(f"Select all {len(drafts)} diseases").click()
    page.get_by_label("Action:").select_option("publish_many")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("You have chosen 51 pages.")).to_be_visible()
    barriers = own_barriers_in_both_schemes(page)
    page.get_by_label("Note").fill("All checked.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It waits for its turn.")).to_be_visible()
    JobRunner(pause=0).run()

    expect(page.get_by_text("It has ended. Everything was done.")).to_be_visible()
    assert barriers == []
    assert Edition.objects.live().count() == len(drafts)
