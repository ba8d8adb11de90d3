from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from editorial.seen import SeenForm, token_of
from organizations.codes_and_names import country_name
from organizations.models import Organization
from publishing.sorting import sort_key
from publishing.verbs import save_edition


class CountryForm(forms.Form):
    """Chooses the country whose organizations are listed, of the countries that have any."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, data: QueryDict, codes: Iterable[str]) -> None:
        super().__init__(data, label_suffix="")
        names = sorted(((code, country_name(code)) for code in codes), key=lambda pair: sort_key(pair[1]))
        self.fields["country"].choices = [("", _("All countries")), *names]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """Returns the code of the chosen country, or "" for all countries."""
        return self.cleaned_data["country"] if self.is_valid() else ""


class CheckedForm(SeenForm):
    """Records that a person checked the details of an organization today. The organization is locked."""

    checked_by = forms.CharField(
        label=_("Checked by"),
        max_length=Organization._meta.get_field("checked_by").max_length,
        help_text=_("Name and role of the person, as readers will see them."),
    )

    def __init__(self, data: QueryDict | None, *, organization: Organization, initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial, token=token_of(organization.version))
        self.organization = organization

    def is_outdated(self) -> bool:
        return super().is_outdated() and not self._is_saved()

    def _is_saved(self) -> bool:
        """Returns whether the organization says so already, for a form that is sent twice."""
        saved = (self.organization.checked_on, self.organization.checked_by)
        return saved == (timezone.localdate(), self.cleaned_data.get("checked_by"))

    @transaction.atomic
    def save(self, by: User) -> None:
        """Saves the date and the name. Raises PageRefused."""
        if not self._is_saved():
            self.organization.checked_on = timezone.localdate()
            self.organization.checked_by = self.cleaned_data["checked_by"]
            self.organization.save(update_fields={"checked_on", "checked_by"})
            save_edition(self.organization, by=by)


class SurvivorForm(forms.Form):
    """Chooses the organization into which another one is merged."""

    survivor = forms.ModelChoiceField(
        label=_("Merge it into"),
        queryset=Organization.objects.all(),
        widget=AutocompleteSelect(Organization._meta.get_field("successor"), admin.site),
        help_text=_("The organization that stays. Search for its name, its city or the end of its page's address."),
    )
