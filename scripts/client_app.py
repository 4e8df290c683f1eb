"""Fill the ids of the Dev Hub into the package's External Client App.

    python -m scripts.client_app 00Dxx0000001gER:888xx0000004CAr

The argument is the `oauthLink` that the app has in the Dev Hub: the org id and the consumer's id.
Neither is a secret. The consumer's key and secret stay in the Dev Hub.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "salesforce" / "force-app" / "main" / "default"
_ID = r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?"
_LINK = re.compile(rf"(00D(?!0{{12}})[0-9A-Za-z]{{12}}(?:[0-9A-Za-z]{{3}})?):({_ID})")


class BadLink(ValueError):
    """The argument is no `oauthLink`. The text says what to do."""


def fill(link: str, source: Path = SOURCE) -> list[Path]:
    """Write the ids of a link into the package's source; return the files that changed."""
    found = _LINK.fullmatch(link.strip())
    if found is None:
        raise BadLink(
            f"{link!r} is not an oauthLink, which looks like 00Dxx0000001gER:888xx0000004CAr. "
            "Retrieve ExtlClntAppOauthSettings from your Dev Hub, and copy it from there."
        )
    [app] = source.glob("externalClientApps/*.eca-meta.xml")
    [oauth] = source.glob("extlClntAppOauthSettings/*.ecaOauth-meta.xml")
    name = app.name.removesuffix(".eca-meta.xml")
    changed = {
        app: _set(app, "orgScopedExternalApp", f"{found[1]}:{name}"),
        oauth: _set(oauth, "oauthLink", found[0]),
    }
    return [file for file, is_new in changed.items() if is_new]


def _set(file: Path, element: str, value: str) -> bool:
    text = file.read_text()
    filled, count = re.subn(rf"(<{element}>)[^<]*(</{element}>)", rf"\g<1>{value}\g<2>", text)
    if count != 1:
        raise BadLink(f"{file} has no <{element}>.")
    file.write_text(filled)
    return filled != text


def main(arguments: list[str]) -> str:
    """Fill the link in; return what to print. Raises BadLink."""
    if len(arguments) != 1:
        raise BadLink("Give one argument: the oauthLink of the app in your Dev Hub.")
    names = ", ".join(file.name for file in fill(arguments[0]))
    return f"filled in: {names}" if names else "the ids are there already"


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except BadLink as error:
        sys.exit(str(error))
