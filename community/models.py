import secrets
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community import pictures
from community.values import PictureValue, PortraitPage
from diseases.models import Disease
from publishing.models import Edition, NamedRows, Publishable, References
from publishing.values import LINE_LENGTH, Page


class PictureQuerySet(models.QuerySet["Picture"]):
    def store(self, picture: pictures.StoredPicture) -> "Picture":
        """Saves a picture and returns its row. The same picture is stored only once."""
        fields = {"content": picture.content, "width": picture.width, "height": picture.height}
        return self.get_or_create(digest=picture.digest, defaults=fields)[0]

    def unused(self) -> Self:
        """Returns the pictures that no portrait and no edition of a portrait uses."""
        editions = Edition.objects.of(Portrait).order_by().values_list(KT("content__picture__digest"), flat=True)
        return self.filter(portraits=None).exclude(pk__in=set(editions) - {None})


class Picture(models.Model):
    """A picture. It is stored in the database, so that a backup contains it and a deletion is final."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    objects = PictureQuerySet.as_manager()

    def __str__(self) -> str:
        return self.digest[:6]

    @staticmethod
    def is_public(digest: str) -> bool:
        """Returns whether a live portrait shows the picture. Only staff may see other pictures."""
        return Edition.objects.of(Portrait).live().filter(content__picture__digest=digest).exists()


class Portrait(Publishable):
    """A person with a rare disease, or a relative, in their own words. It is published only with recorded consent."""

    KIND = "portrait"
    PAGE = PortraitPage
    # A search for a disease should find answers, and nobody should be found by name. Search engines would keep the
    # portrait after the person withdraws consent.
    IS_SEARCHED = False
    LIST_TITLE = gettext_lazy("Community")
    STAFF_ONLY = ("consent_note",)

    relation = models.CharField(
        gettext_lazy("who the person is"),
        max_length=200,
        blank=True,
        help_text=gettext_lazy("Shown after the name. Example: mother of a girl with Marfan syndrome."),
    )
    words = models.TextField(
        gettext_lazy("in their own words"), max_length=600, blank=True, help_text=gettext_lazy("A sentence or two.")
    )
    disease = models.ForeignKey(
        Disease,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="portraits",
        help_text=gettext_lazy("The page of this disease shows the portrait too."),
    )
    picture = models.ForeignKey(Picture, models.PROTECT, null=True, blank=True, related_name="portraits")
    alternative = models.CharField(
        gettext_lazy("description of the picture"),
        max_length=LINE_LENGTH,
        blank=True,
        help_text=gettext_lazy(
            "For readers who cannot see the picture. Example: Anna and her daughter on a bench, laughing."
        ),
    )
    consent_on = models.DateField(
        gettext_lazy("consent given on"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Without this date the portrait cannot be published. Readers see the date."),
    )
    consent_note = models.TextField(
        gettext_lazy("how consent was given"),
        blank=True,
        max_length=2000,
        help_text=gettext_lazy(
            "For colleagues only: who asked, what the person agreed to, and where the signed form or message is kept."
        ),
    )

    class Meta(Publishable.Meta):
        verbose_name = gettext_lazy("portrait")
        verbose_name_plural = gettext_lazy("portraits")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(picture=None) | ~Q(alternative=""),
                name="a_picture_has_words",
                violation_error_message=gettext_lazy("Describe the picture for readers who cannot see it."),
            ),
        ]

    def clean(self) -> None:
        if self.consent_on and self.consent_on > timezone.localdate():
            raise ValidationError({"consent_on": _("This day is in the future.")})

    def base_slug(self) -> str:
        """Returns a random address: it is kept for good, so it must not contain the name of the person."""
        return secrets.token_hex(5)

    def page_value(self, name: str, references: References) -> object:
        if name != "picture":
            return super().page_value(name, references)
        if not self.picture_id:
            return None
        size = Picture.objects.values("width", "height").get(pk=self.picture_id)  # without the bytes
        return PictureValue(digest=self.picture_id, alternative=self.alternative, **size)

    def set_value(self, name: str, value: object, named: NamedRows) -> None:
        if name == "picture":
            picture = value if isinstance(value, PictureValue) else None
            self.picture_id = picture.digest if picture else None
            self.alternative = picture.alternative if picture else ""
        # Consent is never restored from an old edition: the person may have withdrawn it since.
        elif name != "consent_on" or not Edition.objects.about(self).exists():
            super().set_value(name, value, named)

    def publish_blocker(self, page: Page) -> str:
        if self.consent_on and isinstance(page, PortraitPage) and page.consent_on:
            return ""
        return _("There is no recorded consent of %(name)s. A portrait cannot be published without consent.") % {
            "name": self.name
        }

    def erase(self) -> None:
        self.name = _("Consent withdrawn")
        self.relation = self.words = self.alternative = self.consent_note = self.staff_notes = ""
        self.disease = self.picture = self.consent_on = None

    @classmethod
    def files(cls, digests: set[str]) -> dict[str, bytes]:
        rows = Picture.objects.filter(pk__in=digests).values_list("digest", "content")
        return {digest: bytes(content) for digest, content in rows}

    @classmethod
    def take_file(cls, content: bytes) -> None:
        Picture.objects.store(pictures.check_picture(content))

    @classmethod
    def prune_files(cls, *, dry_run: bool = False) -> int:
        unused = Picture.objects.unused()
        return unused.count() if dry_run else unused.delete()[0]

    def was_published(self) -> bool:
        """Returns whether the portrait was ever live."""
        return bool(self.pk) and Edition.objects.about(self).exclude(published_at=None).exists()
