"""Arrow IPC files and streams (`.arrow`, Feather version 2), read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from pipeline import storage
from pipeline.errors import InputError

from .base import Bad, Document, Input, reader
from .files import TableReader
from .tables import BATCH_ROWS, check_columns, rows

FILE_MAGIC = b"ARROW1"


@reader("arrow")
class Arrow(TableReader):
    """A document per row of Arrow IPC files, in the file or the stream format.

    The text column may be text or bytes. Other columns go to `meta`: dates, times and decimals as text,
    bytes as base64, durations as integers in their own unit. A row without text is a bad row, `null_text`.
    Memory holds one record batch as it was written.

        sources:
          clean: {reader: arrow, paths: ["runs/first/out/*.arrow"], id: uid}
    """

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """A Document or Bad per row. Raises InputError for a file that is not whole or lacks a column."""
        with storage.open_read(item.location) as file:
            try:
                row = 0
                for batch in self._batches(file, item.location):
                    yield from rows(batch, row, self, item.location)
                    row += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise InputError(
                    f"{item.location} is not a whole Arrow file ({error}): if it is half-written, write it again"
                ) from error

    def _batches(self, file: BinaryIO, where: str) -> Iterator[pa.RecordBatch]:
        """Slices of the record batches, at most BATCH_ROWS rows each."""
        magic = file.read(len(FILE_MAGIC))
        file.seek(0)
        opened = pa.ipc.open_file(file) if magic == FILE_MAGIC else pa.ipc.open_stream(file)
        check_columns(opened.schema.names, self, where)
        if magic == FILE_MAGIC:
            batches = (opened.get_batch(i) for i in range(opened.num_record_batches))
        else:
            batches = iter(opened)
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)
