"""Names that lead to mail calls in some files only."""

from __future__ import annotations

from mailguard.source.nearby import Nearby
from mailguard.source.project import Project, SourceFile


def _project(files: dict[str, str]) -> Project:
    return Project([SourceFile(path, text.encode) for path, text in files.items()])


def test_a_name_counts_where_it_is_bound_and_in_files_that_import_that() -> None:
    project = _project(
        {
            "mailer.py": "",
            "user.py": "import mailer\n",
            "late.py": "def f():\n    from mailer import client\n",
            "other.py": "client = 1\n",
        }
    )
    nearby = Nearby(project)
    nearby.add(project.modules["mailer.py"], ["client"])
    counted = {path for path, module in project.modules.items() if "client" in nearby.of(module)}
    assert counted == {"mailer.py", "user.py", "late.py"}


def test_a_name_counts_in_files_that_import_the_package_which_passes_it_on() -> None:
    files = {
        "app/__init__.py": "from .extensions import client\n",
        "app/extensions.py": "",
        "app/views.py": "from . import client\n",
        "app/absolute.py": "import app.extensions\n",
        "lone.py": "import app.views\n",
    }
    project = _project(files)
    nearby = Nearby(project)
    nearby.add(project.modules["app/extensions.py"], ["client"])
    counted = {path for path, module in project.modules.items() if "client" in nearby.of(module)}
    assert counted == {"app/__init__.py", "app/extensions.py", "app/views.py", "app/absolute.py"}


def test_what_is_added_later_counts_and_what_was_copied_stays() -> None:
    project = _project({"mailer.py": "", "user.py": "import mailer\n"})
    nearby = Nearby(project)
    user = project.modules["user.py"]
    nearby.add(project.modules["mailer.py"], ["client"])
    assert nearby.of(user) == {"client"}
    kept = nearby.copy()
    nearby.add(project.modules["mailer.py"], ["post"])
    assert nearby.of(user) == {"client", "post"}
    assert kept.of(user) == {"client"}
    assert nearby.everything == {"client", "post"}
