from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from organizations.fields import CountriesField, LanguagesField
from organizations.phones import dial
from organizations.values import OrganizationPage, PhoneNumberValue, Status
from publishing.models import NamedRows, Publishable, References, is_email_address, is_web_address
from publishing.values import LINE_LENGTH

NUMBER_FIELDS = ["phone", "toll_free", "fax"]


def validate_line_lengths(text: str) -> None:
    """Raises ValidationError where a line is longer than a page can hold."""
    if any(len(line) > LINE_LENGTH for line in text.splitlines()):
        raise ValidationError(_("A line may have at most %(limit)s characters.") % {"limit": LINE_LENGTH})


class Organization(Publishable):
    """A support organization. The row and its contact points are the draft of its page."""

    KIND = "organization"
    PAGE = OrganizationPage
    SUGGESTIONS = ("details", "organization")
    NOT_DETAILS = ("slug", "status", "successor", "checked_on", "checked_by")

    also_known_as = models.CharField(max_length=200, blank=True, help_text=_("Other names, separated by commas."))
    description = models.TextField(
        blank=True, max_length=5000, help_text=_("What it does for families, in a few sentences.")
    )
    street = models.TextField(
        _("street or post office box"),
        blank=True,
        max_length=500,
        validators=[validate_line_lengths],
        help_text=_("Write each line of the address on a line of its own."),
    )
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(_("state, province or county"), max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = CountryField(blank=True)
    phone = models.CharField(max_length=100, blank=True, help_text=_("As the organization writes it."))
    toll_free = models.CharField(_("toll-free"), max_length=100, blank=True)
    fax = models.CharField(max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, max_length=LINE_LENGTH, validators=[is_email_address])
    website = models.URLField(blank=True, max_length=250, validators=[is_web_address])
    opening_hours = models.CharField(
        max_length=200, blank=True, help_text=_("When one can call or come, with the time zone: Mon–Fri, 9–17 (CET).")
    )
    languages = LanguagesField(
        default=list,
        blank=True,
        help_text=_(
            "The languages in which one can write or call, by their English names, with semicolons between them: "
            "English; Brazilian Portuguese."
        ),
    )
    countries_served = CountriesField(
        multiple=True,
        blank=True,
        help_text=_(
            "The countries whose families it helps, with semicolons between them. Leave it empty if it does not say."
        ),
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        help_text=_("The organization to contact instead, if this one was closed, renamed or merged."),
    )
    checked_on = models.DateField(
        _("details checked on"),
        null=True,
        blank=True,
        help_text=_("The day on which a person last checked that the details are right."),
    )
    checked_by = models.CharField(
        _("checked by"), max_length=150, blank=True, help_text=_("Name and role of that person, as readers see them.")
    )

    class Meta(Publishable.Meta):
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=Status.ACTIVE) | Q(successor=None),
                name="only_former_organizations_have_a_successor",
                violation_error_message=_(
                    "An active organization cannot have a successor. Change the status, or remove the successor."
                ),
            ),
        ]

    def clean(self) -> None:
        if self.pk and self.successor_id and self.pk in successor_chain(self.successor_id, successors()):
            message = _("The successors lead back to this organization. Readers would go round in a circle.")
            raise ValidationError({"successor": message})

    def page_value(self, name: str, references: References) -> object:
        if name == "street":
            return tuple(line.strip() for line in self.street.splitlines() if line.strip())
        if name in NUMBER_FIELDS:
            printed: str = getattr(self, name)
            return PhoneNumberValue(printed=printed, dial=dial(printed, str(self.country or ""))) if printed else None
        return super().page_value(name, references)

    def set_value(self, name: str, value: object, named: NamedRows) -> None:
        if name == "street" and isinstance(value, tuple):
            value = "\n".join(value)
        elif name in NUMBER_FIELDS:
            value = value.printed if isinstance(value, PhoneNumberValue) else ""
        super().set_value(name, value, named)


def successors() -> dict[int, int]:
    """Returns the successor of every organization that has one, by primary key."""
    return dict(Organization.objects.exclude(successor=None).order_by().values_list("pk", "successor_id"))


def successor_chain(pk: int, successor_by_pk: dict[int, int]) -> list[int]:
    """Returns an organization and all its successors. In a circle, it stops before it would repeat one."""
    chain = [pk]
    while (successor := successor_by_pk.get(chain[-1])) is not None and successor not in chain:
        chain.append(successor)
    return chain
