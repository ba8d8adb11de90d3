from django.urls import path

from organizations import views

app_name = "organizations"
urlpatterns = [
    path("", views.organization_list, name="list"),
    path("<slug:slug>/", views.organization_detail, name="detail"),
    path("<slug:slug>/changes/", views.organization_changes, name="changes"),
    path("<slug:slug>/changes.atom", views.organization_feed, name="feed"),
]
