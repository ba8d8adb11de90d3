from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from organizations.models import Organization
from publishing.sorting import sort_key
from publishing.verbs import PublishingError, lock, save_edition


class CountryForm(forms.Form):
    """Which country's organizations to list, of the countries that there are."""

    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data, label_suffix="")
        names = sorted(
            ((code, str(countries.name(code)) or code) for code in codes), key=lambda pair: sort_key(pair[1])
        )
        self.fields["country"].choices = [("", _("All countries")), *names]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """The code of the chosen country, "" for all of them."""
        return self.cleaned_data["country"] if self.is_valid() else ""


class CheckedForm(forms.Form):
    """Someone tried the details of an organization today."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    checked_by = forms.CharField(
        label=_("Checked by"),
        max_length=Organization._meta.get_field("checked_by").max_length,
        help_text=_("A name and a role, as readers will see it."),
    )

    @transaction.atomic
    def save(self, organization: Any, by: Any) -> None:
        """Says so in the working copy. Raises PublishingError where the details are others than those on the form."""
        organization = lock(Organization, organization.pk)
        said = {"checked_on": timezone.localdate(), "checked_by": self.cleaned_data["checked_by"]}
        if said == {name: getattr(organization, name) for name in said}:
            return
        if organization.version != self.cleaned_data["version"]:
            raise PublishingError(_("The details were changed since you opened this page. Look at them again."))
        for name, value in said.items():
            setattr(organization, name, value)
        organization.saved_by = by.get_full_name() or by.get_username()
        organization.save(update_fields={*said, "saved_by"})
        save_edition(organization, by=by)


class SurvivorForm(forms.Form):
    """Which organization another one is merged into."""

    survivor = forms.ModelChoiceField(
        label=_("Merge it into"),
        queryset=Organization.objects.all(),
        widget=AutocompleteSelect(Organization._meta.get_field("successor"), admin.site),
        help_text=_("The entry that stays. Search for its name, its city or the end of its address."),
    )


class MergeForm(forms.Form):
    """Confirms a merge as it was shown."""

    seen = forms.CharField(widget=forms.HiddenInput)
