from django.db import models
from django.utils.translation import gettext_lazy as _

from diseases.values import SourceValue
from publishing.models import ComposedRow, is_web_address
from publishing.values import LINE_LENGTH


class Source(ComposedRow):
    """A data set, institution or person that texts come from."""

    VALUE = SourceValue

    name = models.CharField(max_length=100, unique=True, help_text=_("The name that readers see: GARD, Orphanet …"))
    url = models.URLField(_("website"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address])
    licence = models.CharField(
        max_length=100, blank=True, help_text=_("The licence of the source's texts: CC BY 4.0 …")
    )
    licence_url = models.URLField(
        _("address of the licence"), blank=True, max_length=LINE_LENGTH, validators=[is_web_address]
    )
    attribution = models.TextField(
        blank=True,
        max_length=2000,
        help_text=_("How the source asks to be named. Readers see this at the end of the page."),
    )

    # Imports find the source by its data set, so that editors may change its name.
    dataset = models.CharField(max_length=20, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("dataset", condition=~models.Q(dataset=""), name="one_source_of_a_dataset")
        ]

    def __str__(self) -> str:
        return self.name
