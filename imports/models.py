"""What imports remember: their runs, where each imported row came from, and what they propose to the editors."""

from typing import Any

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
    """One run of an import command. Without an end it was interrupted, and may be run again."""

    dataset = models.CharField(max_length=20, choices=Dataset.choices)
    files = models.TextField(blank=True)
    by_name = models.CharField(_("by"), max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict, help_text=_("What it did: lists of lines, by heading."))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("import")

    def __str__(self) -> str:
        return f"{self.get_dataset_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def origin(self) -> str:
        """Of the editions that the run makes."""
        return f"import:{self.dataset}:{self.pk}"


class Provenance(models.Model):
    """What a dataset last said of one thing, and which row says it here.

    A row whose key is no longer there was deleted by an editor: the record is its tombstone, and it stays away.
    """

    dataset = models.CharField(max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=60, help_text=_("The disease's key in the dataset: GARD:7172."))
    part = models.CharField(
        max_length=KEY_LENGTH, blank=True, help_text=_("synonym:nh; empty for the disease as a whole.")
    )
    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="provenance")
    target = models.UUIDField(null=True, help_text=_("The key of the row; none for a field of the disease itself."))
    made = models.BooleanField(default=True, help_text=_("Whether the import made the row, or found it here."))
    digest = models.CharField(max_length=64)
    content = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = _("provenance")
        constraints = [models.UniqueConstraint(fields=["dataset", "record", "part"], name="one_provenance")]
        indexes = [models.Index("target", condition=Q(target__isnull=False), name="provenance_of_row")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.record} {self.part}".strip()


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def pending(self) -> Any:
        return self.filter(state=Proposal.State.PENDING)


class Proposal(models.Model):
    """A change that an import would have made, had no editor been there before it. An editor decides."""

    class Action(models.TextChoices):
        ADD = "add", _("add")
        CHANGE = "change", _("change")
        REMOVE = "remove", _("remove")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for a decision")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")

    dataset = models.CharField(max_length=20, choices=Dataset.choices)
    record = models.CharField(max_length=60)
    part = models.CharField(max_length=KEY_LENGTH)
    disease = models.ForeignKey("diseases.Disease", models.CASCADE, related_name="proposals")
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=200, blank=True)
    old = models.JSONField(null=True, help_text=_("What was imported before."))
    new = models.JSONField(null=True, help_text=_("What the dataset says now."))
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    made_at = models.DateTimeField(auto_now_add=True)
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
    def sort(self) -> str:
        """Of what it is: name, summary, synonym, code, question or symptom."""
        return self.part.partition(":")[0]

    @property
    def title(self) -> str:
        """What the proposal is about, in a line."""
        said = self.new or self.old or {}
        if self.sort == "code":
            return f"{said.get('scheme')} {said.get('value')}"
        return str(said.get("question") or said.get("term") or said.get("text") or self.part)
