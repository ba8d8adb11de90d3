from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import User
from organizations.models import Organization
from publishing.sorting import sort_key
from publishing.verbs import PublishingError, lock, save_edition


class CountryForm(forms.Form):
    """Chooses the country whose organizations are listed, of the countries that have any."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, data: QueryDict, codes: Iterable[str]) -> None:
        super().__init__(data, label_suffix="")
        names = sorted(
            ((code, str(countries.name(code)) or code) for code in codes), key=lambda pair: sort_key(pair[1])
        )
        self.fields["country"].choices = [("", _("All countries")), *names]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """Returns the code of the chosen country, or "" for all countries."""
        return self.cleaned_data["country"] if self.is_valid() else ""


class CheckedForm(forms.Form):
    """Records that a person checked the details of an organization today."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    checked_by = forms.CharField(
        label=_("Checked by"),
        max_length=Organization._meta.get_field("checked_by").max_length,
        help_text=_("Name and role of the person, as readers will see them."),
    )

    @transaction.atomic
    def save(self, organization: Organization, by: User) -> None:
        """Saves the date and the name. Raises PublishingError where the organization has changed meanwhile."""
        current = lock(Organization, organization.pk)
        values = {"checked_on": timezone.localdate(), "checked_by": self.cleaned_data["checked_by"]}
        if values == {name: getattr(current, name) for name in values}:
            return
        if current.version != self.cleaned_data["version"]:
            raise PublishingError(_("The details have changed since you opened this page. Please check them again."))
        for name, value in values.items():
            setattr(current, name, value)
        current.save(update_fields={*values})
        save_edition(current, by=by)


class SurvivorForm(forms.Form):
    """Chooses the organization into which another one is merged."""

    survivor = forms.ModelChoiceField(
        label=_("Merge it into"),
        queryset=Organization.objects.all(),
        widget=AutocompleteSelect(Organization._meta.get_field("successor"), admin.site),
        help_text=_("The organization that stays. Search for its name, its city or the end of its page's address."),
    )


class MergeForm(forms.Form):
    """Confirms a merge. The hidden field `seen` is the digest of the plan that the editor saw."""

    seen = forms.CharField(widget=forms.HiddenInput)
