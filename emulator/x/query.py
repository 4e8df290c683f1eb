"""X's query language: the operators of recent search that fit an emulated post.

Space means AND and binds tighter than OR; parentheses group; "-" negates a word, not a group. Some
operators cannot stand alone: "-is:retweet" without another one is refused, as X documents it.
"""

import re
from collections.abc import Callable
from typing import Protocol

TOKEN = re.compile(r'\s*(\(|\)|-?"[^"]*"|-?[^\s()"]+)')
WORD = re.compile(r"[#@$]?\w+")
NOT_STANDALONE = ("is", "has", "lang")
HAS = {"mentions": "@", "hashtags": "#", "cashtags": "$", "links": "http"}


class BadQuery(Exception):
    """X does not understand the query; the text says why."""


class Searchable(Protocol):
    """What a query looks at."""

    username: str
    text: str
    kind: str
    lang: str
    reply_to: str


Test = Callable[[Searchable], bool]


def parse(query: str) -> Test:
    """Turn a query into a test of one post. Raises BadQuery."""
    tokens = TOKEN.findall(query)
    # What the tokens leave over is a quotation mark without a partner.
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "", query):
        raise BadQuery("a quotation mark is missing")
    parser = _Parser(tokens)
    test = parser.either()
    if parser.tokens:
        raise BadQuery(f"no viable alternative at input '{parser.tokens[0]}'")
    if not parser.standalone:
        raise BadQuery("There must be at least one standalone operator in the query")
    return test


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.standalone = False

    def either(self) -> Test:
        tests = [self._all()]
        while self.tokens and self.tokens[0] == "OR":
            self.tokens.pop(0)
            tests.append(self._all())
        return lambda post: any(test(post) for test in tests)

    def _all(self) -> Test:
        tests = []
        while self.tokens and self.tokens[0] not in ("OR", ")"):
            tests.append(self._one(self.tokens.pop(0)))
        if not tests:
            raise BadQuery("an operand is missing")
        return lambda post: all(test(post) for test in tests)

    def _one(self, part: str) -> Test:
        if part == "(":
            test = self.either()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise BadQuery("missing ')'")
            return test
        if part == "-":
            raise BadQuery("a group cannot be negated")
        if part.startswith("-"):
            inner = self._operator(part[1:], negated=True)
            return lambda post: not inner(post)
        return self._operator(part, negated=False)

    def _operator(self, token: str, *, negated: bool) -> Test:
        name, colon, value = token.partition(":")
        if token.startswith('"') or not colon:
            self.standalone |= not negated
            return _text_test(token)
        maker = _OPERATORS.get(name.lower())
        if maker is None:
            raise BadQuery(f"the operator {name}: is unknown or not emulated")
        if not value:
            raise BadQuery(f"the operator {name}: has no value")
        self.standalone |= not negated and name.lower() not in NOT_STANDALONE
        return maker(value.lower())


def _text_test(token: str) -> Test:
    if token.startswith('"'):
        phrase = token.strip('"').lower()
        return lambda post: phrase in post.text.lower()
    wanted = token.lower()
    return lambda post: wanted in WORD.findall(post.text.lower())


def _from(value: str) -> Test:
    handle = value.removeprefix("@")
    return lambda post: post.username.lower() == handle


def _to(value: str) -> Test:
    handle = value.removeprefix("@")
    return lambda post: post.reply_to.lower() == handle


def _is(value: str) -> Test:
    if value not in ("retweet", "reply", "quote"):
        raise BadQuery(f"is:{value} is unknown or not emulated")
    return lambda post: post.kind == value


def _has(value: str) -> Test:
    if value not in HAS:
        raise BadQuery(f"has:{value} is unknown or not emulated")
    return lambda post: HAS[value] in post.text


def _lang(value: str) -> Test:
    return lambda post: post.lang == value


_OPERATORS: dict[str, Callable[[str], Test]] = {
    "from": _from,
    "to": _to,
    "is": _is,
    "has": _has,
    "lang": _lang,
}
