"""Passwords that an attacker tries first: common ones, and those that hold a word of this product.

Django's list of common ones has few of twelve characters: most that people choose at that length
are two shorter ones together, or one again and again.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

WORDS = ("multiconnect", "herokuconnect", "heroku", "salesforce")
MIN_WORD = 4  # a shorter name of a product stands in too many honest passwords
MAX_TAIL = 4  # characters of a year, a number or signs beside a common password


class CommonPartsValidator(CommonPasswordValidator):
    """Refuse a common password, two of them together, one with a number, and a repetition."""

    def validate(self, password: str, user: User | None = None) -> None:
        super().validate(password, user)
        text = password.lower().strip()
        halves = ((text[:at], text[at:]) for at in range(1, len(text)))
        if _is_repetition(text) or any(map(self._are_common, halves)):
            why = "The password consists of common ones: people guess such passwords first."
            raise ValidationError(why, "password_too_common")

    def get_help_text(self) -> str:
        return "Your password must not consist of one or two common ones."

    def _are_common(self, parts: tuple[str, str]) -> bool:
        return all(part in self.passwords or _is_tail(part) for part in parts)


def _is_repetition(text: str) -> bool:
    return text in (text + text)[1:-1]


def _is_tail(part: str) -> bool:
    return len(part) <= MAX_TAIL and not part.isalpha()


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
