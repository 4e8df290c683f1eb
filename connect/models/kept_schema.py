"""The schemas of connections that have ended, as far as they were kept."""

from typing import ClassVar

from django.db import models

from connect.models.connection import Connection
from connect.models.stage import SchemaFate, Stage


class _Kept(models.Manager["KeptSchema"]):
    def get_queryset(self) -> models.QuerySet["KeptSchema"]:
        kept = super().get_queryset().filter(stage=Stage.OFFBOARDED, schema_fate=SchemaFate.KEEP)
        return kept.exclude(schema_name="")


class KeptSchema(Connection):
    """A connection that has ended, and whose schema is still in Postgres."""

    objects: ClassVar[models.Manager["KeptSchema"]] = _Kept()

    class Meta:
        proxy = True
        ordering = ["offboarded_at", "pk"]
        verbose_name = "kept schema"
        permissions: ClassVar = [("drop_keptschema", "Can drop a schema that was kept")]

    def __str__(self) -> str:
        return self.schema_name
