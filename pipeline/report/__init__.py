"""The report: what is in `out/`, as JSON, Markdown and one page of HTML that needs nothing else.

`collect` reads a run; `render_html` and `render_markdown` are pure functions of what it returns.
"""

from __future__ import annotations

from pipeline import storage

from .collect import collect
from .html import render_html
from .markdown import render_markdown

__all__ = ["collect", "has_report", "render_html", "render_markdown", "write_report"]


FILES = ("report.json", "report.md", "index.html")


def has_report(run: str) -> bool:
    """Whether all files of `out/report/` are there."""
    return all(storage.exists(storage.join(run, "out", "report", name)) for name in FILES)


def write_report(run: str) -> str:
    """Write `out/report/`, the page last, and return its path. Raises InputError if the run is not complete."""
    data = collect(run)
    folder = storage.join(run, "out", "report")
    storage.write_json(storage.join(folder, "report.json"), data)
    storage.write_bytes(storage.join(folder, "report.md"), render_markdown(data).encode())
    page = storage.join(folder, "index.html")
    storage.write_bytes(page, render_html(data).encode())
    return page
