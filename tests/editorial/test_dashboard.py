"""The first page of the admin, the reset of a forgotten password, and e-mail about errors."""

import logging
import logging.config
import re

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.checks import INFO, run_checks
from django.test import Client
from django.urls import reverse

from accounts.passwords import PasswordReset
from config.settings import LOGGING
from editorial.dashboard import panels
from organizations.models import Organization
from publishing.models import Edition, State, kinds
from publishing.trash import trash, untrash
from publishing.verbs import publish, save_edition, submit, withdraw
from tests.factories import PASSWORD, make_disease, make_editor, make_organization, make_publisher, make_user
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def change(subject, by, text):
    """Saves a new edition of a disease or an organization with another text."""
    field = "description" if isinstance(subject, Organization) else "summary"
    setattr(subject, field, text)
    subject.save()
    return save_edition(subject, by)


def draft(by, **fields):
    disease = make_disease(live=False, **fields)
    save_edition(disease, by)
    return disease


def panels_by_key(user):
    return {panel.key: panel for panel in panels(user)}


def titles(panel):
    return [entry.title for entry in panel.entries]


def in_every_state(by):
    """Makes diseases and organizations in every state. Returns them by a description of their state."""
    publisher = make_publisher()
    subjects = {"draft": draft(by), "draft of a command": make_disease(live=False), "live": make_disease()}
    save_edition(subjects["draft of a command"], "import")
    subjects["changed"] = make_organization()
    change(subjects["changed"], by, "New.")
    subjects["changed by another"] = make_disease()
    change(subjects["changed by another"], make_editor(), "New.")
    subjects["changed and back"] = make_disease(summary="Old.")
    change(subjects["changed and back"], by, "New.")
    change(subjects["changed and back"], by, "Old.")
    subjects["ready"] = draft(by)
    submit(Edition.objects.about(subjects["ready"]).get(), by, "Look at the summary.")
    subjects["live and ready"] = make_organization()
    submit(change(subjects["live and ready"], by, "New."), by)
    subjects["ready, changed and back"] = draft(by, summary="Old.")
    submit(Edition.objects.about(subjects["ready, changed and back"]).get(), by)
    change(subjects["ready, changed and back"], by, "New.")
    change(subjects["ready, changed and back"], by, "Old.")
    subjects["ready, then changed"] = draft(by)
    submit(Edition.objects.about(subjects["ready, then changed"]).get(), by)
    change(subjects["ready, then changed"], by, "Newer.")
    subjects["ready, then live"] = draft(by)
    submit(Edition.objects.about(subjects["ready, then live"]).get(), by)
    publish(Edition.objects.about(subjects["ready, then live"]).get(), publisher)
    subjects["withdrawn"] = make_disease()
    withdraw(subjects["withdrawn"], publisher, "Wrong.")
    subjects["withdrawn, then changed"] = make_disease()
    withdraw(subjects["withdrawn, then changed"], publisher, "Wrong.")
    change(subjects["withdrawn, then changed"], by, "New.")
    subjects["previous edition live"] = make_disease()
    first = Edition.objects.about(subjects["previous edition live"]).get()
    publish(change(subjects["previous edition live"], by, "A mishap."), publisher)
    publish(first, publisher)
    subjects["trashed"] = draft(by)
    submit(Edition.objects.about(subjects["trashed"]).get(), by)
    trash(subjects["trashed"], by, "Twice.")
    subjects["trashed when live"] = make_organization()
    change(subjects["trashed when live"], by, "New.")
    trash(subjects["trashed when live"], publisher, "Twice.")
    subjects["out of the trash"] = draft(by)
    trash(subjects["out of the trash"], by, "Twice.")
    untrash(subjects["out of the trash"], by)
    return subjects


def test_the_panels_show_the_same_states_as_the_panels_by_key():
    editor = make_editor()
    subjects = in_every_state(editor)
    names = {(subject.KIND, subject.pk): name for name, subject in subjects.items()}
    rows = [row for kind in kinds().values() for row in kind.objects.with_state() if (row.KIND, row.pk) in names]
    state_of = {names[row.KIND, row.pk]: row.state for row in rows}

    def named(entry):
        return names[entry.kind, int(entry.change_url.split("/")[-3])]

    def in_state(*wanted):
        return {name for name, state in state_of.items() if state in wanted}

    found = panels_by_key(editor)
    shown = {key: {named(entry) for entry in found[key].entries} for key in found}
    unfinished = in_state(State.DRAFT, State.READY, State.CHANGED, State.WITHDRAWN)

    assert shown["ready"] == in_state(State.READY) == {"ready", "live and ready", "ready, changed and back"}
    assert shown["changed"] == in_state(State.CHANGED)
    assert shown["changed"] == {"changed", "changed by another", "previous edition live"}
    assert shown["mine"] == unfinished - {"draft of a command", "changed by another", "withdrawn"}
    assert len(shown["mine"]) == found["mine"].count
    for entry in found["mine"].entries:
        assert entry.state == State(state_of[named(entry)]).label, named(entry)
    live = {
        names[kind, pk] for kind, pk in Edition.objects.live().values_list("kind", "subject_id") if (kind, pk) in names
    }
    assert found["published"].count == len(in_state(State.LIVE)) == len(live - in_state(State.READY, State.CHANGED))


def test_each_count_is_that_of_the_list_that_it_links_to(client):
    editor = make_editor(first_name="Ada", last_name="O'Byrne, née Lovelace")
    in_every_state(editor)
    client.force_login(editor)

    checked = 0
    for found in panels(editor):
        for count in found.counts:
            listed = client.get(count.url).context["cl"]
            assert listed.result_count == count.count, (found.key, count)
            checked += 1

    assert checked == 7  # four panels with diseases, and three of them with organizations


def test_the_panels_show_ten_entries_and_count_all():
    editor = make_editor()
    diseases = [draft(editor) for _ in range(12)]
    for disease in diseases:
        submit(Edition.objects.about(disease).get(), editor, f"About {disease}")
    found = panels_by_key(editor)

    assert (found["mine"].count, found["ready"].count) == (12, 12)
    assert titles(found["mine"]) == [disease.name for disease in diseases[:1:-1]]  # the last saved first
    assert titles(found["ready"]) == [disease.name for disease in diseases[:10]]  # the longest wait first
    assert found["ready"].entries[0].note == f"About {diseases[0]}"
    assert found["ready"].entries[0].by == editor.get_full_name()


def test_the_latest_publication_comes_first():
    publisher = make_publisher(first_name="Grace", last_name="Hopper")
    first, second, gone = draft("import"), draft("import"), draft("import")
    for disease in [first, gone, second]:
        publish(Edition.objects.about(disease).get(), publisher, note=f"{disease} is new.")
    withdraw(gone, publisher, "Wrong.")
    recent = panels_by_key(publisher)["published"]

    assert titles(recent) == [second.name, gone.name, first.name]
    assert [entry.state for entry in recent.entries] == ["", "no longer live", ""]
    assert {entry.by for entry in recent.entries} == {"Grace Hopper"}
    assert recent.entries[0].note == f"{second} is new."
    assert [(count.count, count.label) for count in recent.counts] == [(2, "diseases")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_page_takes_as_many_queries_for_any_number_of_subjects(client, django_assert_num_queries, count):
    editor = make_editor()
    for _ in range(count):
        disease = draft(editor)
        submit(Edition.objects.about(disease).get(), editor)
        change(make_organization(), editor, "New.")
        make_disease()
    client.force_login(editor)

    # Session, user, two for permissions; pending editions (two), shown editions, submissions, public version,
    # publications; suggestions; jobs; three to save the session. The first time also the live count and the version
    # again.
    for needed in [17, 12]:
        with django_assert_num_queries(needed):
            response = client.get(reverse("admin:index"))

    assert [found.count for found in response.context["panels"]] == [2 * count, count, 0, count, count]


def test_publishers_see_the_queue_first_with_links_to_publish(client):
    editor, publisher = make_editor(), make_publisher()
    disease = draft(editor, name="Waiting disease")
    submit(Edition.objects.about(disease).get(), editor, note="Is <this> right?")

    assert [found.key for found in panels(editor)] == ["mine", "ready", "suggestions", "changed", "published"]
    assert [found.key for found in panels(publisher)] == ["ready", "mine", "suggestions", "changed", "published"]
    for user, expected in [(editor, 0), (publisher, 1)]:
        client.force_login(user)
        text = client.get(reverse("admin:index")).text
        assert text.count(f'href="{reverse("admin:diseases_disease_publish", args=[disease.pk])}"') == expected
        assert "Is &lt;this&gt; right?" in text
        assert f"submitted by {editor.get_full_name()}" in text


def test_the_panels_show_only_kinds_that_the_user_may_view(client):
    user = make_user(is_staff=True)
    disease = draft(user, name="Seen disease")
    organization = make_organization(name="Unseen organization")
    change(organization, user, "New.")
    client.force_login(user)

    assert client.get(reverse("admin:index")).context["panels"] == []
    user.user_permissions.add(Permission.objects.get(codename="view_disease"))
    text = client.get(reverse("admin:index")).text

    assert disease.name in text
    assert "Unseen organization" not in text
    found = panels_by_key(type(user).objects.get(pk=user.pk))
    assert {key: shown.count for key, shown in found.items()} == {"mine": 1, "ready": 0, "changed": 0, "published": 0}


def test_the_list_of_all_models_comes_after_the_panels(client):
    client.force_login(make_publisher())
    text = client.get(reverse("admin:index")).text

    assert text.index("Ready to publish") < text.index("Everything") < text.index(reverse("admin:diseases_disease_add"))
    assert client.get(reverse("admin:app_list", args=["diseases"])).status_code == 200


# A forgotten password


def ask(client, address):
    url = reverse("admin_password_reset")
    return client.post(url, fields_of(client.get(url).text) | {"email": address})


def link_in(message):
    return re.search(r"http://testserver(\S+)", message.body)[1]


def test_a_forgotten_password_is_reset_with_a_link_in_an_e_mail(client):
    make_editor(username="ada", email="ada@example.org")
    assert reverse("admin_password_reset") in client.get(reverse("admin:login")).text

    assert ask(client, "ADA@example.org").url == reverse("password_reset_done")
    assert client.get(reverse("password_reset_done")).status_code == 200
    (message,) = mail.outbox
    assert message.to == ["ada@example.org"]
    assert message.subject == "A new password for Plainly Rare"
    assert message.alternatives == []
    assert "ada, Plainly Rare" in message.body
    page = client.get(link_in(message), follow=True)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    form = fields_of(page.text)
    too_short = client.post(page.request["PATH_INFO"], form | {"new_password1": "short", "new_password2": "short"})
    assert "too short" in too_short.text
    form |= {"new_password1": "a new horse battery", "new_password2": "a new horse battery"}
    done = client.post(page.request["PATH_INFO"], form, follow=True)

    assert "Your new password is set." in done.text
    assert not client.login(username="ada", password=PASSWORD)
    assert client.login(username="ada", password="a new horse battery")
    client.logout()
    again = client.get(link_in(message), follow=True)
    assert "This link does not work any more" in again.text
    assert "new_password1" not in again.text


def test_the_answer_does_not_reveal_whether_an_account_exists(client):
    make_editor(email="ada@example.org")
    make_editor(email="left@example.org", is_active=False)

    answers = [ask(client, address) for address in ["ada@example.org", "left@example.org", "nobody@example.org"]]

    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    assert len({(answer.status_code, answer.url, answer.content, *sorted(answer.headers)) for answer in answers}) == 1


def test_the_e_mail_is_sent_after_the_response(rf):
    make_editor(email="ada@example.org")
    request = rf.post(reverse("admin_password_reset"), {"email": "ada@example.org"})
    request._dont_enforce_csrf_checks = True

    response = PasswordReset.as_view()(request)
    assert (response.status_code, mail.outbox) == (302, [])
    response.close()

    assert len(mail.outbox) == 1


@pytest.mark.parametrize("path", ["nobody/set-password", "MQ/x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/x-y", "AA/x-y"])
def test_an_invalid_link_answers_with_an_explanation(client, path):
    response = client.get(f"{reverse('admin_password_reset')}{path}/")

    assert "This link does not work any more" in response.text


def test_every_page_of_the_reset_has_the_policy_of_the_admin_and_one_heading(client):
    names = ["admin_password_reset", "password_reset_done", "password_reset_complete"]
    for name in names:
        response = client.get(reverse(name))
        assert "script-src 'self'" in response.headers["Content-Security-Policy"], name
        assert response.text.count("<h1") == 1, name
        assert reverse(name).startswith(
            f"/{configured.ADMIN_PATH}"
        )  # browsers send the cookies of the admin only there


def test_a_site_without_e_mail_says_so(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    response = client.get(reverse("admin_password_reset"))

    assert "This site sends no e-mail." in response.text
    assert 'name="email"' not in response.text


@pytest.mark.parametrize(
    ("backend", "expected"), [("smtp", []), ("dummy", ["accounts.I001"]), ("console", ["accounts.I001"])]
)
def test_the_check_notes_a_site_without_e_mail_and_does_not_fail(settings, backend, expected):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    found = [message for message in run_checks(include_deployment_checks=True) if message.id == "accounts.I001"]

    assert [message.id for message in found] == expected
    assert {message.level for message in found} <= {INFO}


# E-mail about errors


@pytest.fixture
def log_as_configured(settings):
    """Configures logging as in production, and restores the handlers of the tests afterwards."""
    loggers = [logging.getLogger(name) for name in ["", "django", "django.security.DisallowedHost"]]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    logging.config.dictConfig(LOGGING)
    settings.ADMINS = [("ops@example.org", "ops@example.org")]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:], logger.level, logger.propagate = handlers, level, propagate


def test_an_error_is_e_mailed_once_and_without_data_about_the_reader(client, settings, log_as_configured):
    settings.ROOT_URLCONF = "tests.broken_urls"
    client.raise_request_exception = False
    url = "/broken/"
    client.get(url, {"word": "secret"}, headers={"user-agent": "Reader/1.0"}, REMOTE_ADDR="203.0.113.9")

    (message,) = mail.outbox
    assert message.to == ["ops@example.org"]
    assert message.subject.endswith(f"ERROR: Internal Server Error: {url}")
    assert "Traceback" in message.body
    for trace in ["203.0.113.9", "Reader/1.0", "secret"]:
        assert trace not in message.body


def test_a_request_with_a_wrong_host_name_is_not_e_mailed(client, log_as_configured):
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400

    assert mail.outbox == []


def test_a_lost_csrf_token_redirects_to_the_start_of_the_reset():
    client = Client(enforce_csrf_checks=True)
    address = reverse("admin_password_reset")

    response = client.post(address, {"email": "someone@example.org"}, headers={"origin": "http://testserver"})

    assert (response.status_code, response.url) == (302, address)
