from django.utils.translation import gettext_lazy as _

from community.models import Portrait
from community.views import portrait_list
from website.kind_pages import kind_urls

app_name = "community"
urlpatterns = kind_urls(Portrait, portrait_list, list_title=_("Community"))
