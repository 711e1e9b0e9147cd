"""Who is who in one capture."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from mailguard.addresses.compare import compare_key, is_inside
from mailguard.model.message import Recipient
from mailguard.pseudonyms.patterns import ADDRESS, PARTICLE, REMOVED, VERP

_SYLLABLES: Final = [a + b for a in "bdfgklmnprtvz" for b in "aeiou"]


class Identities:
    """Who is who in one capture: the same stand-in for the same person, domain, name or secret."""

    def __init__(self, inside: Collection[str] = ()) -> None:
        """``inside``: the configured domains, whose names stay."""
        self.inside = tuple(inside)
        self.people: dict[str, str] = {}
        """Fake addresses by the comparing form of the real ones."""
        self.domains: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.names: dict[str, str] = {}
        """Full names of several words, to be found in running text."""
        self._words: dict[str, str] = {}
        self._bases = [
            base
            for base in ("example.org", "example.com", "example.net", "example.edu", "people.test")
            if not is_inside(Recipient(f"x@{base}"), self.inside)
        ]

    def address(self, local: str, domain: str) -> tuple[str, str]:
        """The fake local part and the fake domain of an address."""
        key = compare_key(f"{' '.join(local.split())}@{domain}")
        fake = self.people.get(key)
        if fake is None:
            number = len(self.people) + 1
            fake = self.people[key] = f"r{number}@{self.domain(domain)}"
        name, _, host = fake.rpartition("@")
        return (f'"{name}"' if local.startswith('"') else name), host

    def domain(self, domain: str) -> str:
        """The fake domain; that of an inside one is itself."""
        key = compare_key(f"x@{domain}").rpartition("@")[2]
        if self.inside and is_inside(Recipient(f"x@{domain}"), self.inside):
            return domain
        if key not in self.domains:
            number = len(self.domains)
            if "." not in key and not key.startswith("["):
                self.domains[key] = f"host{number + 1}"
            elif number < len(self._bases):
                self.domains[key] = self._bases[number]
            else:
                self.domains[key] = f"d{number + 1}.{self._bases[0]}"
        return self.domains[key]

    def secret(self, value: str) -> str:
        """What stands for a secret: the same for the same one."""
        if value.strip(" \t") == "" or REMOVED.fullmatch(value):
            return value
        return self.secrets.setdefault(value, f"secret-{len(self.secrets) + 1}")

    def name(self, name: str) -> str:
        """A name of the same shape. Addresses in it are replaced as such."""
        pieces: list[str] = []
        position = 0
        for found in ADDRESS.finditer(name):
            if found.group("local") is None:
                continue
            pieces += [self._masked(name[position : found.start()]), self.plain(found.group())]
            position = found.end()
        pieces.append(self._masked(name[position:]))
        result = "".join(pieces)
        core = name.strip("\"' ")
        if (
            "@" not in core
            and len(core) > 5
            and re.fullmatch(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){1,3}", core)
        ):
            self.names.setdefault(core, result.strip("\"' "))
        return result

    def _masked(self, text: str) -> str:
        return re.sub(r"[^\W\d_]+", lambda found: self._word(found.group()), text)

    def _word(self, word: str) -> str:
        folded = word.casefold()
        if len(word) < 2 or folded in PARTICLE or (len(word) <= 3 and word.islower()):
            return word
        if folded not in self._words:
            number, syllables = len(self._words), ""
            while len(syllables) < len(word):
                number, rest = divmod(number, len(_SYLLABLES))
                syllables += _SYLLABLES[rest]
            self._words[folded] = syllables[: len(word)]
        new = self._words[folded]
        return "".join(n.upper() if o.isupper() else n for o, n in zip(word, new, strict=False))

    def plain(self, text: str) -> str:
        """A text without any encoding around it."""
        pieces: list[str] = []
        position = 0
        for found in ADDRESS.finditer(text):
            if found.group("escape"):
                continue
            pieces.append(text[position : found.start()])
            position = found.end()
            if found.group("userinfo"):
                pieces.append(f"://{self.secret(found.group()[3:-1])}@")
                continue
            local, sign, domain = found.group("local", "sign", "domain")
            if (
                (sign.strip() in ("=40", "%40", "%2540") or sign != sign.strip())
                and "." not in domain
                and domain[0] != "["
            ):
                pieces.append(found.group())
                continue
            returned = VERP.match(local)
            if returned:
                # Variable return paths hold the reader's address with another sign.
                inner, host = self.address(returned.group("local"), returned.group("domain"))
                pieces.append(f"{returned.group('tag') or ''}{inner}={host}{sign}{self.domain(domain)}")
                continue
            new, host = self.address(local, domain)
            pieces.append(f"{new}{sign}{host}")
        pieces.append(text[position:])
        return "".join(pieces)
