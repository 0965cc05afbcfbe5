import tomllib

from django.conf import settings

from accounts import product


def test_the_version_is_the_one_that_the_project_declares() -> None:
    declared = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]

    assert (declared["name"], declared["version"]) == (product.NAME, product.VERSION)
