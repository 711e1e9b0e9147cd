"""Entries: whose they are, and of which mailguard."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mailguard.cache import keeping, store

from .support import Look, answer


def test_another_mailguard_does_not_answer(tree: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    first = look()
    assert answer() == first
    monkeypatch.setattr(store, "program", lambda: iter(["another one"]))
    assert answer() is None


def test_which_mailguard_it_is_tells_by_its_files_and_by_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    package = tmp_path / "lib" / "mailguard"
    (package / "providers").mkdir(parents=True)
    (package / "cache").mkdir()
    (package / "providers" / "smtp.py").write_text("x = 1\n")
    beside = tmp_path / "site"
    beside.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "__file__", str(package / "cache" / "store.py"))
        patch.setattr(sys, "path", [str(beside)])
        before = list(store.program())
        assert before == list(store.program())
        (package / "providers" / "smtp.py").write_text("x = 22\n")
        edited = list(store.program())
        assert edited != before
        os.utime(beside, (1, 1))
        assert list(store.program()) != edited


@pytest.mark.parametrize("where", ["key", "entry"])
@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "writable", "link", "folder", "pipe"])
def test_a_broken_or_foreign_cache_answers_nothing(where: str, how: str, tree: Path, look: Look, place: Path) -> None:
    first = look()
    file = place / "key" if where == "key" else next(place.glob("run-*"))
    data = file.read_bytes()
    if how == "flipped":
        file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    elif how == "cut":
        file.write_bytes(data[:-1])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "writable":
        file.chmod(0o666)
    else:
        file.unlink()
        if how == "link":
            copy = place.parent / "elsewhere"
            copy.write_bytes(data)
            file.symlink_to(copy)
        elif how == "pipe":
            if not hasattr(os, "mkfifo"):
                pytest.skip("there are no pipes here")
            os.mkfifo(file)
        else:
            file.mkdir()
    assert answer() is None
    assert look() == first


def test_no_entry_with_a_flipped_bit_is_believed(tree: Path, look: Look, place: Path) -> None:
    first = look()
    [file] = place.glob("run-*")
    whole = file.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 200)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert answer() is None
    file.write_bytes(whole)
    assert answer() == first


def test_a_cache_that_others_can_write_is_not_believed(tree: Path, look: Look, place: Path) -> None:
    look()
    place.chmod(0o777)
    assert answer() is None


def test_a_cache_inside_the_tree_is_not_used(tree: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(tree / "cache"))
    look()
    assert not (tree / "cache").exists()


def test_a_cache_that_cannot_be_written_costs_time_only(
    tree: Path, look: Look, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = Path("/proc/self/fdinfo")
    if system.is_dir():
        # Not even the superuser makes a file there.
        monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(system))
        with pytest.raises(OSError, match="fdinfo/x"):
            (system / "x").write_text("")
    else:
        place.mkdir(mode=0o500)
    assert look()[1] == 1


def test_a_place_that_is_no_folder_costs_time_only(tree: Path, look: Look, place: Path) -> None:
    place.write_text("")
    assert look()[1] == 1
    assert answer() is None


def test_nothing_is_remembered_or_answered_with_no_cache(tree: Path, look: Look, place: Path) -> None:
    look("--no-cache")
    assert not place.exists()
    look()
    assert answer("--no-cache") is None


def test_what_is_kept_is_private_and_holds_no_address(tree: Path, look: Look, place: Path) -> None:
    (tree / "shop" / "people.py").write_text("def everybody():\n    return ['ann@example.com', 'bob@example.org']\n")
    look()
    assert answer() is not None
    for file in place.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"@example" not in file.read_bytes()


@pytest.mark.parametrize("arguments", [("--format", "json", "--reveal"), ("--output", "json=report.json")])
def test_a_report_for_somewhere_else_is_not_kept(arguments: tuple[str, ...], tree: Path, look: Look) -> None:
    look(*arguments)
    assert answer(*arguments) is None


def test_old_entries_go(tree: Path, look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ENTRIES", 2)
    for form in ("text", "json", "csv", "sarif"):
        look("--format", form)
    assert len(list(place.glob("run-*"))) == 2
    assert answer("--format", "sarif") is not None


def test_runs_at_the_same_time_leave_whole_entries(tree: Path, look: Look, place: Path) -> None:
    first = look()
    shutil.rmtree(place)
    kept = keeping.Kept(
        root=str(tree), out=first[0], code=first[1], files={}, rules="", watched=None, staged=False, clean=False
    )
    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(keeping.keep(["check"], kept, time.time_ns()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(results)
    assert answer() == first
    assert {file.name[:4] for file in place.iterdir()} == {"key", "run-"}


def test_an_answer_needs_neither_click_nor_a_parser(tree: Path, place: Path) -> None:
    root = Path(store.__file__).parents[2]
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from mailguard.__main__ import main; code = main();"
        "print([name for name in ('click', 'libcst', 'yaml', 'ast', 're', 'typing', 'mailguard.gate') if name in sys.modules],"
        " code, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, str(root), "check"]
    environment = {**os.environ, "MAILGUARD_CACHE_DIR": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    runs = [
        subprocess.run(command, capture_output=True, text=True, cwd=tree, env=environment, check=False)
        for _ in range(3)  # the first may begin so shortly after the files were written that it is not remembered
    ]
    assert runs[0].stdout == runs[1].stdout == runs[2].stdout
    assert "mailguard.gate" in runs[0].stderr
    loaded = runs[2].stderr.split("\n")[-2]
    assert loaded.endswith("] 1")
    assert not any(name in loaded for name in ("click", "libcst", "yaml", "'ast'", "gate"))
