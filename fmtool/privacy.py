"""Passwords in addresses and texts, left out wherever these are shown or kept.

What is said of an address here is said with care for the worst reading of it: of one that could be
read in two ways nothing but its beginning is shown.
"""

import re
from urllib.parse import unquote_plus

REDACTED = "<redacted>"
UNSHOWN = "***"
"""Stands for the rest of an address of which no part can be shown for certain."""

_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|credential|api_?key|access_?key|private_?key"
    r"|(^|[._-])(auth|pwd)([._-]|$)|token$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abp]-|AKIA)[A-Za-z0-9_-]{12,}")
_ACCOUNT = re.compile(r"(?<=://)[^/@\s]+@")
_PASSWORD = re.compile(r"(?<=://)(?P<user>[^/@:\s]*):[^\s@]*@")
_PAIR = re.compile(
    r"(?P<name>[\w.%+-]+)(?P<sign>\s*(?:=|%3[dD])\s*)"
    r"(?P<value>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^&\s]*?(?=[;:,.)\]}'\"]*(?:[&\s]|$)))"
)
_NAME = re.compile(r"([\w.%+-]+)\s*(?:=|%3[dD])")
_HOSTS = re.compile(r"(\[[^\]]*\]|[^:,]*)(:\d*)?(,(\[[^\]]*\]|[^:,]*)(:\d*)?)*")
"""The hosts of an address with their ports, as libpq takes them."""
_MIN_SECRET = 3
"""Characters; a shorter one would be found everywhere in a text."""


def is_secret(name: str) -> bool:
    """True of a name, percent-encoded or not, whose value must not be shown."""
    return bool(_SECRET_NAME.search(_decoded(name)))


def without_password(address: str) -> str:
    """The address of a server or file without any password; of `key=value` words, too.

    What is left is an address still, by which who needs no password can connect; if it ends in
    `***` it is none.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        return redacted(address)
    place, mark, query = rest.partition("?")
    unshown = f"{scheme}{separator}{UNSHOWN}"
    if "@" in query:
        return unshown  # where the account ends is a matter of opinion
    account, at, place = place.rpartition("@")
    if _HOSTS.fullmatch(place.partition("/")[0]) is None:
        return unshown
    parts = _public_parts(query)
    shown = f"{scheme}{separator}{account.partition(':')[0]}{at}{place}"
    shown += f"{mark}{'&'.join(parts)}" if parts else ""
    return unshown if _has_secret(shown) else shown


def redacted(text: str, *, with_accounts: bool = False) -> str:
    """`text` with the passwords of addresses, values of secret names and known tokens blanked.

    Args:
        with_accounts: the users of addresses are blanked too.
    """
    text = _ACCOUNT.sub(f"{REDACTED}@", text) if with_accounts else text
    text = _PASSWORD.sub(lambda found: f"{found['user']}:{REDACTED}@", text)
    text = _TOKEN.sub(REDACTED, text)
    return _PAIR.sub(_public_pair, text)


def _public_pair(found: re.Match[str]) -> str:
    value = REDACTED if is_secret(found["name"]) else _PAIR.sub(_public_pair, found["value"])
    return f"{found['name']}{found['sign']}{value}"


def without_secrets_of(address: str, text: str) -> str:
    """`text`, such as what a driver said, without the passwords of an address."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return redacted(text)


def _secrets(address: str) -> set[str]:
    rest = address.partition("://")[2] or address
    account = rest.rpartition("@")[0]
    found = {account.partition(":")[2]}
    found |= {
        pair["value"].strip("'\"") for pair in _PAIR.finditer(rest) if is_secret(pair["name"])
    }
    found |= {_decoded(each) for each in found}
    return {each for each in found if len(each) >= _MIN_SECRET}


def _public_parts(query: str) -> list[str]:
    """The pairs of a query without its secrets; a secret goes on until the next pair."""
    kept, in_secret = [], False
    for part in query.split("&"):
        if "=" in part:
            in_secret = _has_secret(part)
        if not in_secret and part:
            kept.append(part)
    return kept


def _has_secret(text: str) -> bool:
    return any(map(is_secret, _NAME.findall(_decoded(text))))


def _decoded(text: str) -> str:
    """Until nothing is encoded any more."""
    while (plain := unquote_plus(text)) != text:
        text = plain
    return text
