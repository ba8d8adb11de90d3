from django.urls import path

from suggestions import portrait_views

app_name = "community"
urlpatterns = [
    path("", portrait_views.portrait_list, name="list"),
    path("<slug:slug>/", portrait_views.portrait_detail, name="detail"),
    path("<slug:slug>/changes/", portrait_views.portrait_changes, name="changes"),
]
