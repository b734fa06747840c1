"""Plain text and source trees: one document per file."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pipeline.errors import InputError
from pipeline.schema import option

from .base import Bad, Document, Input, reader
from .files import FileReader
from .streams import BOM, open_input


@reader("text")
class Text(FileReader):
    """One document per file: text files, or the files of a source tree.

    Patterns of `include` and `exclude` are matched against a file's whole name, in which `*` also matches `/`.
    Hidden files are left out. A file over max_file_mb is a bad row, `file_too_big`; one that holds a NUL byte
    another, `binary`. A name ending in .gz, .zst, .bz2 or .xz is decompressed.

        sources:
          code: {reader: text, paths: [projects], include: ["*.py", "*.md"], exclude: ["*/vendor/*"]}
    """

    include: tuple[str, ...] = option((), "patterns of the names to take (empty: all)")
    exclude: tuple[str, ...] = option((), "patterns of the names to leave out")
    max_file_mb: float = option(16.0, "MB; a bigger file is a bad row", ge=0.0001)

    def inputs(self, folder: str) -> list[Input]:
        """The files that match, sorted by name. Raises InputError if there are none."""
        found = [item for item in super().inputs(folder) if self._takes(item.name)]
        if not found:
            raise InputError(f"no file below {', '.join(self.paths)} passes 'include' and 'exclude'")
        return found

    def _takes(self, name: str) -> bool:
        included = not self.include or any(fnmatchcase(name, pattern) for pattern in self.include)
        return included and not any(fnmatchcase(name, pattern) for pattern in self.exclude)

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """One Document or Bad."""
        most = int(self.max_file_mb * 1_000_000)
        with open_input(item.location) as file:
            data = file.read(most + 1)
        if len(data) > most:
            yield Bad(0, "file_too_big", f"{item.location}: the file is bigger than {self.max_file_mb} MB")
        elif b"\0" in data:
            yield Bad(0, "binary", f"{item.location}: the file is not text, for it holds a NUL byte")
        else:
            yield Document(0, data.removeprefix(BOM), origin=item.name)
