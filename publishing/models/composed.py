"""Rows whose fields stand on a page. A value class names them once; the row is written to a value and read from it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import ClassVar, get_args, get_origin
from uuid import UUID

from django.core import checks
from django.db import models

from publishing.models.editions import Address
from publishing.models.kinds import HasKind, HasSlug
from publishing.values import Reference, Value

References = Mapping[tuple[str, int], Reference]
"""How a page refers to subjects, by kind and primary key."""

PLAIN_TYPES = frozenset([str, bool, int, date, UUID])
"""The types of most fields, which a page holds as they are. Imports make many pages, so these are looked up first."""

NO_REFERENCES: References = {}

NamedRows = Mapping[object, models.Model]
"""Rows by what a page calls them: a reference for a subject, a name for any other row."""


class ComposedRow(models.Model):
    """A row with a value class. A field of the value is the field of the row that has the same name.

    A foreign key is a reference if it leads to a subject; otherwise it is the name of the row that it leads to.
    """

    VALUE: ClassVar[type[Value]]
    COLUMNS: ClassVar[Mapping[str, str]] = {}
    """The names of the row's fields that differ from those of the value: {"html": "answer"}."""
    STAFF_ONLY: ClassVar[tuple[str, ...]] = ()
    """The editable fields whose values no page shows, besides those of the base classes."""

    class Meta:
        abstract = True

    @classmethod
    def check(cls, **options: object) -> list[checks.CheckMessage]:
        """Names also the editable fields that are on no page and not staff-only: readers would never see them."""
        hint = f"Add it to {cls.value_class().__name__}, or to {cls.__name__}.STAFF_ONLY if readers must not see it."
        return [
            *super().check(**options),
            *(
                checks.Error(f"The field “{name}” is on no page.", hint=hint, obj=cls, id="publishing.E001")
                for name in _fields_on_no_page(cls)
            ),
        ]

    @classmethod
    def value_class(cls) -> type[Value]:
        return cls.VALUE

    def compose(self, references: References = NO_REFERENCES) -> Value:
        """Returns what the row says. `references` must have the subjects that it mentions."""
        value_class = self.value_class()
        return value_class(**{name: self.page_value(name, references) for name in value_class.model_fields})

    def page_value(self, name: str, references: References) -> object:
        """Returns what the page says in one field. A subclass overrides this where the row stores it differently."""
        field = columns_of(type(self))[name]
        value = getattr(self, field.name)
        if type(value) in PLAIN_TYPES:
            return value
        if isinstance(field, models.ForeignKey):
            if is_reference(field):
                return references[value.KIND, value.pk] if value else None
            return str(value or "")
        if isinstance(value, Iterable) and not isinstance(value, str):
            return tuple(str(each) for each in value)
        return field.get_prep_value(value)

    def set_value(self, name: str, value: object, named: NamedRows) -> None:
        """Sets what the row says in one field of its value. This is the inverse of `page_value`."""
        field = columns_of(type(self))[name]
        if isinstance(field, models.ForeignKey):
            value = named.get(value)
            if field.null and not isinstance(value, field.remote_field.model):
                value = None
        elif isinstance(value, tuple):
            value = list(value)
        setattr(self, field.name, value)


@cache
def columns_of(model: type[ComposedRow]) -> Mapping[str, models.Field]:
    """Returns the row's fields by the names that they have in its value."""
    own = {field.name: field for field in model._meta.concrete_fields}
    names = {name: model.COLUMNS.get(name, name) for name in model.value_class().model_fields}
    return {name: own[column] for name, column in names.items() if column in own}


def _fields_on_no_page(model: type[ComposedRow]) -> list[str]:
    shown = {field.name for field in columns_of(model).values()} | set(_names_in_parts(model.value_class()))
    hidden = {name for each in model.__mro__ for name in vars(each).get("STAFF_ONLY", ())}
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    editable = [field.name for field in fields if field.editable and not field.primary_key]
    return [name for name in editable if name not in shown | hidden | {getattr(model, "SUBJECT", "")}]


def _names_in_parts(value_class: type[Value]) -> Iterator[str]:
    """Yields the fields of a value inside a value, such as the description of a picture. Child rows do not count."""
    for field in value_class.model_fields.values():
        for part in get_args(field.annotation) if get_origin(field.annotation) is not tuple else ():
            if isinstance(part, type) and issubclass(part, Value) and part is not Reference:
                yield from part.model_fields


def is_reference(field: models.Field) -> bool:
    """Returns whether a field leads to a subject, which has a page of its own."""
    return isinstance(field, models.ForeignKey) and hasattr(field.related_model, "KIND")


def references_of(rows: Iterable[ComposedRow]) -> References:
    """Returns how pages refer to the subjects that rows mention, with one query for each kind."""
    subjects: dict[type[HasKind], dict[int, HasSlug]] = {}
    for row in rows:
        for field in filter(is_reference, columns_of(type(row)).values()):
            if subject := getattr(row, field.name):
                subjects.setdefault(type(subject), {})[subject.pk] = subject
    return {
        (reference.kind, pk): reference
        for kind, by_pk in subjects.items()
        for pk, reference in Address.objects.references(kind, list(by_pk.values())).items()
    }
