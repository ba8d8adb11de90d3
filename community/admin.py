from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.forms import PortraitForm
from community.models import Portrait
from community.views import picture_response, render_portrait
from editorial.admin import PublishableAdmin
from publishing.models import Edition
from publishing.verbs import forget, may


@admin.register(Portrait)
class PortraitAdmin(PublishableAdmin):
    form = PortraitForm
    change_form_template = "community/admin/change_form.html"
    render_page = staticmethod(render_portrait)
    list_display = ["name", "relation", "consent_on", "state", "last_changed", "last_changed_by"]
    list_filter = [("consent_on", admin.EmptyFieldListFilter)]
    search_fields = ["name", "relation", "words"]
    autocomplete_fields = ["disease"]
    fieldsets = [
        (None, {"fields": ["name", "relation", "words", "disease"]}),
        (gettext_lazy("Picture"), {"fields": ["picture", "alternative"]}),
        (gettext_lazy("Consent"), {"fields": ["consent_on", "consent_note"]}),
        (gettext_lazy("The page"), {"fields": ["staff_notes"]}),
    ]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.picture_view)
        name = self.url_name("picture", namespace="")
        picture = re_path(r"^picture/(?P<digest>[0-9a-f]{64})\.webp$", view, name=name)
        return [picture, self.step("consent", self.consent_view, "consent-withdrawn"), *super().get_urls()]

    def picture_view(self, request: HttpRequest, digest: str) -> HttpResponse:
        """Any picture, for staff: a form or a preview shows it."""
        if not may(request.user, "view", Portrait):
            return HttpResponse(status=403)
        return picture_response(digest, "no-store")

    def consent_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        portrait = self._subject(request, object_id, "change")
        if request.method == "POST":
            forget(portrait, request.user, reason=_("We show a person only for as long as they agree to it."))
            return self._done(request, portrait, _("Nothing of the portrait is shown or kept any more."))
        live = Edition.objects.about(portrait).live().first()
        page = self._step_page(request, portrait, "", _("Consent withdrawn"), form=forms.Form(), live=live)
        page.template_name = "community/admin/consent.html"
        return page

    def publish_warnings(self, subject: Any) -> list[str]:
        found = [subject.publish_blocker(subject.compose())]
        if not subject.words:
            found.append(_("The portrait has no words of the person."))
        if not subject.relation:
            found.append(_("The portrait does not say who it is."))
        return [gap for gap in found if gap]
