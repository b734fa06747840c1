"""What the tests of readers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.readers.base import Bad, Document, Reader

Rows = list[Document | Bad]


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[Reader], Rows]:
    """All rows of all inputs of a reader whose recipe is in tmp_path."""

    def read(reader: Reader) -> Rows:
        return [row for item in reader.inputs(str(tmp_path)) for row in reader.read(item)]

    return read


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Write a file below tmp_path, text as UTF-8 with its line ends kept."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put
