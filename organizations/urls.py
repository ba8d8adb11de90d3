from organizations.models import Organization
from organizations.views import organization_list
from website.kind_pages import kind_urls

app_name = "organizations"
urlpatterns = kind_urls(Organization, organization_list)
