"""Find words that this project does not use. The list with the words to use is words.toml."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Between two words of a sentence: blanks, or a line's end with what begins the next comment.
_BETWEEN = r"(?:[ \t]+|[ \t]*\n[ \t>#*]*)"


@dataclass(frozen=True)
class Word:
    """A pattern that must not be found, what to write in its place, and where it is right."""

    pattern: re.Pattern[str]
    instead: str
    allowed: tuple[str, ...]

    def find(self, path: str, text: str) -> Iterator[str]:
        """Yield one line for each place, e.g. "a.py:3: old: write new"."""
        if is_one_of(path, self.allowed):
            return
        for found in self.pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path}:{line}: {' '.join(found[0].split())}: write {self.instead}"


@dataclass(frozen=True)
class WordList:
    """What words.toml holds."""

    words: list[Word]
    files: tuple[str, ...]
    skipped: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether a file is to be read."""
        return is_one_of(path, self.files) and not is_one_of(path, self.skipped)


def read(text: str) -> WordList:
    """Read a word list."""
    document = tomllib.loads(text)
    words = [
        Word(
            re.compile(each["pattern"].replace(" ", _BETWEEN), _flags(each)),
            each["instead"],
            tuple(each.get("allowed", ())),
        )
        for each in document["word"]
    ]
    return WordList(words, tuple(document["files"]), tuple(document["skipped"]))


def is_one_of(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path fits one of the globs; a star stands for slashes too."""
    return any(fnmatch(path, glob) for glob in globs)


def main() -> int:
    """Print each place and return the exit code: 1 if there is one."""
    known = read((ROOT / "scripts" / "words.toml").read_text())
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)
    paths = [each for each in listed.splitlines() if known.covers(each) and (ROOT / each).exists()]
    places = [
        place
        for path in paths
        for word in known.words
        for place in word.find(path, (ROOT / path).read_text())
    ]
    print(*places, sep="\n" if places else "")
    return 1 if places else 0


def _flags(word: dict[str, object]) -> re.RegexFlag:
    return re.NOFLAG if word.get("case") else re.IGNORECASE


if __name__ == "__main__":
    raise SystemExit(main())
