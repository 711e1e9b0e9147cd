"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from mailguard import cli, config, gate

sys.path.insert(0, str(Path(__file__).parent))
import draw_readme

sys.path.pop(0)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", README, re.DOTALL)
    assert found is not None
    return textwrap.dedent(found[1])


def test_the_demo_is_quoted_word_for_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["demo"]) == 0
    assert capsys.readouterr().out == block("demo")


def test_the_picture_is_what_check_says() -> None:
    """``python tests/end_to_end/draw_readme.py`` draws it anew; look at it before you commit it."""
    printed = draw_readme.printed()
    assert draw_readme.PICTURE.read_text("utf-8") == draw_readme.picture(printed)
    root = ET.parse(draw_readme.PICTURE).getroot()
    shown = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    words = re.sub(r"\x1b\[\d+m", " ", printed).split()
    assert " ".join(str(text) for text in shown).split() == ["$", "mailguard", "check", *words]
    assert "](.github/finding.svg)" in README


def test_the_picture_is_readable_on_light_and_on_dark() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    text = draw_readme.PICTURE.read_text("utf-8")
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    for palette, part in ((draw_readme.LIGHT, light), (draw_readme.DARK, dark)):
        ground = luminance(palette["ground"])
        for name in ("text", "dim", "certain", "likely", "undecided"):
            letters = luminance(palette[name])
            # WCAG 2.2, section 1.4.3
            assert (max(ground, letters) + 0.05) / (min(ground, letters) + 0.05) >= 4.5, (name, palette)
            assert f"fill: {palette[name]} }}" in part


@pytest.mark.parametrize("name", draw_readme.tables())
def test_the_tables_are_those_of_the_shelves(name: str) -> None:
    """``python tests/end_to_end/draw_readme.py`` writes them anew."""
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert found is not None
    assert found[1] == draw_readme.tables()[name]
    assert len(found[1].splitlines()) > 3


def test_the_numbers_of_an_incident_are_those_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sent.har.gz").write_bytes((Path(cli.__file__).parents[1] / "demo_data" / "bulk.har.gz").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert cli.run(["replay", "sent.har.gz", "--affected"]) == 0
    assert capsys.readouterr().out == block("affected")


def test_the_workflow_and_the_hook_that_are_shown_name_what_is_there() -> None:
    config, workflow = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    known = {one["id"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    named = {one["id"] for repo in config["repos"] for one in repo["hooks"]}
    assert named <= known
    assert all(f"{name}" in README for name in known)
    *_, step = workflow["jobs"]["mailguard"]["steps"]
    assert set(step["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"])


def test_every_option_that_is_named_exists() -> None:
    known = {name for command in cli.main.commands.values() for one in command.params for name in one.opts} | {"--help"}
    mine = re.sub(r"(?m)^.*(?:pip|uvx|pytest|python3).*$", "", README)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", re.sub(r"<!--.*?-->", "", mine)))
    assert named - known == set()


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    headings = {re.sub(r"[^a-z ]", "", line.lower()).replace(" ", "-") for line in re.findall(r"(?m)^#+ (.*)$", README)}
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert target[1:] in headings if target.startswith("#") else (ROOT / target).exists(), target


def test_the_settings_that_are_shown_are_read_without_complaint(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    settings = config.load(file, tmp_path)
    assert settings.senders
    assert settings.audiences
    gate.prepare((), gate.discover.tree_of((), tmp_path), settings, here=tmp_path)


def test_every_part_of_the_house_is_named() -> None:
    table = README.partition("## Architecture")[2].partition("## License")[0]
    parts = {
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in (ROOT / "mailguard").iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").exists()
    }
    assert parts - set(re.findall(r"`([\w/.]+)`", table)) <= {"__init__.py", "__main__.py"}


def test_every_command_and_every_format_is_named() -> None:
    for name in cli.main.commands:
        assert f"mailguard {name}" in README
    for name in gate.reporters():
        assert f"`{name}`" in README


def test_the_first_screen_is_the_one_of_the_guide() -> None:
    first = README.partition("\n## ")[0]
    lines = first.splitlines()
    assert lines[2] == "Finds the line of code that will show your customers to each other, before it is merged."
    commands = re.findall(r"(?m)^    (\S.*?)(?:  +#.*)?$", first)
    assert commands == ["mailguard check", "mailguard demo"]
    assert [line.split("**")[1] for line in lines if line.startswith("- **")] == ["Code", "Captures", "Gate", "Privacy"]
    assert len(lines) <= 24


def test_one_command_installs_and_one_runs_every_check() -> None:
    install = README.partition("\n## Install\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^    (\S.*)$", install.partition("<!--")[0], re.MULTILINE)
    assert len(commands) == 2
    assert [shlex.split(part)[0] for part in commands[0].split("&&")] == [
        "python3",
        ".venv/bin/pip",
        ".venv/bin/mailguard",
    ]
    assert commands[1] == ".ci/run"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
