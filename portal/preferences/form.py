"""The form of a person's preferences."""

from typing import TYPE_CHECKING, ClassVar

from django import forms
from django.conf import settings

from portal.models import Preferences
from portal.preferences.zones import zones

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Preferences]
else:
    ModelForm = forms.ModelForm


class PreferencesForm(ModelForm):
    time_zone = forms.ChoiceField(
        required=False, help_text="You read and enter all times in this zone."
    )

    class Meta:
        model = Preferences
        fields = ("time_zone", "single_keys")
        labels: ClassVar = {"single_keys": "Shortcuts of a single key"}
        help_texts: ClassVar = {
            "single_keys": "For example / for the search. Ctrl-K works in any case."
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs, label_suffix="")  # type: ignore[arg-type, misc]
        default = ("", f"The portal's: {settings.TIME_ZONE}")
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for mypy)
        field.choices = [default, *zones()]
