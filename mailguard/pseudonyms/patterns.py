"""What is replaced, and what tells it: addresses, names beside them, secrets, encoded texts."""

from __future__ import annotations

import re
from typing import Final

_SIGN = r"[@\uff20\ufe6b]|%(?:25){0,2}40|=40|&\#0{0,4}64;|&\#[xX]0{0,4}40;|&commat;|\\{1,2}u0040|\\{1,2}x40"
_DOMAIN = r"\w(?:[\w-]|[.\u3002\uff0e](?=[\w.]))*|\[[^\[\]<>\"@,;\s]{1,80}\]"
# Ids of messages in base64 end in "=" (MailHog); a shorter word in front of "=" is the key of a form.
ADDRESS: Final = re.compile(
    rf"(?P<escape>\\[nrtbfv])|(?P<userinfo>://(?:[^\s/@\"'<>\\]{{1,400}}@|[^\s/@]{{1,400}}@(?=[\w.-]{{1,255}}[/:?])))"
    rf"|(?P<local>\"(?:[^\"\\\r\n]|\\.|\r?\n[ \t]){{1,64}}\"|[\w+~](?:[\w.+'~-]{{0,190}}[\w+'~-])?(?:(?<=[\w-]{{16}})={{1,2}}(?=@))?)"
    rf"(?P<sign>[ \t]{{0,2}}(?:{_SIGN})[ \t]{{0,2}})(?P<domain>{_DOMAIN})",
    re.VERBOSE,
)
VERP: Final = re.compile(r"\A(?P<tag>[\w.-]{1,60}[+-])?(?P<local>[\w.'~-]{1,64})=(?P<domain>[\w-]+(?:\.[\w-]+)+)\Z")
NAMED: Final = re.compile(
    r"(?P<name>\"(?:[^\"\\\r\n]|\\.){1,200}\"|[^\W\d_][^<>\"@,;:\r\n()\[\]{}|=/?&]{0,80}?)(?=[ \t]*<[^<>\r\n]{0,120}(?:@|%40|=40|\uff20)[^<>\r\n]{1,250}>)"
)
COMMENT: Final = re.compile(r"(?<=[\w>])(?<!>>)(?P<gap>[ \t]{1,3}\()(?P<name>[^()<>@\r\n=]{2,80})(?=\))")
ENCODED: Final = re.compile(
    r"=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=(?:[ \t\r\n]+=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=)*"
)
WORD: Final = re.compile(r"=\?([A-Za-z0-9_.:()+-]{1,60})(?:\*[A-Za-z0-9-]{0,20})?\?([BbQq])\?([^?\r\n]*)\?=")
BASE64_LINES: Final = re.compile(
    r"(?:\A|(?<=\n))(?P<margin>[ \t]{0,40})[A-Za-z0-9+/]{60,76}\r?\n(?:(?P=margin)[A-Za-z0-9+/]{60,76}\r?\n)*(?P=margin)[A-Za-z0-9+/]{2,76}={0,2}(?=\r?\n|\Z)"
)
BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])")
HEX_GZIP: Final = re.compile(r"(?<![0-9A-Za-z])1f8b08[0-9a-f]{24,}(?![0-9A-Za-z])")
PERCENT: Final = re.compile(r"[A-Za-z0-9._~+*'()!$,;:@-]*%[0-9A-Fa-f]{2}[A-Za-z0-9._~+*'()!$,;:@%-]*")
HINT: Final = re.compile(rf"{_SIGN}|=\?|%[0-9A-Fa-f]{{2}}", re.VERBOSE)
# A word that may be part of the name of a secret, with a value behind it.
SECRETIVE: Final = re.compile(
    r"(?i)(?:key|token|secret|passw|pwd|auth|cookie|sig|credential|session)[\w.-]{0,30}[\"']?\s{0,3}[:=]"
)
SECRET_NAME: Final = re.compile(
    r"(?:[\w.-]*[-_.])?(?:authorization|authentication|set-cookie2?|cookies?|(?:api|auth|access|secret|private|server|account|aws|signing)[-_]?"
    r"(?:keys?|keyid|key[-_]?id|tokens?|access[-_]?key[-_]?id)|(?:api|access|security|session|auth|csrf|refresh|bearer|server|account)[-_]?tokens?"
    r"|tokens?|(?:client|app|api)?[-_]?secrets?|passw(?:or)?d|passwd|pwd|x-amz-(?:signature|credential|security-token)|sig(?:nature)?|credentials?"
    r"|session[-_]?id|(?:subscription|functions|license|master|admin|service|write)[-_]?key)|x-(?:[\w-]{1,40}-)?key|x-[cx]srf-?token",
    re.IGNORECASE,
)
FIELD_SECRET: Final = re.compile(
    r"(?P<front>(?:\A|[?&;\s])(?P<name>[A-Za-z][\w.-]{1,60})=)(?P<value>[^&\s\"'<>\\#]{1,2000})"
)
LINE_SECRET: Final = re.compile(
    r"(?im)^(?P<front>(?:[ *]{0,2}-> ?)?(?P<name>[A-Za-z][\w-]{2,60}):[ \t]*)(?P<value>[^\r\n]{1,4000}(?:\r?\n[ \t]+[^\r\n]{1,4000}){0,20})"
)
SHAPED: Final = re.compile(
    r"\b(?:SG\.[\w-]{10,}\.[\w-]{10,}|key-[0-9a-f]{16,}|xkeysib-[\w-]{16,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})"
    r"|(?P<front>\b(?:Bearer|Basic)[ ]+)(?P<value>[\w+/=.~-]{6,})",
)
LOGIN: Final = re.compile(
    r"(?i)(?P<front>\bAUTH[ ]+(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5)[ ]+)(?P<value>(?!secret-[0-9])[A-Za-z0-9+/=]{2,})"
)
# A session: the command, which may hold a secret; the answers of the client to what is asked; how it ends (RFC 4954).
_LAST = r"(?=(?:\\r\\n)?['\"]?[ \t]*\r?\n?\Z)"
AUTH: Final = re.compile(rf"(?i)(?<![-\w])AUTH[ ]+[A-Z0-9][A-Z0-9_-]{{2,20}}(?:[ ]+(?P<value>[A-Za-z0-9+/=]+))?{_LAST}")
ANSWER: Final = re.compile(rf"(?<![\w+/=-])(?P<value>[A-Za-z0-9+/]{{2,}}={{0,2}}){_LAST}")
ASKED: Final = re.compile(r"(?<![\w+/=])334(?![\w+/=])")
AUTH_END: Final = re.compile(r"(?<![\w+/=:.])(?:235|[45][0-9]{2})(?![\w+/=:.])|\bMAIL FROM\b", re.IGNORECASE)
DATA_BEGINS: Final = re.compile(rf"(?i)(?<![-\w])DATA{_LAST}")
DATA_ENDS: Final = re.compile(rf"(?:\A|[>: '\"]|\\n)\.{_LAST}")
NAME_KEY: Final = re.compile(
    r"(?:(?:from|to|cc|bcc|sender|reply(?:_?to)?|recipient|contact|full|display|first|last|middle)[-_]?)?names?(?:\[\w*\])?",
    re.IGNORECASE,
)
OF_PERSON: Final = re.compile(
    r"(?:from|to|cc|bcc|sender|reply(?:_?to)?|recipient|full|display|first|last|middle)[-_]?names?(?:\[\w*\])?",
    re.IGNORECASE,
)
PARTICLE: Final = frozenset(
    "von van der den de di da del della la le du dos das zu zur zum af av ten ter bin ibn al el jr sr md phd dr mr ms mrs".split()
)
TITLE: Final = re.compile(
    r"(?im)^(?P<front>(?:subject|thread-topic|comments|keywords)[ \t]*:[ \t]*)(?P<value>[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*){0,50})"
)
REMOVED: Final = re.compile(
    r"\s*(?:secret-[0-9]+|[<\[({][A-Z_ ]{3,40}[>\])}]|\*+|(?i:redacted|filtered|removed|x+))\s*"
)
NAME_WORD: Final = re.compile(r"[^\W\d_][\w.'\u2019-]*")
# Bytes as Node.js prints them: the numbers of a Buffer, or a Uint8Array by its indexes.
NUMBERS: Final = re.compile(
    r"\[(?P<array>[0-9\s,]{24,})\]|\{\s*(?P<mapping>\"0\"(?P<colon>\s*:\s*)[0-9]{1,3}(?:\s*,\s*\"[0-9]{1,8}\"\s*:\s*[0-9]{1,3}){7,})\s*\}"
)
JSON_TOKEN: Final = re.compile(
    rf"\"(?:[^\"\\]|\\.)*\"|{NUMBERS.pattern}|[{{}}\[\],]|(?<=[:\s])[0-9]+(?=[\s,}}\]])", re.DOTALL
)
COLON: Final = re.compile(r"[ \t\r\n]*:")
ITEM: Final = re.compile(r"(?m)^[ \t]*-[ \t]+['\"]?:?request['\"]?[ \t]*:")
PART_NAME: Final = re.compile(r"(?i)^content-disposition:[^\r\n]*?[; ]name=\"?([^\";\r\n]{1,80})", re.MULTILINE)
EMPTY_LINE: Final = re.compile(r"(?<=\n)\r{0,3}\n|(?<=\r)\r(?!\n)|\A\r?\n")
REPR: Final = re.compile(r"(?<=send: )b?(?:'(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\\r\n]|\\.)*\")")
DATA: Final = re.compile(
    r"(?:(?<=\n))(?P<margin>[ *]{0,2}-> ?|C: |>>> ?|SMTP>> ?)?(?:[A-Za-z][A-Za-z-]{1,40}:[^\r\n]*\r?\n(?:(?P=margin)[^\r\n]*\r?\n){0,200000})(?=(?P=margin)\.\r?\n)"
)
