"""What the package needs, and what it does not."""

import subprocess
import sys
from pathlib import Path

import vestibule

SOURCE = Path(vestibule.__file__).parent
FRAMEWORKS = ("django", "rest_framework", "ninja", "starlette", "asgiref", "requests")


def imported_with(module):
    """Which frameworks are loaded once a module is."""
    program = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}} & set({FRAMEWORKS!r})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(SOURCE.parent)})
    return done.stdout.split()


def test_no_framework_comes_along():
    for module in ("vestibule", "vestibule.asgi", "vestibule.wsgi", "vestibule.testing"):
        assert imported_with(module) == [], module


def test_it_says_that_it_is_typed():
    assert (SOURCE / "py.typed").is_file()


def test_every_public_name_has_a_sentence():
    for name in vestibule.__all__:
        assert getattr(vestibule, name).__doc__.strip(), name
