"""Parquet files, read a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.errors import InputError

from .base import Bad, Document, Input, reader
from .files import TableReader
from .tables import BATCH_ROWS, check_columns, rows


@reader("parquet")
class Parquet(TableReader):
    """A document per row of Parquet files.

    The text column may be text or bytes. Other columns go to `meta`: dates, times and decimals as text,
    bytes as base64, durations as integers in their own unit. A row without text is a bad row, `null_text`.

        sources:
          web: {reader: parquet, paths: ["data/*.parquet"], text: content, columns: [url, date]}
    """

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """A Document or Bad per row. Raises InputError for a file that is not whole or lacks a column."""
        with storage.open_read(item.location) as file:
            try:
                parquet = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
                names = parquet.schema_arrow.names
                check_columns(names, self, item.location)
                wanted = None if self.columns is None else [name for name in names if name in self.named()]
                row = 0
                for batch in parquet.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False):
                    yield from rows(batch, row, self, item.location)
                    row += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise InputError(
                    f"{item.location} is not a whole Parquet file ({error}): if it is half-written, write it again"
                ) from error
