"""Brings the catalogues of words up to date with the code: ``python -m benchmarks.words``.

What the app newly says is added to each `core/ui/locale/LANGUAGE.po` without a translation, what is said below it to
`core/ui/locale/sentences/LANGUAGE.po`; what is no longer said is taken out. An empty file with the code of a language
for its name is all a new one needs to begin with.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Final, get_args

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from core.paths import ROOT

MARKS: Final = {"core.ui.words": {"t", "tn", "later"}, "core.ui.text": {"counted"}}
"""Module → its functions whose first argument is a message, or what one is made of."""
BELOW: Final = {"core.sentence": {"said", "template"}}
"""The same for what is said below `ui`."""
SOURCES: Final = (*sorted((ROOT / "core" / "ui").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py")))
BELOW_SOURCES: Final = tuple(sorted((ROOT / "core").rglob("*.py")))

Message = str | tuple[str, str]
"""What is said, or how it is said of one and of many."""


def messages() -> set[Message]:
    """Return all that the app says: what is marked in the code, and what its tables hold."""
    return {message for path in SOURCES for message in marked(path.read_text(), path)} | set(of_tables())


def sentences() -> set[Message]:
    """Return all templates of what is said below `ui`: marked in the code, and in tables."""
    return {message for path in BELOW_SOURCES for message in marked(path.read_text(), path, BELOW)} | set(_of_tables())


def marked(code: str, path: Path, marks: Mapping[str, Collection[str]] = MARKS) -> Iterator[Message]:
    """Yield the messages marked in `code`.

    Raises
    ------
    ValueError
        If one is put together before it is translated.
    """
    tree = ast.parse(code)
    own = marks.get(".".join(path.relative_to(ROOT).with_suffix("").parts), set())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name: alias.name for node in imports for alias in node.names
             if alias.name in marks.get(node.module or "", ())} | {name: name for name in own}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            said = node.args[1:] if names[node.func.id] == "counted" else node.args
            if any(isinstance(argument, ast.JoinedStr | ast.BinOp | ast.BoolOp | ast.IfExp) for argument in said[:2]):
                raise ValueError(f"{path}:{node.lineno}: a message is one literal; what varies goes in by name.")
            yield from _message(names[node.func.id], [_text(argument) for argument in node.args])


def _text(argument: ast.expr) -> str | None:
    value = argument.value if isinstance(argument, ast.Constant) else None
    return value if isinstance(value, str) else None


def _message(function: str, texts: list[str | None]) -> Iterator[Message]:
    match function, texts:
        case (("tn" | "later"), [str(one), str(many), *_]):
            yield one, many
        case "counted", [_, str(noun), str(plural)]:
            yield f"{{count}} {noun}", f"{{count}} {plural}"
        case "counted", [_, str(noun)]:
            yield f"{{count}} {noun}", f"{{count}} {noun}s"
        case (("t" | "later" | "said" | "template"), [str(text), *_]):
            yield text


def of_tables() -> Iterator[str]:
    """Yield what the tables of the lab hold for people to read, where the app translates it as it shows it."""
    from core.data.csv.dialect import DELIMITERS
    from core.data.csv.encoding import ENCODINGS
    from core.data.samples import SAMPLES
    from core.data.upload.recast import KINDS
    from core.diagnosis.causes.catalogue import CAUSES
    from core.lessons import LESSONS, claims
    from core.lessons.glossary import GLOSSARY
    from core.ui.lab.knobs import KNOBS, WORDS, label_of

    for cause in CAUSES.values():
        yield from filter(None, (cause.title, cause.about, cause.works))
    for sample in SAMPLES.values():
        yield from (sample.title, sample.about)
    for knob in KNOBS:
        yield from (knob.label, knob.help, *knob.meanings.values())
        yield from (meaning for word, meaning in GLOSSARY.items() if word.lower() == knob.label.lower())
    yield from (*claims.MESSAGES, *WORDS)
    for lesson in LESSONS:
        yield from map(label_of, (*lesson.spec.vary, *lesson.repair.change, *lesson.exercise.knobs))
    yield from KINDS
    yield from (*ENCODINGS.values(), *DELIMITERS.values())


def _of_tables() -> Iterator[str]:
    """Yield what tables below `ui` hold of sentences, or to be put into one."""
    from core.choices.encoders import ENCODERS
    from core.choices.losses import LOSSES
    from core.data.csv.file_limits import MAGIC, MARKUP
    from core.data.csv.notes import SENTENCES
    from core.spec.data import Task

    yield from (kind for _, kind in (*MAGIC, *MARKUP))
    yield from SENTENCES.values()
    yield from filter(None, (encoder.flaw for encoder in ENCODERS.values()))
    yield from (*(loss.measures for loss in LOSSES.values()), *get_args(Task))


def placeholders(text: str) -> set[str]:
    """Return the names in braces in `text`."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def updated(catalog: Catalog, said: set[Message]) -> Catalog:
    """Return `catalog` with what is `said` and nothing else, translated as far as it was."""
    fresh = Catalog(locale=catalog.locale, header_comment=catalog.header_comment, fuzzy=False)
    fresh.mime_headers = [  # the same file, whoever writes it and when
        (name, value) for name, value in catalog.mime_headers
        if name in {"Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    ]  # fmt: skip
    for message in sorted(said, key=lambda message: message if isinstance(message, str) else message[0]):
        known = catalog.get(message if isinstance(message, str) else message[0])
        kept = known is not None and known.pluralizable == isinstance(message, tuple)
        fresh.add(message, known.string if known is not None and kept else None)
    return fresh


def _write(path: Path, catalog: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalog, width=110)
    # Babel always writes when; a date would make every run a change.
    text = re.sub(
        r'^"(?:PO|POT|Project|Report|Last|Language-Team|Generated)[\w-]*:.*\n', "", path.read_text(), flags=re.M
    )
    path.write_text(text)


def main() -> None:
    """Update every catalogue and say what is left to translate."""
    from core.ui.sentences import SENTENCES
    from core.ui.words import LOCALES

    for language in sorted(path.stem for path in LOCALES.glob("*.po")):
        for folder, said in ((LOCALES, messages()), (SENTENCES, sentences())):
            path = folder / f"{language}.po"
            path.touch()
            with path.open("rb") as file:
                catalog = updated(read_po(file, locale=language), said)
            _write(path, catalog)
            open_ones = [message for message in catalog if message.id and not all(_strings(message.string))]
            print(f"{path.relative_to(LOCALES)}: {len(said)} messages, {len(open_ones)} to translate")


def _strings(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if isinstance(string, str) or string is None else list(string)


if __name__ == "__main__":
    main()
