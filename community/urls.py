from community.models import Portrait
from community.views import portrait_list
from website.kind_pages import kind_urls

app_name = "community"
urlpatterns = kind_urls(Portrait, portrait_list)
