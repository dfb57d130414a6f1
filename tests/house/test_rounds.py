"""The quick round: fewer examples of each property and nothing that is slow. `make test` runs all of it, and whole."""

import re
from pathlib import Path

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")


def recipe(target):
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]


def test_only_the_quick_round_leaves_anything_out():
    quick, whole = recipe("test-unit"), recipe("test")
    assert '-m "not slow"' in quick
    assert "--hypothesis-profile=quick" in quick
    for cut in (" -m ", " -k ", "--hypothesis-profile", "--deselect", "--ignore", "tests/"):
        assert cut not in whole.replace("-m pytest", ""), cut
    assert "tools/beside.py" in whole
    both = (Path(__file__).parents[2] / "tools" / "beside.py").read_text("utf-8")
    for cut in ("not slow", '"-k"', "--hypothesis-profile", "--deselect", "--ignore", '"-x"'):
        assert cut not in both, cut


def test_no_property_has_more_examples_than_its_profile_allows(request):
    quick = request.config.getoption("--hypothesis-profile") == "quick"
    found = [
        getattr(getattr(one, "obj", None), "_hypothesis_internal_use_settings", None) for one in request.session.items
    ]
    counts = [one.max_examples for one in found if one is not None]
    if quick:
        assert max(counts, default=0) <= 10
    elif len(counts) > 50:  # not a few files only
        assert max(counts) >= 500
