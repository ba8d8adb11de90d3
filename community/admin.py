from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.requests import signed_in_user
from community.forms import PortraitForm
from community.models import Portrait
from community.views import picture_response
from editorial.admin import PublishableAdmin
from publishing.models import Edition
from publishing.verbs import forget, may


@admin.register(Portrait)
class PortraitAdmin(PublishableAdmin):
    form = PortraitForm
    change_form_template = "community/admin/change_form.html"
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.picture_view)
        name = self.url_name("picture", namespace="")
        picture: URLPattern = re_path(r"^picture/(?P<digest>[0-9a-f]{64})\.webp$", view, name=name)
        return [picture, self.step("consent", self.consent_view, "consent-withdrawn"), *super().get_urls()]

    def picture_view(self, request: HttpRequest, digest: str) -> HttpResponse:
        """Answers with any picture, public or not, for the forms and previews of the staff."""
        if not may(request.user, "view", Portrait):
            return HttpResponse(status=403)
        return picture_response(digest, "no-store")

    def consent_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Removes everything about the person after the user confirms."""
        portrait = self._subject(request, object_id, "change")
        if request.method == "POST":
            reason = _("We show a person only as long as the person agrees.")
            forget(portrait, signed_in_user(request), reason=reason)
            return self._done(request, portrait, _("The name, the words and the picture are removed for good."))
        live = Edition.objects.about(portrait).live().first()
        title, template = _("Consent withdrawn"), "community/admin/consent.html"
        return self._step_page(request, portrait, template, title, form=forms.Form(), live=live)

    def publish_warnings(self, subject: Portrait) -> list[str]:
        warnings = [subject.publish_blocker(subject.compose())]
        if not subject.words:
            warnings.append(_("The portrait has no words of the person."))
        if not subject.relation:
            warnings.append(_("The portrait does not say who the person is."))
        return [warning for warning in warnings if warning]
