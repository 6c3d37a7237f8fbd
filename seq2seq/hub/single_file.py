"""One Python file from many modules of the package: the definitions that some names need, as they stand in the source.

text = single_file(["seq2seq.hub.modeling.HeadlineModel"], replaced={"seq2seq.ops": "seq2seq.hub.plain_ops.ops"})

The file imports nothing of the package. Definitions keep their text; only the imports between the modules are left out.
So two definitions of different modules cannot have the same name, and no import can give a name an alias.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

PACKAGE = __name__.split(".")[0]
ROOT = Path(__file__).parents[1]


class Source(NamedTuple):
    """The place that a name is imported from: a module, and a name in it (None = the module itself)."""

    module: str
    name: str | None


class Definition(NamedTuple):
    """A top-level definition: its module, and its first and last line (from 1), comments and docstring included."""

    module: str
    first: int
    last: int


class Module:
    """The definitions and the imports of one module of the package, read from its source."""

    def __init__(self, name: str) -> None:
        place = ROOT.joinpath(*name.split(".")[1:])
        self.name, self.is_package = name, place.is_dir()
        text = (place / "__init__.py" if self.is_package else place.with_suffix(".py")).read_text(encoding="utf-8")
        self.lines, self.tree = text.splitlines(), ast.parse(text)
        self.imports: dict[str, Source] = {}
        for node in self.tree.body:
            self.imports |= dict(self._imported(node))

    def _imported(self, node: ast.stmt) -> Iterator[tuple[str, Source]]:
        """The names that a statement imports, and where they come from."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], Source(alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            parts = self.name.split(".")
            base = parts[: len(parts) - node.level + self.is_package] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                inside = module.split(".")[0] == PACKAGE
                if inside and alias.asname not in (None, alias.name):
                    raise ValueError(f"{self.name}: {alias.name} is imported under another name")
                yield alias.asname or alias.name, Source(module, alias.name)

    @cached_property
    def definitions(self) -> dict[str, tuple[Definition, ast.stmt]]:
        """The top-level definitions by name."""
        found: dict[str, tuple[Definition, ast.stmt]] = {}
        body = self.tree.body
        for node, following in zip(body, [*body[1:], None], strict=True):
            names = set(defined_names(node))
            if not names:
                continue
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            while self.lines[first - 2].startswith("#"):
                first -= 1
            last = node.end_lineno or node.lineno
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                last = following.end_lineno or last
            found |= dict.fromkeys(names, (Definition(self.name, first, last), node))
        return found


def used_names(module: str, definition: ast.stmt) -> set[str]:
    """The names in the text of a definition. Raises ValueError for an import of the package inside of it."""
    parts = list(ast.walk(definition))
    for part in parts:
        if isinstance(part, ast.ImportFrom) and part.level:
            raise ValueError(f"{module}, line {part.lineno}: an import inside of a definition")
    return {part.id for part in parts if isinstance(part, ast.Name)}


def defined_names(node: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement defines; none for an import or a plain expression."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))


class _Collector:
    """Follows names from definition to definition."""

    def __init__(self, replaced: Mapping[str, str]) -> None:
        self.replaced = replaced
        self.modules: dict[str, Module] = {}
        self.chosen: dict[str, set[Definition]] = {}
        """By module, in the order in which the file needs them."""
        self.names: dict[str, Definition | Source] = {}
        """Each name of the file, and what it stands for."""
        self.needed: dict[str, set[str]] = {}
        """For each module the modules whose definitions it uses."""

    def module(self, name: str) -> Module:
        if name not in self.modules:
            self.modules[name] = Module(name)
        return self.modules[name]

    def resolve(self, module: str, name: str) -> tuple[str, str] | Source | None:
        """The module and the name of a definition of the package, an import from elsewhere, or None: a local name, a
        builtin, or a name for type checkers alone."""
        here = self.module(module)
        if name in here.definitions:
            return module, name
        source = here.imports.get(name)
        if source is None:
            return None
        dotted = ".".join(filter(None, source))
        if dotted in self.replaced:
            other, _, name = self.replaced[dotted].rpartition(".")
            return self.resolve(other, name)
        if source.module.split(".")[0] != PACKAGE:
            return source
        found = self.resolve(source.module, source.name) if source.name else None
        if found is None:
            raise ValueError(f"{module}: {dotted} is no definition of the package, and nothing replaces it")
        return found

    def add(self, module: str, name: str) -> None:
        """Adds a definition, and all that it needs."""
        definition, node = self.module(module).definitions[name]
        self._claim(name, definition)
        chosen = self.chosen.setdefault(module, set())
        if definition in chosen:
            return
        chosen.add(definition)
        for other in sorted(used_names(module, node)):
            found = self.resolve(module, other)
            if isinstance(found, Source):
                self._claim(other, found)
            elif found:
                self.needed.setdefault(module, set()).add(found[0])
                self.add(*found)

    def _claim(self, name: str, meaning: Definition | Source) -> None:
        if self.names.setdefault(name, meaning) != meaning:
            raise ValueError(f"{name} has two meanings: {self.names[name]} and {meaning}; rename one of them")

    def ordered(self) -> list[str]:
        """The modules, each after those that it needs."""
        order: list[str] = []
        visiting: set[str] = set()

        def visit(module: str) -> None:
            if module in visiting:
                return
            visiting.add(module)
            for other in sorted(self.needed.get(module, ())):
                visit(other)
            order.append(module)

        for module in self.chosen:
            visit(module)
        return order

    def imports(self) -> Iterator[str]:
        """The import statements of the file."""
        by_module: dict[str, list[str]] = {}
        for name, source in sorted(self.names.items()):
            if not isinstance(source, Source):
                continue
            if source.name is None:
                plain = source.module.split(".")[0] == name
                yield f"import {source.module}" if plain else f"import {source.module} as {name}"
            else:
                by_module.setdefault(source.module, []).append(
                    source.name if source.name == name else f"{source.name} as {name}"
                )
        for module, names in sorted(by_module.items()):
            yield f"from {module} import {', '.join(names)}"


def single_file(wanted: Iterable[str], replaced: Mapping[str, str], heading: str) -> str:
    """The text of a module that defines some names and all that they need.

    Args:
        wanted: dotted names of definitions.
        replaced: dotted names of modules of the package that are used as values, and the definitions that stand for
            them in the file.
        heading: the docstring of the file.

    Raises ValueError if a name would have two meanings in one file.
    """
    collector = _Collector(replaced)
    for name in wanted:
        module, _, name = name.rpartition(".")
        collector.add(module, name)
    imports = "\n".join(collector.imports())
    parts = [f'"""{heading}"""\n\nfrom __future__ import annotations\n\n{imports}']
    for module in collector.ordered():
        lines = collector.module(module).lines
        blocks = ["\n".join(lines[block.first - 1 : block.last]) for block in sorted(collector.chosen[module])]
        parts += [f"# From {module}\n\n\n{blocks[0]}", *blocks[1:]]
    return "\n\n\n".join(parts) + "\n"
