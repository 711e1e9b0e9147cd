"""Whether a domain can be one's own."""

from __future__ import annotations

from mailguard.addresses.compare import domain_key


def inside_domain_problem(domain: str) -> str | None:
    """Why a domain cannot be one's own, in words that continue "the domain ... ", or None if it can.

    Refused are texts that are no domain (email-validator's rules, without DNS and
    without its objection to reserved names) and public suffixes, under which
    anybody may have an address (publicsuffixlist's own copy of the list).
    """
    wanted = domain.strip()
    if wanted.casefold().rstrip(".") == "localhost":
        return None
    if "@" in wanted:
        return "is an address; write only what follows the @"
    if wanted.startswith(("*", ".")):
        return "starts with a wildcard; subdomains are always included, so write the domain itself"
    key = domain_key(wanted)
    if not key:
        return "is empty"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  # needed by settings only
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # reads a file of 300 KB

    try:
        # A suffix by itself is no domain of an address, so it is asked about a name below.
        validate_email(f"somebody@below.{key}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        if "special-use or reserved" not in str(error):
            return "is not a domain name"
    if PublicSuffixList().publicsuffix(key) == key:
        return "is a public suffix, under which anybody can have an address"
    return None
