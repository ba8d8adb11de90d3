"""The accounts of the staff, and what each group of them may do."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group

from accounts.models import User
from editorial.seen import SeenAdmin, SeenModelForm


class AccountForm(SeenModelForm, UserChangeForm):
    """An account. Its password has a form of its own."""


@admin.register(User)
class AccountAdmin(SeenAdmin, UserAdmin):
    form = AccountForm
    readonly_fields = ["last_login", "date_joined"]  # Django writes them; a form that was opened before would undo that


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(SeenAdmin, GroupAdmin):
    form = SeenModelForm
