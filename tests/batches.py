"""Record batches of documents, as stages get them."""

from __future__ import annotations

import pyarrow as pa

from pipeline.rows import DOCUMENT, rank_of


def documents(
    texts: list[str], sources: list[str] | None = None, first_row: int = 0, languages: list[str] | None = None
) -> pa.RecordBatch:
    """A batch of these texts, each of source `web` unless `sources` says otherwise.

    With `languages`, it has the column `language_label`, as after the stage `language`.
    """
    rows = [
        {
            "uid": f"{first_row + row:032x}",
            "rank": rank_of(0, 0, first_row + row),
            "source": sources[row] if sources else "web",
            "origin": f"a.jsonl:{first_row + row + 1}",
            "id": "",
            "meta": "{}",
            "broken_utf8": 0,
            "text": text,
        }
        for row, text in enumerate(texts)
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)
    return batch if languages is None else batch.append_column("language_label", pa.array(languages, pa.string()))
