from collections.abc import Callable

from django.conf import settings
from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import include, path, re_path
from django.views.generic import TemplateView

from community.views import picture
from editorial.site import forgotten_password
from home.views import home
from search.views import results
from search.views import suggestions as name_suggestions
from suggestions.views import suggest_page, thanks
from website.cacheable import cacheable
from website.feeds import latest_feed
from website.files import favicon, manifest, security_txt
from website.sitemaps import sitemap, sitemap_pages, sitemap_part
from website.views import changes

# The pages in the sitemap that are about no kind of page.
PAGES = ["home", "changes", "search:results", "about", "accessibility", "privacy"]

handler500 = "website.outage.server_error"


def plain_page(template_name: str, content_type: str | None = None) -> Callable[..., HttpResponseBase]:
    """Returns the view of a page that needs nothing but its template."""
    return cacheable()(TemplateView.as_view(template_name=template_name, content_type=content_type))


# `search` imports no other app, so its views are marked here.
search_urls = [
    path("", cacheable("q", "page", "exact")(results), name="results"),
    path("suggest/", cacheable("q")(name_suggestions), name="suggest"),
]

urlpatterns = [
    path("", home, name="home"),
    path("diseases/", include("diseases.urls")),
    path("organizations/", include("organizations.urls")),
    path("community/", include("community.urls")),
    re_path(r"^pictures/(?P<digest>[0-9a-f]{64})\.webp$", picture, name="picture"),
    path("search/", include((search_urls, "search"))),
    path("changes/", changes, name="changes"),
    path("suggest/", suggest_page, name="suggest"),
    path("suggest/thanks/", thanks, name="suggest-thanks"),
    path("about/", plain_page("home/about.html"), name="about"),
    path("accessibility/", plain_page("home/accessibility.html"), name="accessibility"),
    path("privacy/", plain_page("home/privacy.html"), name="privacy"),
    path("feeds/changes.atom", latest_feed, name="feed"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("sitemap-pages.xml", sitemap_pages, {"names": PAGES}, name="sitemap-pages"),
    path("sitemap-<str:kind>-<int:number>.xml", sitemap_part, name="sitemap-part"),
    path("robots.txt", plain_page("website/robots.txt", "text/plain"), name="robots"),
    path(".well-known/security.txt", security_txt, name="security"),
    path("site.webmanifest", manifest, name="manifest"),
    path("favicon.ico", favicon, name="favicon"),
    path(settings.ADMIN_PATH, include(forgotten_password)),
    path(settings.ADMIN_PATH, admin.site.urls),
]
