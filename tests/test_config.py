"""Settings: what is read, and what every mistake says."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard import config
from mailguard.config import Settings, SettingsError
from mailguard.model.finding import Severity


def written(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def read(folder: Path, text: str, name: str = "pyproject.toml") -> Settings:
    return config.load(written(folder, text, name), folder)


def complaint(folder: Path, text: str, name: str = "pyproject.toml") -> str:
    with pytest.raises(SettingsError) as caught:
        read(folder, text, name)
    return str(caught.value)


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    settings = read(
        tmp_path,
        """
[project]
name = "shop"

[tool.mailguard]
internal-domains = ["Example.COM", "example.org"]
select = ["visible-external-recipients"]
extend-select = ["recipients-over-cap"]
ignore = ["bcc-bulk"]
exclude = ["vendor", "legacy/**"]
gate = "error"
rules = "policy"
tests = true

[tool.mailguard.limits]
recipients-over-cap = 50

[tool.mailguard.per-path-ignores]
"scripts/*" = ["bcc-bulk"]

[tool.mailguard.audiences.account-admins]
at = ["crm.alerts.notify_admins"]
at_most = 25
one_domain = true
until = 2027-01-31
reason = "administrators of one account work together"

[tool.mailguard.senders."acme.mail.send_bulk"]
parameters = ["people", "subject", "body"]
to = "people"
one_each = true

[tool.mailguard.captures.gateway]
files = "logs/gateway-*.jsonl.zst"
fields = { method = "req.verb", url = "req.uri", body = "req.payload", body_encoding = "base64", time = "ts" }
""",
    )
    assert settings.internal_domains == ("example.com", "example.org")
    assert settings.select == ("visible-external-recipients",)
    assert settings.extend_select == ("recipients-over-cap",)
    assert settings.gate is Severity.ERROR
    assert settings.tests is True
    assert settings.limits == {"recipients-over-cap": 50}
    assert settings.per_path_ignores == {"scripts/*": ("bcc-bulk",)}
    (audience,) = settings.audiences
    assert (audience.name, audience.at_most, audience.one_domain) == ("account-admins", 25, True)
    assert settings.audience_ends == {"account-admins": date(2027, 1, 31)}
    (sender,) = settings.senders
    assert (sender.name, sender.to, sender.one_each) == ("acme.mail.send_bulk", ("people",), True)
    (capture,) = settings.captures
    assert capture.files == ("logs/gateway-*.jsonl.zst",)
    assert capture.fields["url"] == "req.uri"


def test_a_mailguard_toml_needs_no_table_header_and_wins_over_a_pyproject(tmp_path: Path) -> None:
    written(tmp_path, '[tool.mailguard]\ninternal-domains = ["example.org"]\n')
    file = written(tmp_path, 'internal-domains = ["example.com"]\n', "mailguard.toml")
    assert config.find(tmp_path, tmp_path) == file
    assert config.load(file, tmp_path).internal_domains == ("example.com",)


def test_the_nearest_settings_win_up_to_the_root(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    inner = root / "services" / "shop" / "src"
    inner.mkdir(parents=True)
    outer = written(root, "[tool.mailguard]\n")
    written(tmp_path, "[tool.mailguard]\n")
    written(root / "services", '[project]\nname = "no settings of ours"\n')
    assert config.find(inner, root) == outer
    nearer = written(root / "services" / "shop", "", "mailguard.toml")
    assert config.find(inner, root) == nearer
    outer.unlink()
    nearer.unlink()
    assert config.find(inner, root) is None


def test_settings_behind_a_link_out_of_the_tree_do_not_count(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "pyproject.toml").symlink_to(written(tmp_path, "[tool.mailguard]\n"))
    assert config.find(root, root) is None


def test_settings_that_stand_there_and_are_not_read_are_told(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    file = root / "mailguard.toml"
    file.symlink_to(written(tmp_path, "", "mailguard.toml"))
    with pytest.raises(SettingsError, match="a link leads out of the tree"):
        config.find(root, root)
    file.unlink()
    file.symlink_to(root / "gone.toml")
    with pytest.raises(SettingsError, match="a link leads nowhere"):
        config.find(root, root)
    (root / "gone.toml").write_text("")
    assert config.find(root, root) == file


def test_a_misspelled_setting_names_line_and_right_name(tmp_path: Path) -> None:
    text = "\n" * 84 + '[tool.mailguard]\ninternal-domain = ["example.com"]\n'
    expected = 'pyproject.toml:86: there is no "internal-domain". Did you mean "internal-domains"?'
    assert complaint(tmp_path, text) == expected


def test_a_public_suffix_is_nobodys_own_domain(tmp_path: Path) -> None:
    text = "\n" * 85 + '[tool.mailguard]\ninternal-domains = ["com"]\n'
    expected = 'pyproject.toml:87: "com" is not one organisation\'s domain: half the world would be inside.'
    assert complaint(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[tool.mailguard]\ninternal-domains = "example.com"', 'pyproject.toml:2: "internal-domains" is a list'),
        ('[tool.mailguard]\ninternal-domains = [\n  "example.com",\n  "co.uk",\n]', 'pyproject.toml:4: "co.uk" is not'),
        ('[tool.mailguard]\ninternal-domains = ["*.example.com"]', "subdomains are always included"),
        ('[tool.mailguard]\ninternal-domains = ["example com"]', '"example com" is not a domain name'),
        ('[tool.mailguard]\ntests = "yes"', 'pyproject.toml:2: "tests" is true or false'),
        ("[tool.mailguard.limits]\nbcc-bulk = -1", 'pyproject.toml:2: "bcc-bulk" is a number'),
        ('[tool.mailguard]\ngate = "note"', 'pyproject.toml:2: "gate" is "warning" or "error"'),
        ('[tool.mailguard.audiences.team]\nat = ["a.b"]', 'pyproject.toml:1: the audience "team" has no reason'),
        ('[tool.mailguard.audiences.team]\nreason = "x"\nat-mots = 3', 'pyproject.toml:3: there is no "at_mots"'),
        ('[tool.mailguard.audiences.team]\nreason = "x"\nuntil = "soon"', 'pyproject.toml:3: "until" is a date'),
        ('[tool.mailguard.senders."a.send"]\nparameters = ["x"]', 'pyproject.toml:1: "a.send" has no "to"'),
        ('[tool.mailguard.senders."a.send"]\nparameters = ["x"]\nto = "y"', 'pyproject.toml:3: "y" is not among'),
        ('[tool.mailguard.senders.send]\nto = "y"', '"send" is no dotted name'),
        ("[tool.mailguard.captures.gateway]\nfields = {}", '"gateway" names no files'),
        ('[tool.mailguard.captures.g]\nfiles = "x"\nfields = { uri = "a" }', 'pyproject.toml:3: there is no "uri"'),
        ("[tool.mailguard]\nselect = [1]", 'pyproject.toml:2: "select" is a list of texts'),
        ('[tool.mailguard]\nrules = "nowhere"', 'pyproject.toml:2: there is no folder "nowhere"'),
        ("[tool.mailguard\n", "pyproject.toml:1: not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what(tmp_path: Path, text: str, expected: str) -> None:
    said = complaint(tmp_path, text)
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "~/x", "a/../../b", "C:\\x", "\\\\host\\x"])
@pytest.mark.parametrize("setting", ['rules = "{}"', '[tool.mailguard.captures.x]\nfiles = "{}"'])
def test_settings_of_a_tree_cannot_name_files_outside_it(tmp_path: Path, name: str, setting: str) -> None:
    text = "[tool.mailguard]\n" + setting.format(name.replace("\\", "\\\\"))
    assert "leads out of this tree" in complaint(tmp_path, text)


def test_a_link_is_no_way_out_of_the_tree_either(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "policy").symlink_to(tmp_path)
    assert "leads out of this tree" in complaint(root, '[tool.mailguard]\nrules = "policy"')


def test_a_person_may_name_settings_that_lead_anywhere(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    file = written(tmp_path, '[tool.mailguard.captures.x]\nfiles = "../logs/*"', "policy.toml")
    assert config.load(file, root, trusted=True).captures[0].files == ("../logs/*",)


def test_a_broken_pyproject_that_is_not_about_mailguard_is_not_our_business(tmp_path: Path) -> None:
    written(tmp_path, "[project\n")
    assert config.find(tmp_path, tmp_path) is None


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "[tool.mailguard]\nx = " + "{a=" * 3000])
def test_deep_nesting_is_an_error_and_no_crash(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        config.load(written(tmp_path, text, "mailguard.toml"), tmp_path)


def test_settings_that_are_too_large_or_no_text_are_errors(tmp_path: Path) -> None:
    assert "larger than" in complaint(tmp_path, "#" * (config.SETTINGS_LIMIT + 1), "mailguard.toml")
    (tmp_path / "mailguard.toml").write_bytes(b'x = "\xff"')
    with pytest.raises(SettingsError, match="not UTF-8"):
        config.load(tmp_path / "mailguard.toml", tmp_path)


def test_one_setting_can_be_given_inline() -> None:
    base = Settings(ignore=("bcc-bulk",))
    settings = config.with_inline(base, 'internal-domains = ["example.com"]')
    assert settings.internal_domains == ("example.com",)
    assert settings.ignore == ("bcc-bulk",)
    with pytest.raises(SettingsError, match="no setting in TOML"):
        config.with_inline(base, "internal-domains = example.com")
    with pytest.raises(SettingsError, match='Did you mean "ignore"'):
        config.with_inline(base, "ignor = []")


def test_every_setting_is_shown() -> None:
    shown = dict(Settings(gate=Severity.ERROR).shown())
    assert shown["gate"] == "error"
    assert {"internal-domains", "audiences", "senders", "limits", "captures", "exclude"} <= shown.keys()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_whatever_a_settings_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("settings")
    file = folder / "mailguard.toml"
    file.write_bytes(text.encode())
    with contextlib.suppress(SettingsError):
        config.load(file, folder)


@given(st.integers(0, 40), st.integers(0, 5))
def test_a_line_is_the_line_of_its_key(blank: int, comments: int) -> None:
    text = "\n" * blank + "# a comment\n" * comments + "[tool.mailguard]\n" + "\n" * blank + "wrong-key = 1\n"
    lines = config._lines(text, ("tool", "mailguard"))
    assert lines[("wrong-key",)] == text.splitlines().index("wrong-key = 1") + 1
