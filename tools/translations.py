"""What of the console's words is translated: prints coverage, writes new words into the catalogues, finds stale ones.

python tools/translations.py            coverage, and a failure for what is missing or stale
python tools/translations.py --update   the catalogues anew: kept translations in the order of the words, new ones empty
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import extract_from_ast

from tocsin.edge.console import templating, words

ROOT = Path(__file__).resolve().parents[1]
CONSOLE = ROOT / "src" / "tocsin" / "edge" / "console"
RULES = {
    "fr": "nplurals=2; plural=(n > 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "ar": "nplurals=6; plural=(n<3 ? n : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}


def used() -> dict[str, tuple[str, str]]:
    """Msgid -> (its plural, where it is used first), in the order of the places."""
    found: dict[str, tuple[str, str]] = {}
    for place, one, many in (*_of_templates(), *_of_code()):
        if one not in found or (many and not found[one][0]):
            found[one] = (many, place)
    return found


def _of_templates() -> Iterator[tuple[str, str, str]]:
    env = templating.environment()
    for name in sorted(env.list_templates()):
        tree = env.parse((templating.FOLDER / name).read_text("utf-8"))
        for _, function, said in extract_from_ast(tree, ("_", "gettext", "ngettext")):
            texts = [one for one in ((said,) if isinstance(said, str) else said or ()) if isinstance(one, str)]
            if texts:
                yield f"templates/{name}", texts[0], texts[1] if function == "ngettext" else ""


def _of_code() -> Iterator[tuple[str, str, str]]:
    for path in sorted(CONSOLE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "N_"
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(path.relative_to(CONSOLE)), str(node.args[0].value), ""


def catalogue(language: str) -> dict[str, tuple[str, ...]]:
    """What stands in a language's file."""
    path = words.FOLDER / f"{language}.po"
    return dict(words.entries(path.read_text("utf-8"))) if path.is_file() else {}


def faults(language: str) -> list[str]:
    """What is missing, stale, of the wrong number of forms, or has other places for values than the original."""
    told, there = catalogue(language), used()
    out = [f"stale: {one}" for one in told.keys() - there.keys()]
    for one, (many, place) in there.items():
        forms = told.get(one, ())
        wanted = words.FORMS[language][0] if many else 1
        if len(forms) != wanted or not all(forms):
            out.append(f"missing: {one} ({place})")
        elif any(set(places(form)) - set(places(one)) - set(places(many)) for form in forms) or (
            not many and places(forms[0]) != places(one)
        ):
            out.append(f"other values: {one}")
    return sorted(out)


def places(text: str) -> list[str]:
    """The places for values in a text."""
    return sorted(re.findall(r"%\(\w+\)s|%%", text))


def update(language: str) -> None:
    """Write a language's file anew."""
    told = catalogue(language)
    lines = [
        'msgid ""', 'msgstr ""', f'"Language: {language}\\n"', '"Content-Type: text/plain; charset=UTF-8\\n"',
        f'"Plural-Forms: {RULES[language]}\\n"', "",
    ]  # fmt: skip
    for one, (many, place) in used().items():
        count = words.FORMS[language][0] if many else 1
        forms = (*told.get(one, ()), *[""] * count)[:count]
        lines += [f"#: {place}", f"msgid {_quoted(one)}"]
        lines += [f"msgid_plural {_quoted(many)}"] if many else []
        lines += (
            [f"msgstr[{at}] {_quoted(form)}" for at, form in enumerate(forms)]
            if many
            else [f"msgstr {_quoted(forms[0])}"]
        )
        lines.append("")
    (words.FOLDER / f"{language}.po").write_text("\n".join(lines), "utf-8")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def main() -> int:
    """0 when every word is translated into every language."""
    failed = 0
    for language in RULES:
        if "--update" in sys.argv:
            update(language)
        found = faults(language)
        total = len(used())
        missing = sum(one.startswith("missing") for one in found)
        print(f"{language}: {total - missing} of {total} translated ({100 * (total - missing) / total:.0f} %)")
        for one in found:
            print(f"  {one}")
        failed += len(found)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
