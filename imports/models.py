"""What imports store: their runs, where each imported row came from, and the changes that they propose to editors."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from publishing.models import Publishable, kinds

KEY_LENGTH = 300
RECORD_LENGTH = 200


class Dataset(models.TextChoices):
    MEDQUAD = "medquad", _("MedQuAD (GARD texts)")
    ORPHANET = "orphanet", _("Orphanet")
    MONDO = "mondo", _("Mondo")
    PAGE = "page", _("a page of text")


class ImportRun(models.Model):
    """One run of an import command. A run without `finished_at` was interrupted, and may be run again."""

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    files = models.TextField(blank=True)
    by_name = models.CharField(_("by"), max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict, help_text=_("What the import did: lists of lines, by heading."))
    key_prefixes = models.JSONField(
        default=list, help_text=_("What the files of this and earlier complete runs spoke of: synonym:.")
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("import")

    def __str__(self) -> str:
        return f"{self.get_dataset_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def origin(self) -> str:
        """Returns the origin that the editions of this run carry: "import:orphanet:17"."""
        return f"import:{self.dataset}:{self.pk}"


class OfSubject(models.Model):
    """A row about a subject of any kind."""

    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()

    class Meta:
        abstract = True

    @property
    def model(self) -> type[Publishable]:
        model: type[Publishable] = kinds()[self.kind]
        return model

    @cached_property
    def subject(self) -> Publishable:
        return self.model._base_manager.get(pk=self.subject_id)


class Provenance(OfSubject):
    """What a data set last said about one part of a subject, and which row holds that part.

    If no row has the key `target`, an editor deleted it. The entry then stops imports from adding the row again.
    """

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=RECORD_LENGTH, help_text=_("The subject's key in the data set: GARD:7172."))
    part = models.CharField(
        max_length=KEY_LENGTH, blank=True, help_text=_("synonym:nh; empty for the subject as a whole.")
    )
    target = models.UUIDField(
        null=True, help_text=_("The key of the row that holds it; empty for a field of the subject itself.")
    )
    is_created = models.BooleanField(
        default=True, help_text=_("Ticked if the import added the row; not if the row was there before.")
    )
    digest = models.CharField(max_length=64)
    content = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = _("provenance")
        constraints = [models.UniqueConstraint(fields=["dataset", "record", "part"], name="one_provenance")]
        indexes = [
            models.Index("target", condition=Q(target__isnull=False), name="provenance_of_row"),
            models.Index("kind", "subject_id", name="provenance_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.record} {self.part}".strip()


class WaitingRecord(models.Model):
    """What the deliveries of a data set have said so far about a subject that is not on this site yet.

    A delivery of one file may not say the code by which its subject is found. When another one does, both are merged.
    """

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=RECORD_LENGTH)
    content = models.JSONField(help_text=_("The record, as its readers returned it."))

    class Meta:
        default_permissions = ()  # nobody sees these rows in the admin
        constraints = [models.UniqueConstraint(fields=["dataset", "record"], name="one_waiting_record")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.record}"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def pending(self) -> Self:
        """Returns the proposals that nobody has decided yet."""
        return self.filter(state=Proposal.State.PENDING)

    def about(self, subject: Publishable) -> Self:
        return self.filter(kind=subject.KIND, subject_id=subject.pk)

    def with_subject_name(self) -> Self:
        """Adds `subject_name`: the name of each proposal's subject, whatever its kind."""
        names = {
            kind: Subquery(model._base_manager.filter(pk=OuterRef("subject_id")).values("name"))
            for kind, model in kinds().items()
        }
        cases = [When(kind=kind, then=name) for kind, name in names.items()]
        return self.annotate(subject_name=Case(*cases, output_field=models.CharField()))


class Proposal(OfSubject):
    """A change that an import did not make itself, because an editor's work is concerned. An editor decides."""

    class Action(models.TextChoices):
        ADD = "add", _("add")
        CHANGE = "change", _("change")
        REMOVE = "remove", _("remove")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for a decision")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=RECORD_LENGTH)
    part = models.CharField(max_length=KEY_LENGTH)
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=200, blank=True)
    old = models.JSONField(null=True, help_text=_("What was imported before."))
    new = models.JSONField(null=True, help_text=_("What the data set says now."))
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_by_name = models.CharField(max_length=150, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "record", "part", "kind", "subject_id"],
                condition=Q(state="pending"),
                name="one_open_proposal",
            ),
        ]
        indexes = [models.Index("kind", "subject_id", condition=Q(state="pending"), name="open_proposals")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.title} ({getattr(self, 'subject_name', None) or self.subject})"

    @property
    def sort(self) -> str:
        """Returns what the proposal is about: a field ("summary"), or a model of child rows ("synonym")."""
        return self.part.partition(":")[0]

    @property
    def title(self) -> str:
        """Returns what the proposal is about, in one line: a question, a term, a name or a code."""
        content = self.new or self.old or {}
        if self.sort == "support":
            return self.part.partition(":")[2]
        if self.sort == "identifier":
            return f"{content.get('scheme')} {content.get('value')}"
        return str(content.get("question") or content.get("term") or content.get("text") or self.part)
