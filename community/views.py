"""The community's page, portraits and their pictures. Public views read live editions only."""

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from community.invitation import invitation, people_heading
from community.lists import cards, live_portraits, picture_url, portraits_about
from community.models import Picture, Portrait
from diseases.models import Disease
from publishing.models import Edition
from website.absolute import page_url
from website.cacheable import cacheable
from website.kind_pages import page_context
from website.views import Preview

PORTRAITS_PER_PAGE = 24
PICTURE_CACHE_SECONDS = 3600
"""How long a browser may keep a picture. It is short, because the person may withdraw consent."""


class DiseaseForm(forms.Form):
    """Chooses the disease whose portraits are listed."""

    disease = forms.SlugField(required=False)

    @property
    def chosen(self) -> Edition | None:
        slug = self.cleaned_data["disease"] if self.is_valid() else ""
        return Edition.objects.of(Disease).live().filter(slug=slug).first() if slug else None


@cacheable("disease", "page")
@require_safe
def portrait_list(request: HttpRequest) -> HttpResponse:
    disease = DiseaseForm(request.GET).chosen
    portraits = portraits_about(disease) if disease else live_portraits()
    page = Paginator(portraits, PORTRAITS_PER_PAGE).get_page(request.GET.get("page"))
    if not page.paginator.count and not invitation():
        raise Http404  # the page would be empty, and no other page has a link to it
    context = {
        "page": page,
        "portraits": cards(page),
        "disease": disease,
        "people_heading": people_heading(),
        "noindex": bool(page.paginator.count),
        "page_url": page_url(request, page, disease=disease.slug if disease else ""),
    }
    return render(request, "community/portrait_list.html", context)


@page_context(Portrait)
def portrait_context(request: HttpRequest, edition: Edition, preview: Preview | None) -> dict[str, object]:
    [portrait] = cards([edition])
    # The public address answers only for live portraits, so a preview shows the picture from the admin.
    address = picture_url(edition.page, "admin:community_portrait_picture") if preview else portrait.picture_url
    return {"portrait": portrait, "picture_url": address}


@require_safe
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    if not Picture.is_public(digest):
        raise Http404
    return picture_response(digest, f"private, max-age={PICTURE_CACHE_SECONDS}")


def picture_response(digest: str, cache_control: str) -> HttpResponse:
    row = get_object_or_404(Picture, pk=digest)
    headers = {"ETag": f'"{digest}"', "Cache-Control": cache_control}
    return HttpResponse(bytes(row.content), content_type="image/webp", headers=headers)
