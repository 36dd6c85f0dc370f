"""YAML in and out, of plain values only. What could swell or mislead is refused: tags, anchors, a key written twice.

Words are words: `NO` is Norway and not false, `16:30` an hour and not 990; only true and false are truth values.
"""

from __future__ import annotations

from typing import Any

import yaml

MOST_BYTES = 1_000_000
MOST_DEPTH = 20


class YamlError(ValueError):
    """A text that is not taken; the message says where and why."""


class _Loader(yaml.CSafeLoader):
    """The safe loader, strict about keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(f"Line {key.start_mark.line + 1}: a key is one word.")
            if key.tag == "tag:yaml.org,2002:merge":
                raise YamlError(f"Line {key.start_mark.line + 1}: “<<” is not taken; write the fields out.")
            if key.value in seen:
                raise YamlError(f"Line {key.start_mark.line + 1}: “{key.value[:60]}” is there twice; keep one of them.")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _number(loader: _Loader, node: yaml.ScalarNode) -> Any:
    """To the base of 60 nobody counts here, and a long such number would take a time of its length squared."""
    if ":" in node.value:
        return node.value
    read = loader.construct_yaml_float if node.tag.endswith("float") else loader.construct_yaml_int
    return read(node)


for _tag in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _number)

_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL or first in "tTfF"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; no anchors, because the loader takes none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def load(text: str) -> Any:
    """The one document of the text as plain values. Raises YamlError."""
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise YamlError(f"The file has {size:,} bytes; {MOST_BYTES:,} are the most.")
    try:
        _check(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"Line {mark.line + 1}: " if mark else ""
        raise YamlError(f"{where}{error.problem or error.context or 'this is not YAML'}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlError(f"This is not YAML: {error}.") from error
    except YamlError:
        raise
    except (ValueError, OverflowError) as error:  # of a value, such as the 31st of February
        raise YamlError(f"A value cannot be read: {error}.") from error


def dump(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _check(text: str) -> None:
    """Refuses anchors, aliases and depth before anything is built of them."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(f"Line {line}: anchors and aliases (& and *) are not taken; write the values out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise YamlError(f"Line {line}: this is nested too deeply.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
