"""What imports store: their runs, where each imported row came from, and the changes that they propose to editors."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

KEY_LENGTH = 300


class Dataset(models.TextChoices):
    MEDQUAD = "medquad", _("MedQuAD (GARD texts)")
    ORPHANET = "orphanet", _("Orphanet")
    MONDO = "mondo", _("Mondo")


class ImportRun(models.Model):
    """One run of an import command. A run without `finished_at` was interrupted, and may be run again."""

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    files = models.TextField(blank=True)
    by_name = models.CharField(_("by"), max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict, help_text=_("What the import did: lists of lines, by heading."))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("import")

    def __str__(self) -> str:
        return f"{self.get_dataset_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def origin(self) -> str:
        """Returns the origin that the editions of this run carry: "import:orphanet:17"."""
        return f"import:{self.dataset}:{self.pk}"


class Provenance(models.Model):
    """What a data set last said about one part of a disease, and which row holds that part.

    If no row has the key `target`, an editor deleted it. The entry then stops imports from adding the row again.
    """

    dataset = models.CharField(_("data set"), max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=60, help_text=_("The disease's key in the data set: GARD:7172."))
    part = models.CharField(
        max_length=KEY_LENGTH, blank=True, help_text=_("synonym:nh; empty for the disease as a whole.")
    )
    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="provenance")
    target = models.UUIDField(
        null=True, help_text=_("The key of the row that holds it; empty for a field of the disease itself.")
    )
    is_created = models.BooleanField(
        default=True, help_text=_("Ticked if the import added the row; not if the row was there before.")
    )
    digest = models.CharField(max_length=64)
    content = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = _("provenance")
        constraints = [models.UniqueConstraint(fields=["dataset", "record", "part"], name="one_provenance")]
        indexes = [models.Index("target", condition=Q(target__isnull=False), name="provenance_of_row")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.record} {self.part}".strip()


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def pending(self) -> Self:
        """Returns the proposals that nobody has decided yet."""
        return self.filter(state=Proposal.State.PENDING)


class Proposal(models.Model):
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
    record = models.CharField(max_length=60)
    part = models.CharField(max_length=KEY_LENGTH)
    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="proposals")
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
                fields=["dataset", "record", "part", "disease"], condition=Q(state="pending"), name="one_open_proposal"
            ),
        ]
        indexes = [models.Index("disease", condition=Q(state="pending"), name="open_proposals")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.title} ({self.disease})"

    @property
    def kind(self) -> str:
        """Returns what the proposal is about: name, summary, synonym, code, question or symptom."""
        return self.part.partition(":")[0]

    @property
    def title(self) -> str:
        """Returns what the proposal is about, in one line: a question, a term, a name or a code."""
        content = self.new or self.old or {}
        if self.kind == "code":
            return f"{content.get('scheme')} {content.get('value')}"
        return str(content.get("question") or content.get("term") or content.get("text") or self.part)
