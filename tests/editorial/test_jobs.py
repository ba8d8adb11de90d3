"""Jobs: many pages published, submitted, withdrawn and deleted outside of the request, in short transactions."""

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.models import Portrait
from diseases.models import Disease
from editorial import job_runner
from editorial.admin.bulk import PUBLISH, SUBMIT, publish_step
from editorial.dashboard import panels
from editorial.job_runner import JobRunner, LeaseTaken
from editorial.jobs import MAX_AT_ONCE, Work, items_of, register_work, start_job
from editorial.models import Job, JobItem, JobLease
from organizations.models import Organization
from publishing.models import Edition, Event
from publishing.verbs import forget, save_edition, save_editions
from tests.factories import make_disease, make_editor, make_organizations, make_portrait, make_publisher, make_user
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

LIST = "/admin/organizations/organization/"


@pytest.fixture
def publisher(client):
    user = make_publisher()
    client.force_login(user)
    return user


def make_drafts(count):
    drafts = make_organizations(count, live=False)
    with transaction.atomic():
        save_editions([(draft, draft.compose()) for draft in drafts], by="test")
    return drafts


def press(client, action, address=f"{LIST}?state=draft", **typed):
    """Chooses all pages of a list, and confirms the action. Returns the page before and the response."""
    page = client.post(address, {"action": action, "select_across": "1", "_selected_action": ["1"]})
    return page, client.post(address, fields_of(page.text) | typed)


def start(drafts, by, work=PUBLISH, note=""):
    numbers = Edition.objects.of(Organization).newest().values_list("subject_id", "number")
    return start_job(work, by, items_of(Organization, numbers.filter(subject_id__in=[row.pk for row in drafts])), note)


def work_on(job):
    runner = JobRunner(pause=0)
    runner.run()
    runner.release()
    job.refresh_from_db()
    return job


def page_of(job):
    return reverse("admin:editorial_job_change", args=[job.pk])


def reasons(job):
    return list(job.items.exclude(reason="").values_list("subject_id", "reason"))


@pytest.mark.database
def test_all_pages_of_a_list_are_published_by_a_job_in_the_name_of_the_person(client, publisher):
    drafts = make_drafts(MAX_AT_ONCE + 1)

    page, response = press(client, "publish_many", note="All checked.")

    job = Job.objects.get()
    assert page.context["states"] == [("draft", MAX_AT_ONCE + 1)]
    assert response.url == page_of(job)
    assert (job.total, job.by, job.note) == (MAX_AT_ONCE + 1, publisher, "All checked.")
    assert not Edition.objects.live().exists()
    waiting = client.get(page_of(job))
    assert waiting["Refresh"] == "5"
    assert "Refresh" not in client.get(f"{page_of(job)}?still=1")

    call_command("run_jobs")

    job.refresh_from_db()
    assert (job.done, job.refused, job.remaining, job.stop_reason, job.note) == (MAX_AT_ONCE + 1, 0, 0, "", "")
    assert {*Edition.objects.live().values_list("subject_id", flat=True)} == {row.pk for row in drafts}
    assert {*Event.objects.values_list("verb", "by", "note")} == {("published", publisher.pk, "All checked.")}
    assert not JobItem.objects.exists()
    ended = client.get(page_of(job))
    assert "Refresh" not in ended
    assert "It has ended. Everything was done." in ended.text


@pytest.mark.usefixtures("publisher")
def test_up_to_fifty_pages_are_published_at_once(client):
    make_drafts(MAX_AT_ONCE)

    _page, response = press(client, "publish_many")

    assert response.url == f"{LIST}?state=draft"
    assert Edition.objects.live().count() == MAX_AT_ONCE
    assert not Job.objects.exists()


@pytest.mark.usefixtures("publisher")
def test_a_list_that_changed_before_the_press_comes_back_with_every_word(client):
    drafts = make_drafts(MAX_AT_ONCE + 1)
    address = f"{LIST}?state=draft"
    page = client.post(address, {"action": "publish_many", "select_across": "1", "_selected_action": ["1"]})
    Organization.objects.filter(pk=drafts[0].pk).update(city="Elsewhere")
    save_edition(drafts[0], by="a colleague")

    refused = client.post(address, fields_of(page.text) | {"note": "All checked."})

    assert "Somebody else saved this after you opened the form" in refused.text
    assert not Job.objects.exists()
    assert client.post(address, fields_of(refused.text)).status_code == 302
    assert Job.objects.get().note == "All checked."


@pytest.mark.database
def test_a_page_that_changed_after_the_press_is_refused_and_named_and_stops_no_other(client, publisher):
    changed, fine = make_drafts(2)
    job = start([changed, fine], publisher, note="All checked.")
    Organization.objects.filter(pk=changed.pk).update(city="Elsewhere")
    save_edition(changed, by="a colleague")

    work_on(job)

    assert [edition.subject_id for edition in Edition.objects.live()] == [fine.pk]
    assert (job.done, job.refused, job.note) == (1, 1, "All checked.")
    assert reasons(job) == [(changed.pk, "was changed in the meantime; look at the newest edition first")]
    page = client.get(page_of(job))
    assert [row[0] for row in page.context["refusals"]] == [changed]
    assert reasons(job)[0][1] in page.text


@pytest.mark.parametrize(
    ("action", "role", "typed", "verb"),
    [
        ("submit_many", "Editors", {"note": "Please."}, "submitted"),
        ("withdraw_many", "Publishers", {"reason": "Old."}, "withdrawn"),
        ("trash_many", "Publishers", {"reason": "Old."}, "trashed"),
    ],
)
def test_the_other_actions_are_done_by_jobs_too(client, action, role, typed, verb):
    rows = make_organizations(MAX_AT_ONCE + 1) if action == "withdraw_many" else make_drafts(MAX_AT_ONCE + 1)
    client.force_login(make_user(role))

    press(client, action, LIST, **typed)
    work_on(Job.objects.get())

    found = Event.objects.filter(verb=verb, note=next(iter(typed.values())))
    assert {*found.values_list("subject_id", flat=True)} == {row.pk for row in rows}


@pytest.mark.database
@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit])
def test_a_job_that_is_interrupted_goes_on_where_it_stopped(monkeypatch, publisher, failure):
    drafts = make_drafts(9)
    job = start(drafts, publisher)
    monkeypatch.setattr(job_runner, "MAX_BATCH", 2)
    monkeypatch.setattr(job_runner, "MAX_SECONDS", 60)
    calls = []

    def step(task):
        calls.append(task.subject.pk)
        if len(calls) == 6:
            publish_step(task)
            raise failure  # in the middle of a transaction, after something was written in it
        return publish_step(task)

    register_work(Work("publish", "Publish", "publish", step))
    try:
        with pytest.raises(failure):
            JobRunner(pause=0).run()
        job.refresh_from_db()
        assert (job.done, Edition.objects.live().count(), job.items.count()) == (4, 4, 5)
        with pytest.raises(LeaseTaken):
            JobRunner(pause=0).run()  # it cannot know that the other one is dead
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            work_on(job)
    finally:
        register_work(PUBLISH)

    assert (job.done, job.refused, job.remaining) == (9, 0, 0)
    assert Event.objects.count() == Edition.objects.live().count() == 9


def test_an_unexpected_error_refuses_one_page_and_is_logged(publisher, caplog):
    drafts = make_drafts(3)
    errors = {drafts[1].pk: ZeroDivisionError, drafts[2].pk: PermissionDenied}

    def step(task):
        if error := errors.get(task.subject.pk):
            raise error
        return publish_step(task)

    work = register_work(Work("test", "Test", "publish", step))
    with caplog.at_level(logging.ERROR):
        job = work_on(start(drafts, publisher, work))

    assert (job.done, job.refused) == (1, 2)
    assert reasons(job) == [
        (drafts[1].pk, "An unexpected error stopped this. The log of the site says more."),
        (drafts[2].pk, "It is not allowed."),
    ]
    assert "ZeroDivisionError" in caplog.text


def test_an_error_of_the_database_undoes_the_batch_which_is_tried_again(publisher):
    drafts = make_drafts(3)
    failures = [OperationalError("database is locked")]

    def step(task):
        publish_step(task)
        if task.subject == drafts[1] and failures:
            raise failures.pop()
        return ""

    job = start(drafts, publisher, register_work(Work("test", "Test", "publish", step)))
    with pytest.raises(OperationalError):
        call_command("run_jobs")
    job.refresh_from_db()
    assert (job.done, Edition.objects.live().count()) == (0, 0)

    call_command("run_jobs")

    job.refresh_from_db()
    assert (job.done, job.refused, Edition.objects.live().count()) == (3, 0, 3)


def drop_role(user):
    user.groups.clear()


def deactivate(user):
    user.is_active = False
    user.save()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (drop_role, "does not have the permission any more"),
        (deactivate, "does not have the permission any more"),
        (lambda user: user.delete(), "does not exist any more"),
    ],
)
def test_a_job_stops_where_its_person_lost_the_permission_or_the_account(client, publisher, change, reason):
    job = start(make_drafts(2), publisher, note="All checked.")
    change(publisher)

    work_on(job)

    assert not Edition.objects.live().exists()
    assert reason in job.stop_reason
    assert (job.note, job.remaining) == ("All checked.", 2)
    client.force_login(make_editor())
    page = client.get(page_of(job))
    assert job.stop_reason in page.text.replace("&#x27;", "'")
    assert "Refresh" not in page


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 302), ("superuser", 302), ("other publisher", 403), ("nobody", 403)]
)
def test_a_job_is_stopped_by_the_person_who_started_it_or_a_superuser(client, publisher, who, status):
    job = start(make_drafts(2), publisher)
    users = {
        "owner": publisher,
        "superuser": make_user("Editors", is_superuser=True),
        "other publisher": make_publisher(),
        "nobody": make_user(is_staff=True),
    }
    client.force_login(users[who])

    response = client.post(reverse("admin:editorial_job_stop", args=[job.pk]))
    work_on(job)

    assert response.status_code == status
    assert bool(job.stop_reason) == (status == 302)
    assert Edition.objects.live().count() == (0 if status == 302 else 2)
    assert client.get(page_of(job)).status_code == (403 if who == "nobody" else 200)


def test_jobs_are_done_in_order_and_one_runner_works_at_a_time(publisher):
    first, second = start(make_drafts(1), publisher), start(make_drafts(1), publisher)
    runner, other = JobRunner(pause=0), JobRunner(pause=0)

    assert runner.run_batch() == first
    with pytest.raises(LeaseTaken):
        other.run_batch()
    with pytest.raises(CommandError, match="Another runner"):
        call_command("run_jobs")
    runner.release()
    assert other.run_batch() == second
    assert other.run_batch() is None
    assert Edition.objects.live().count() == 2


@pytest.mark.parametrize(("work", "done"), [(PUBLISH, 10), (SUBMIT, 1)])
def test_a_batch_ends_when_its_time_is_over_but_never_without_any_progress(monkeypatch, publisher, work, done):
    job = start(make_drafts(11), publisher, work)
    monkeypatch.setattr(job_runner, "MAX_SECONDS", -1)

    JobRunner().run_batch()

    job.refresh_from_db()
    assert (job.done, job.remaining) == (done, 11 - done)


@pytest.mark.database
def test_publishing_takes_as_many_queries_for_three_pages_as_for_one(publisher):
    counts, runner = [], JobRunner()
    start(make_drafts(1), publisher)
    runner.run_batch()  # the first one makes the row of the lease
    for number in [1, 3]:
        start(make_drafts(number), publisher)
        with CaptureQueriesContext(connection) as queries:
            runner.run_batch()
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Edition.objects.live().count() == 5


@pytest.mark.database
@pytest.mark.parametrize("count", [MAX_AT_ONCE + 1, 2 * MAX_AT_ONCE])
def test_a_press_takes_the_same_queries_for_any_number_of_pages(client, publisher, count, django_assert_num_queries):
    make_drafts(count)
    client.get(LIST)
    address = f"{LIST}?state=draft"
    choice = {"action": "publish_many", "select_across": "1", "_selected_action": ["1"]}

    with django_assert_num_queries(7):
        page = client.post(address, choice)
    with django_assert_num_queries(11):
        client.post(address, fields_of(page.text))

    assert page.text.count("_selected_action") == 1


@pytest.mark.parametrize("minutes", [9, 11])
def test_the_pages_and_the_check_say_where_no_runner_works(client, publisher, minutes):
    job = start(make_drafts(1), publisher)
    sentence = "nothing works on them"

    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        pages = [client.get(page_of(job)), client.get(reverse("admin:editorial_job_changelist"))]

    assert [sentence in page.text for page in pages] == [minutes > 10] * 2


def test_a_job_that_waits_for_another_one_is_not_stalled(client, publisher):
    start(make_drafts(1), publisher)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        job = start(make_drafts(1), publisher)
        JobRunner().run_batch()

        assert "nothing works on them" not in client.get(page_of(job)).text
        assert JobLease.objects.count() == 1


@pytest.mark.parametrize(("minutes", "is_migrated"), [(11, True), (9, True), (11, False)])
def test_the_system_check_names_jobs_that_wait_for_a_runner(publisher, monkeypatch, minutes, is_migrated):
    start(make_drafts(1), publisher)
    if not is_migrated:
        monkeypatch.setattr(Job._meta, "db_table", "not_yet_there")

    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        found = run_checks(tags=["database"], databases=["default"])
        without_database = run_checks()

    assert [each.id for each in found] == (["editorial.W001"] if minutes > 10 and is_migrated else [])
    assert without_database == []


def test_the_first_page_shows_open_jobs_to_everybody_and_ended_ones_to_their_person(publisher):
    editor = make_editor()
    assert "jobs" not in {panel.key for panel in panels(editor)}
    start(make_drafts(2), publisher)

    shown = {panel.key: panel for panel in panels(editor)}["jobs"]
    assert shown.count == 1
    assert [(each.title, each.by, each.state) for each in shown.entries] == [
        ("Publish (2)", str(publisher.get_full_name()), "waiting, 0 of 2")
    ]
    JobRunner().run()

    assert "jobs" not in {panel.key for panel in panels(editor)}
    assert "jobs" not in {panel.key for panel in panels(make_user(is_staff=True))}
    shown = {panel.key: panel for panel in panels(publisher)}["jobs"]
    assert [each.state for each in shown.entries] == ["ended, 2 of 2"]
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert "jobs" not in {panel.key for panel in panels(publisher)}


def publish_changed(**options):
    out = StringIO()
    call_command("publish_changed", stdout=out, **options)
    return out.getvalue()


def test_the_changes_of_live_pages_are_published_from_the_shell(publisher):
    from_import, by_hand, unchanged = make_organizations(3)
    draft = make_drafts(1)[0]
    disease = make_disease()
    Disease.objects.filter(pk=disease.pk).update(summary="New.")
    Organization.objects.filter(pk__in=[from_import.pk, by_hand.pk]).update(city="Elsewhere")
    for subject, origin in [(from_import, "import:page:3"), (by_hand, ""), (disease, "import:orphanet:17")]:
        save_edition(subject, "test", origin=origin)

    assert "Started job" in publish_changed(by=publisher.username, origin="import:page", note="News.")
    job = work_on(Job.objects.get())
    assert (job.total, job.by) == (1, publisher)
    assert Event.objects.latest("pk").note == "News."

    assert "2 pages" in publish_changed(by=publisher.username)
    work_on(Job.objects.latest("pk"))
    for subject in [from_import, by_hand, disease, unchanged]:
        assert Edition.objects.about(subject).newest().get().is_live
    assert not Edition.objects.about(draft).live().exists()
    assert publish_changed(by=publisher.username) == "There are no such changes.\n"
    for name, message in [("nobody", "There is no user"), (make_editor().username, "may not publish")]:
        with pytest.raises(CommandError, match=message):
            publish_changed(by=name)


def test_the_words_about_a_person_leave_the_reasons_too(client, publisher):
    portrait = make_portrait(live=False, consent_on=None, name="Zebramarker")
    edition = save_edition(portrait, by="test")
    job = work_on(start_job(PUBLISH, publisher, items_of(Portrait, [(portrait.pk, edition.number)])))
    assert "Zebramarker" in reasons(job)[0][1]

    forget(portrait, publisher, "They asked.")

    assert reasons(job) == [(portrait.pk, "The words about this person were removed.")]
    assert "Zebramarker" not in client.get(page_of(job)).text


def test_only_refusals_of_kinds_that_a_person_may_view_are_shown(client, publisher):
    portrait = make_portrait()
    job = work_on(start_job(PUBLISH, publisher, items_of(Portrait, [(portrait.pk, 7)])))
    reader = make_user(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_disease"))

    for user, count in [(publisher, 1), (reader, 0)]:
        client.force_login(user)
        assert len(client.get(page_of(job)).context["refusals"]) == count
    assert job.refused == 1


RUNNER = """
import django
from django.core.management import call_command
django.setup()
from editorial import job_runner
job_runner.MAX_BATCH = 10
call_command("run_jobs", watch=True)
"""


def database_url():
    """Returns the address of the database of the tests, for another process."""
    of_tests = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{of_tests['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**of_tests)


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_runner_that_is_killed_leaves_everything_so_that_the_next_one_goes_on(end):
    publisher, drafts = make_publisher(), make_drafts(60)
    job = start(drafts, publisher)
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen([sys.executable, "-c", RUNNER], cwd=settings.BASE_DIR, env=environment)  # noqa: S603
    try:
        deadline = time.monotonic() + 60
        while not 10 <= job.done < 60 and time.monotonic() < deadline:
            time.sleep(0.02)
            job.refresh_from_db()
        process.send_signal(end)
        process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
    job.refresh_from_db()
    done = job.done

    assert 10 <= done < 60
    assert Edition.objects.live().count() == Event.objects.count() == done
    assert job.items.count() == 60 - done
    # One that was asked to end gives the lease back. One that was killed could not.
    with time_machine.travel(timezone.now() + timedelta(minutes=2 if end == signal.SIGKILL else 0)):
        work_on(job)
    assert Edition.objects.live().count() == Event.objects.count() == job.done == 60
