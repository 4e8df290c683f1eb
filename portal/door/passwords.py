"""The words of this product that no password may hold: they are what an attacker tries first."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

WORDS = ("multiconnect", "herokuconnect", "heroku", "salesforce")
MIN_WORD = 4  # a shorter name of a product stands in too many honest passwords


class OwnWordsValidator:
    """Refuse a password that holds the name of the product, of the app or of what it talks to."""

    def validate(self, password: str, user: User | None = None) -> None:
        found = next((word for word in _words() if word in _plain(password)), "")
        if found:
            raise ValidationError(f"The password must not contain “{found}”.", "own_word")

    def get_help_text(self) -> str:
        return f"Your password must not contain {', '.join(_words())}."


def _words() -> list[str]:
    own = map(_plain, (settings.PRODUCT_NAME, settings.APP_NAME))
    return [*WORDS, *(each for each in own if len(each) >= MIN_WORD and each not in WORDS)]


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
