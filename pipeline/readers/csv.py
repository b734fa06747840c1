"""CSV and its relatives (TSV), plain or compressed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from pipeline.errors import InputError, OptionError
from pipeline.schema import option

from .base import Bad, Document, Input, reader
from .files import TableReader, excerpt
from .streams import decode, lines, open_input
from .tables import check_columns
from .values import plain_text

if TYPE_CHECKING:
    from _csv import Reader as Parser

Record: TypeAlias = list[str] | csv.Error


@reader("csv")
class Csv(TableReader):
    """A document per record of comma-separated files; compressed if the name ends in .gz, .zst, .bz2 or .xz.

    Fields may be quoted and then hold line ends; a doubled quote stands for one. Blank lines are skipped. A row's
    number is that of the line on which its record begins. A record with too few or too many fields is a bad row,
    `wrong_field_count`, and one with a stray quote another, `bad_quotes`.

        sources:
          forum: {reader: csv, paths: ["data/posts.tsv.gz"], text: body, delimiter: "\\t"}
    """

    delimiter: str = option(",", "the character between fields")
    quote: str = option('"', "the character around fields (empty: none)")
    names: tuple[str, ...] = option((), "column names of files without a header line (empty: the first line has them)")
    max_field_mb: float = option(
        64.0, "million characters; a longer field ends the run, for its quote is likely never closed", ge=0.0001
    )

    def check(self) -> None:
        """Raises OptionError if delimiter or quote is not a single character."""
        super().check()
        if len(self.delimiter) != 1:
            raise OptionError(
                "delimiter", f"reader csv option 'delimiter' must be one character, got {self.delimiter!r}"
            )
        if len(self.quote) > 1 or self.quote == self.delimiter:
            raise OptionError(
                "quote", f"reader csv option 'quote' must be one other character or empty, got {self.quote!r}"
            )

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """A Document or Bad per record. Raises InputError for a field over the limit or a missing column."""
        with open_input(item.location) as file:
            most = int(self.max_field_mb * 1_000_000)
            records = _records(self._parser(_text_lines(file, most, item.location)), most, item.location)
            names = list(self.names) or self._header(records, item.location)
            check_columns(names, self, item.location)
            for row, values in records:
                where = f"{item.location}:{row + 1}"
                if isinstance(values, csv.Error):
                    yield Bad(row, "bad_quotes", f"{where}: the quotes of the record do not match ({values})")
                elif len(values) != len(names):
                    what = f"the record has {len(values)} fields, and the file {len(names)} columns"
                    yield Bad(
                        row,
                        "wrong_field_count",
                        f"{where}: {what}",
                        excerpt(plain_text(self.delimiter.join(values))),
                    )
                else:
                    fields = dict(zip(names, values, strict=True))
                    own_id, meta = self.split(fields)
                    yield Document(row, fields[self.text], own_id, meta)

    def _header(self, records: Iterator[tuple[int, Record]], where: str) -> list[str]:
        header = next(records, (0, None))[1]
        if not isinstance(header, list):
            raise InputError(f"{where} has no header line: write one, or give the option 'names'")
        return [plain_text(name) for name in header]

    def _parser(self, content: Iterator[str]) -> Parser:
        if not self.quote:
            return csv.reader(content, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(content, delimiter=self.delimiter, quotechar=self.quote, strict=True)


def _text_lines(file: BinaryIO, most: int, where: str) -> Iterator[str]:
    for line in lines(file, most):
        if not line.whole:
            raise InputError(f"{where}:{line.row + 1}: the line is longer than max_field_mb ({most / 1e6:g} MB)")
        yield decode(line.data)


def _records(parser: Parser, most: int, where: str) -> Iterator[tuple[int, Record]]:
    """(0-based line on which it begins, fields or what is wrong with them) per record that is not blank."""
    while True:
        row = parser.line_num
        csv.field_size_limit(most)  # one for the whole process, so it is set before each use
        try:
            fields: Record | None = next(parser, None)
        except csv.Error as error:
            if "field limit" in str(error):
                raise InputError(
                    f"{where}:{row + 1}: a field that begins in this record is longer than max_field_mb"
                    f" ({most / 1e6:g} million characters): is its quote never closed?"
                ) from error
            fields = error
        if fields is None:
            return
        if fields:
            yield row, fields
