"""How the measures of training are written for people."""

from __future__ import annotations


def bits(value: float, digits: int = 4) -> str:
    """Bits per byte."""
    return f"{value:.{digits}f}"


def difference(value: float, margin: float | None, digits: int = 4) -> str:
    """Bits per byte above the best, with what the noise leaves open, if that is known."""
    return f"{value:+.{digits}f}" + ("" if margin is None else f" ± {margin:.{digits}f}")


def percent(share: float) -> str:
    """A weight, with as many digits as it takes."""
    return f"{100 * share:.3g} %"


def duration(seconds: float) -> str:
    """Seconds, or minutes, or hours, with what is left over."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def operations(value: float) -> str:
    """Floating-point operations with one to three digits before the point."""
    for unit in ("", "k", "M", "G", "T", "P", "E"):
        if abs(value) < 1000 or unit == "E":
            break
        value /= 1000
    return f"{value:,.0f} {unit}FLOP" if unit in ("", "E") else f"{value:,.1f} {unit}FLOP"


def count(value: float) -> str:
    """A number of tokens on an axis: 1 k, 2.5 M."""
    for unit in ("", " k", " M", " G", " T"):
        if abs(value) < 1000 or unit == " T":
            break
        value /= 1000
    return f"{value:g}{unit}"
