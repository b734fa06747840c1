"""Hugging Face datasets, local or from the hub, streamed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline import storage
from pipeline.errors import InputError, OptionError
from pipeline.schema import option

from .base import Bad, Document, Input, Reader, reader
from .files import Fields
from .tables import BATCH_ROWS, check_columns, rows

SAVED = ("state.json", "dataset_dict.json")
"""Files by which a folder that `save_to_disk` wrote is known."""

_INSTALL = 'the reader datasets needs the package datasets: pip install "corpusmill[hub]"'


@dataclass(frozen=True, kw_only=True)
class _Place:
    path: str = option(help="a folder relative to the recipe's, or a name on the hub such as allenai/c4")
    subset: str = option("", "configuration of the dataset (empty: its default)")
    splits: tuple[str, ...] = option(("train",), "splits to read, in this order")
    revision: str = option("", "branch, tag or commit on the hub (empty: the newest, resolved when the run is planned)")


@reader("datasets")
class Datasets(Fields, _Place, Reader):
    """A document per example of a Hugging Face dataset, which is streamed and not downloaded as a whole.

    A folder may hold data files (JSONL, Parquet, CSV ...) or what `save_to_disk` wrote. An input is one split.
    Other columns go to `meta`, as from Parquet. An example without text is a bad row, `null_text`.

        sources:
          c4: {reader: datasets, path: allenai/c4, subset: en, revision: main, columns: [url]}
    """

    libraries = ("datasets",)

    def check(self) -> None:
        """Raises OptionError if no split is named."""
        if not self.splits:
            raise OptionError("splits", "reader datasets option 'splits' must name at least one split")

    def inputs(self, folder: str) -> list[Input]:
        """One per split. Raises InputError if the folder has no files, or the hub cannot be asked."""
        local = storage.join(folder, storage.expand_user(self.path))
        if storage.exists(local):
            found = storage.find(folder, self.path)
            listing = repr([(file.name, file.size, file.stamp) for file in found])
            location, stamp = local, hashlib.sha256(listing.encode()).hexdigest()
            size = sum(file.size for file in found)
        elif re.fullmatch(r"[\w.-]+(/[\w.-]+)?", self.path) and not self.path.startswith("."):
            stamp, size = self._commit(), 0
            location = f"{self.path}@{stamp}"
        else:
            raise InputError(f"there is no folder {local}")
        title = self.path.rstrip("/").rpartition("/")[2]
        return [Input(f"{title}/{split}", location, size, stamp) for split in self.splits]

    def _commit(self) -> str:
        """The commit that the revision means now."""
        if re.fullmatch(r"[0-9a-f]{40}", self.revision):
            return self.revision
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            raise InputError(_INSTALL) from error
        import httpx

        try:
            return str(HfApi().dataset_info(self.path, revision=self.revision or None).sha)
        except (OSError, ValueError, httpx.HTTPError) as error:
            raise InputError(
                f"cannot ask the hub about the dataset {self.path} ({_first_line(error)}):"
                " check its name and the network, or give a folder"
            ) from error

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """A Document or Bad per example. Raises InputError if the dataset cannot be opened or breaks off."""
        split = item.name.rpartition("/")[2]
        where, row = f"{self.path} ({split})", 0
        for table in self._tables(item, split, where):
            for batch in table.to_batches():
                yield from rows(batch, row, self, where, origin=f"{self.path}/{split}")
                row += batch.num_rows

    def _tables(self, item: Input, split: str, where: str) -> Iterator[pa.Table]:
        try:
            import datasets
        except ImportError as error:
            raise InputError(_INSTALL) from error
        try:
            examples = self._open(item, split)
            if examples.column_names is not None:
                check_columns(examples.column_names, self, where)
                if self.columns is not None:
                    examples = examples.select_columns(list(dict.fromkeys(self.named())))
            for table in examples.with_format("arrow").iter(BATCH_ROWS):
                check_columns(table.column_names, self, where)
                yield table
        except InputError:
            raise
        except (OSError, ValueError, KeyError, datasets.exceptions.DatasetsError) as error:
            raise InputError(f"cannot read the dataset {where}: {_first_line(error)}") from error

    def _open(self, item: Input, split: str) -> Any:
        """The split as an IterableDataset."""
        import datasets

        if any(storage.exists(storage.join(item.location, name)) for name in SAVED):
            return self._open_saved(item.location, split)
        path, _, commit = item.location.partition("@") if item.size == 0 else (item.location, "", "")
        return datasets.load_dataset(path, self.subset or None, split=split, revision=commit or None, streaming=True)

    def _open_saved(self, folder: str, split: str) -> Any:
        import datasets

        if self.subset:
            raise InputError(f"{folder} was written by save_to_disk and has no subsets: leave out 'subset'")
        saved = datasets.load_from_disk(folder)
        if isinstance(saved, datasets.DatasetDict):
            if split not in saved:
                raise InputError(f"{folder} has no split '{split}' (there is: {', '.join(saved)})")
            saved = saved[split]
        return saved.to_iterable_dataset()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
