"""Reads prompts/: word banks (TOML) and templates (Markdown) that a non-programmer edits.

Everything is checked when it is read. A missing file, malformed TOML, a gap nobody can fill or a word of the
wrong kind is a PromptError that names the file, the line and the reason, before anything is written or sent.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import BadBrief, PromptError

if TYPE_CHECKING:
    from pydantic import BaseModel

_GAP = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_SEPARATORS = re.compile(r"[,\n]")
_Shape = TypeVar("_Shape", bound="BaseModel")


def prompts_folder() -> Path:
    """Return the folder shipped beside the `pipeline` package, in a checkout as in an installed wheel."""
    return Path(__file__).resolve().parent.parent / "prompts"


@dataclass(frozen=True)
class Template:
    """A line with gaps such as {{tempo}}. `where` is "file, line n" for error messages."""

    text: str
    where: str

    @property
    def gaps(self) -> tuple[str, ...]:
        """Names of the gaps in their order; a gap used twice is there twice."""
        return tuple(_GAP.findall(self.text))

    def render(self, words: Mapping[str, str]) -> str:
        """Fill the gaps. PromptError when `words` lacks one."""
        return _GAP.sub(lambda match: self._word(words, match.group(1)), self.text)

    def render_each(self, words: Collection[str]) -> str:
        """Fill the gaps one after the other, in the order of `gaps`."""
        rest = iter(words)
        return _GAP.sub(lambda _: next(rest), self.text)

    def _word(self, words: Mapping[str, str], gap: str) -> str:
        if gap not in words:
            raise PromptError(f"{self.where}: nothing fills {{{{{gap}}}}}.", f"Known gaps: {_listed(words)}.")
        return words[gap]


@dataclass(frozen=True)
class Bank:
    """A TOML file as read: `data` is its content, `text` its source (for line numbers), `path` where it is."""

    path: Path
    text: str
    data: dict[str, object]

    def fault(self, reason: str, near: str = "") -> PromptError:
        """Return the error that says what is wrong in this file, with the line where `near` first stands."""
        at = self.text.find(near) if near else -1
        line = f", line {self.text.count(chr(10), 0, at) + 1}" if at >= 0 else ""
        return PromptError(f"{self.path}{line}: {reason}.", "Edit the file; its first lines say how.")

    def at(self, reason: str, *names: str, holding: str = "") -> PromptError:
        """Return the error that says what is wrong in this file, with the line where a table, or a key in it, stands.

        Where there is no such line, that of the table around it is named. Of what goes over several lines, it is the
        first that has `holding` in it.
        """
        found: int | None = None
        while names and (found := self._line(names)) is None:
            names = names[:-1]
        if found is None:
            return self.fault(reason)
        lines = self.text.splitlines()
        within = (number for number in range(found, len(lines) + 1) if holding in lines[number - 1])
        line = next(within, found) if holding else found
        return PromptError(f"{self.path}, line {line}: {reason}.", "Edit the file; its first lines say how.")

    def _line(self, names: tuple[str, ...]) -> int | None:
        """Return the line, from 1, on which a table or a key in it is first written; None where it is not."""
        table: tuple[str, ...] = ()
        for number, line in enumerate(self.text.splitlines(), 1):
            text = line.strip()
            if text.startswith("["):
                table = here = _dotted(text.strip("[]") if text.endswith("]") else text.partition("]")[0].strip("["))
            else:
                key = _dotted(text.partition("=")[0]) if "=" in text else ()
                here = (*table, *key) if key else ()
            if here and here[: len(names)] == names:
                return number
        return None

    def table(self, name: str) -> dict[str, object]:
        """Return a table of the file; PromptError when there is none."""
        found = self.data.get(name)
        if not isinstance(found, dict):
            raise self.fault(f"the table [{name}] is missing")
        return found

    def words(self, name: str) -> tuple[str, ...]:
        """Return a word list: a TOML list, or text separated by commas or line breaks; never empty."""
        found = word_list(self.data.get(name))
        if not found:
            raise self.fault(f"{name} must be a list of words", name)
        return found

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a text block, without blank ones and those that start with #; never empty."""
        block = self.data.get(name)
        found = _lines(block) if isinstance(block, str) else ()
        if not found:
            raise self.fault(f"{name} must be a block of lines between three quotes", name)
        return found

    def templates(self, lines: str, knows: Collection[str]) -> tuple[Template, ...]:
        """Read a block of lines as templates that may use the gaps in `knows` only."""
        made = []
        for line in _lines(lines):
            template = Template(line, str(self.path))
            for gap in template.gaps:
                if gap not in knows:
                    raise self.fault(f"{{{{{gap}}}}} is not a known gap (known: {_listed(knows)})", line)
            made.append(template)
        return tuple(made)

    def read(self, shape: type[_Shape], name: str) -> _Shape:
        """Read one table as a record; PromptError says which field is wrong and why."""
        from pydantic import ValidationError  # the doors list the styles without loading pydantic

        try:
            return shape.model_validate(self.table(name))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            heading = f'["{name}"]' if f'["{name}"]' in self.text else f"[{name}]"
            raise self.fault(f"{heading} {field}: {first['msg']}", heading) from None


def _dotted(key: str) -> tuple[str, ...]:
    """Read a key as TOML does: `themes."late bus"` is two names; () for what is none."""
    try:
        found: object = tomllib.loads(f"{key.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names = []
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        names.append(name)
    return tuple(names)


def _lines(block: str) -> tuple[str, ...]:
    stripped = (line.strip() for line in block.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


def word_list(value: object) -> tuple[str, ...]:
    """Read words written as a TOML list, or as text separated by commas or line breaks; () for anything else."""
    if isinstance(value, str):
        value = _SEPARATORS.split(value)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return ()
    return tuple(word.strip() for word in value if word.strip())


def _source(name: str, folder: Path | None) -> tuple[Path, str]:
    path = (folder or prompts_folder()) / name
    try:
        return path, path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PromptError(f"{path} is missing.", "Restore it, or reinstall the package.") from None
    except UnicodeDecodeError as error:
        raise PromptError(f"{path} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise PromptError(f"{path} cannot be read: {error.strerror}.", "Check the file's permissions.") from None


def load_bank(name: str, folder: Path | None = None) -> Bank:
    """Read a TOML file of `folder` (the shipped prompts/ when None). Raises PromptError."""
    path, text = _source(name, folder)
    try:
        return Bank(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{path} is not valid TOML: {error}.", "Check quotes, commas and brackets there.") from None


def load_banks(subfolder: str, folder: Path | None = None) -> tuple[Bank, ...]:
    """Read every TOML file of a folder inside prompts/, by name. Raises PromptError when there is none."""
    root = folder or prompts_folder()
    found = sorted((root / subfolder).glob("*.toml"))
    if not found:
        raise PromptError(f"{root / subfolder} holds no word banks.", "Restore it, or reinstall the package.")
    return tuple(load_bank(f"{subfolder}/{path.name}", root) for path in found)


def load_sections(
    name: str, knows: Collection[str], needs: Collection[str] = (), folder: Path | None = None
) -> dict[str, tuple[Template, ...]]:
    """Read a Markdown file of "## section" headings over "- line" lists; each line is a template.

    Every line may use the gaps in `knows` and must use those in `needs`. Text outside the lists is for people.
    """
    path, text = _source(name, folder)
    sections: dict[str, list[Template]] = {}
    current: list[Template] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("## "):
            current = sections.setdefault(line[3:].strip(), [])
        elif line.startswith("- ") and current is not None:
            template = Template(line[2:].strip(), f"{path}, line {number}")
            if unknown := [gap for gap in template.gaps if gap not in knows]:
                raise PromptError(f"{template.where}: nothing fills {{{{{unknown[0]}}}}}.", f"Known: {_listed(knows)}.")
            if missing := [gap for gap in needs if gap not in template.gaps]:
                raise PromptError(f"{template.where}: the line does not use {{{{{missing[0]}}}}}.", "Add it.")
            current.append(template)
    if empty := [title for title, lines in sections.items() if not lines]:
        raise PromptError(
            f"{path}: the section {empty[0]!r} has no lines.", "Write at least one line that starts with '- '."
        )
    return {title: tuple(lines) for title, lines in sections.items()}


def section(sections: Mapping[str, tuple[Template, ...]], name: str, file: str) -> tuple[Template, ...]:
    """Return one section of `file`; PromptError when it is not there."""
    if name not in sections:
        raise PromptError(f"{file} has no section '## {name}'.", "Add the section with at least one line.")
    return sections[name]


@dataclass(frozen=True)
class Vocabulary:
    """The words a track plan is written in."""

    instruments: tuple[str, ...]
    grooves: tuple[str, ...]
    ambiences: tuple[str, ...]
    moods: tuple[str, ...]


def vocabulary(folder: Path | None = None) -> Vocabulary:
    """Read prompts/vocabulary.toml. Raises PromptError."""
    bank = load_bank("vocabulary.toml", folder)
    return Vocabulary(*(bank.words(kind) for kind in ("instruments", "grooves", "ambiences", "moods")))


def styles(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names `--style` accepts, in the order of prompts/styles.toml. Raises PromptError."""
    return tuple(load_bank("styles.toml", folder).data)


def find_style(asked: str, known: Collection[str]) -> str:
    """Return the style a person means, however they write it ("Boom-Bap"). BadBrief on an unknown name."""
    wanted = " ".join(asked.casefold().replace("-", " ").replace("_", " ").split())
    for name in known:
        if name.replace(" ", "") == wanted.replace(" ", ""):
            return name
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise BadBrief(f"There is no style {asked!r}.", f"{hint}Styles: {', '.join(known)}.")
