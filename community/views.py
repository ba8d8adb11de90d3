"""The community's page, portraits and their pictures. All of it comes from live editions, never from rows."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from community.invitation import invitation, people
from community.lists import cards, live_portraits, picture_url, portraits_about
from community.models import Picture, Portrait
from diseases.models import Disease
from publishing.models import Edition
from website.absolute import page_url
from website.changes import history
from website.views import Preview, of_live_edition

PORTRAITS_PER_PAGE = 24
PICTURE_CACHE_SECONDS = 3600
"""For how long browsers may keep a picture in seconds, and nobody between: its person may take it back."""


class DiseaseForm(forms.Form):
    """Whose portraits to list."""

    disease = forms.SlugField(required=False)

    @property
    def chosen(self) -> Edition | None:
        slug = self.cleaned_data["disease"] if self.is_valid() else ""
        return Edition.objects.of(Disease).live().filter(slug=slug).first() if slug else None


@require_safe
def portrait_list(request: HttpRequest) -> HttpResponse:
    disease = DiseaseForm(request.GET).chosen
    page: Any = Paginator(portraits_about(disease) if disease else live_portraits(), PORTRAITS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    if not page.paginator.count and not invitation():
        raise Http404  # nothing leads here then
    context = {
        "page": page,
        "portraits": cards(page),
        "disease": disease,
        "people": people(),
        "noindex": bool(page.paginator.count),
        "page_url": page_url(request, page, disease=disease.slug if disease else ""),
    }
    return render(request, "community/portrait_list.html", context)


@of_live_edition(Portrait)
def portrait_detail(request: HttpRequest, edition: Edition) -> HttpResponse:
    return render_portrait(request, edition)


@of_live_edition(Portrait)
def portrait_changes(request: HttpRequest, edition: Edition) -> HttpResponse:
    page = history(edition, request.GET.get("page"))
    return render(request, "community/portrait_changes.html", {"edition": edition, "page": page, "noindex": True})


def render_portrait(request: HttpRequest, edition: Edition, *, preview: Preview | None = None) -> HttpResponse:
    """The page of any edition: of the live one for the public, of any other as a preview for the staff."""
    [portrait] = cards([edition])
    # What is not live is shown to staff alone, whose cookies go no further than the admin.
    own = picture_url(edition.page, "admin:community_portrait_picture") if preview else portrait.picture_url
    context = {
        "edition": edition,
        "preview": preview,
        "portrait": portrait,
        "picture_url": own,
        "noindex": True,  # what a person takes back must not be kept by a search engine
    }
    return render(request, "community/portrait_detail.html", context)


@require_safe
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    if not Picture.is_public(digest):
        raise Http404
    return picture_response(digest, f"private, max-age={PICTURE_CACHE_SECONDS}")


def picture_response(digest: str, cache_control: str) -> HttpResponse:
    row = get_object_or_404(Picture, pk=digest)
    headers = {"ETag": f'"{digest}"', "Cache-Control": cache_control}
    return HttpResponse(bytes(row.content), content_type="image/webp", headers=headers)
