"""The commands about judging: what-if, calibrate, train-classifier, classifier, train-lm, train-tokenizer."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .arguments import percentile, whole
from .cli_parts import Subparsers, add_command, json_option, load, terminable, workers_option

if TYPE_CHECKING:
    from .train_fit import Command

HOLDS_WORDS = """\
The file holds every word that occurs often enough, and nothing is scrubbed
first: names and addresses too. Think of that before you share it."""
HOLDS_TEXT = """\
The file's tokens spell what the files have often, and nothing is scrubbed first.
Think of that before you share it."""


def add_commands(commands: Subparsers) -> None:
    """Make them known to the parser."""
    _add_what_if(commands)
    _add_calibrate(commands)
    _add_train_classifier(commands)
    _add_classifier(commands)
    _add_train_lm(commands)
    _add_train_tokenizer(commands)


def _add_what_if(commands: Subparsers) -> None:
    example = "corpusmill what-if runs/quickstart --set quality.min_words=30 --set length.min_words=20"
    parser = add_command(
        commands, _what_if, "count what other limits would have kept of a run, without its text", example
    )
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--set", action="append", required=True, metavar="STAGE.OPTION=VALUE", help="an option that only judges"
    )
    parser.add_argument("--examples", type=whole, default=3, metavar="N", help="of each kind of change (default: 3)")
    json_option(parser)


def _add_calibrate(commands: Subparsers) -> None:
    example = "corpusmill calibrate recipes/web-zh-en.yaml --reference 'good/de/*.jsonl.zst' --language de"
    parser = add_command(commands, _calibrate, "derive a language's thresholds from text that you trust", example)
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe file; its stages measure, and drop nothing")
    parser.add_argument("--reference", nargs="+", required=True, metavar="FILE", help="files, patterns or URLs")
    parser.add_argument("--language", required=True, metavar="CODE", help="of the reference, such as de")
    parser.add_argument(
        "--percentile", type=percentile, default=1.0, metavar="P", help="of the reference fails a rule (default: 1)"
    )
    parser.add_argument("--stage", metavar="LABEL", help="the stage to calibrate (default: the one with profiles)")
    _file_options(parser)
    parser.add_argument("--out", metavar="FILE", help="the new profile (default: profiles/<language>.yaml)")
    json_option(parser)


def _file_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reader", metavar="NAME", help="what reads the files (default: by their suffix)")
    parser.add_argument("--text", metavar="FIELD", help="the field with the text (default: text)")


def _add_train_classifier(commands: Subparsers) -> None:
    example = "corpusmill train-classifier --positives books/*.jsonl --negatives web.jsonl.zst --out good.zip"
    what = "train a classifier that tells good documents from others"
    parser = add_command(commands, _train_classifier, what, example, more=HOLDS_WORDS)
    parser.add_argument(
        "--positives", nargs="+", required=True, metavar="FILE", help="good ones: files, patterns, URLs"
    )
    parser.add_argument("--negatives", nargs="+", required=True, metavar="FILE", help="the candidates, good and bad")
    parser.add_argument("--out", required=True, metavar="FILE", help="the new file, a .zip")
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the stage classifier_model"
    )
    _file_options(parser)
    workers_option(parser)
    json_option(parser)


def _add_classifier(commands: Subparsers) -> None:
    example = "corpusmill classifier --model good.zip --score new/*.jsonl --out scores.jsonl"
    parser = add_command(commands, _classifier, "score the documents of files, as lines of JSON", example)
    parser.add_argument("--model", required=True, metavar="FILE", help="made by train-classifier, or by fastText")
    parser.add_argument("--score", nargs="+", required=True, metavar="FILE", help="files, patterns or URLs, in order")
    parser.add_argument("--label", default="", metavar="NAME", help="whose probability is the score, for fastText's")
    _file_options(parser)
    parser.add_argument("--out", metavar="FILE", help="the new file (default: stdout)")


def _add_train_lm(commands: Subparsers) -> None:
    example = "corpusmill train-lm books/*.jsonl --reference wiki.jsonl.zst --out good.lm"
    what = "train n-gram language models, by which `perplexity` judges"
    parser = add_command(commands, _train_lm, what, example, more=HOLDS_WORDS)
    parser.add_argument("files", nargs="+", metavar="FILE", help="to learn from: files, patterns, URLs")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the new file; ending in .arpa or .arpa.gz: as such"
    )
    parser.add_argument(
        "--reference", nargs="+", default=[], metavar="FILE", help="to take bounds from (default: what is held out)"
    )
    parser.add_argument("--language", metavar="CODE", help="the only one to learn, such as de (default: all)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the stage ngram_model"
    )
    _file_options(parser)
    workers_option(parser)
    json_option(parser)


def _add_train_tokenizer(commands: Subparsers) -> None:
    example = "corpusmill train-tokenizer web/*.jsonl.zst books.txt --vocab-size 16384 --out tokenizer.json"
    what = "train a tokenizer, for `tokenizers` and `transformers`"
    parser = add_command(commands, _train_tokenizer, what, example, more=HOLDS_TEXT)
    parser.add_argument("files", nargs="+", metavar="FILE", help="to learn from: files, patterns, URLs")
    parser.add_argument("--out", required=True, metavar="FILE", help="the new file, a tokenizer.json")
    parser.add_argument("--vocab-size", type=whole, metavar="N", help="tokens at most (default: 32768)")
    parser.add_argument("--algorithm", metavar="NAME", help="bpe (default), wordpiece or unigram")
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the stage tokenizer"
    )
    _file_options(parser)
    workers_option(parser)
    json_option(parser)


def _what_if(arguments: argparse.Namespace) -> int:
    from .answers import what_if_lines
    from .display import print_json, print_lines, progress
    from .what_if import parse_change, what_if

    load(arguments)
    changes = [parse_change(text) for text in arguments.set]
    with progress(quiet=arguments.json) as shown:
        answer = what_if(arguments.run, changes, arguments.examples, shown)
    if arguments.json:
        print_json(answer)
    else:
        print_lines(what_if_lines(answer))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from .answers import calibration_lines
    from .calibrate import Asked, calibrate, write_profile
    from .display import print_json, print_lines, progress
    from .given_files import check_out

    load(arguments)
    names = (name for name in Asked._fields if name != "reference")
    asked = Asked(reference=tuple(arguments.reference), **{name: getattr(arguments, name) for name in names})
    path = arguments.out or os.path.join("profiles", f"{asked.language}.yaml")
    check_out(path)
    with progress(quiet=arguments.json) as shown:
        found = calibrate(asked, shown)
    write_profile(path, found["profile"])
    if arguments.json:
        print_json({"path": path, **found})
    else:
        print_lines(calibration_lines(found, path))
    return 0


def _train_classifier(arguments: argparse.Namespace) -> int:
    from .answers import classifier_lines
    from .train_fit import CLASSIFIER, parse_options

    files = {"--positives": tuple(arguments.positives), "--negatives": tuple(arguments.negatives)}
    return _train(arguments, CLASSIFIER, files, parse_options(arguments.set, CLASSIFIER), classifier_lines)


def _train_lm(arguments: argparse.Namespace) -> int:
    from .answers import lm_lines
    from .train_fit import LM, parse_options, with_language

    options = with_language(parse_options(arguments.set, LM), arguments.language)
    files = {"": tuple(arguments.files), "--reference": tuple(arguments.reference)}
    return _train(arguments, LM, files, options, lm_lines)


def _train_tokenizer(arguments: argparse.Namespace) -> int:
    from .answers import tokenizer_lines
    from .train_fit import TOKENIZER, parse_options, with_flags

    given = {"vocab_size": arguments.vocab_size, "algorithm": arguments.algorithm}
    options = with_flags(parse_options(arguments.set, TOKENIZER), given)
    return _train(arguments, TOKENIZER, {"": tuple(arguments.files)}, options, tokenizer_lines)


def _train(
    arguments: argparse.Namespace,
    command: Command,
    files: dict[str, tuple[str, ...]],
    options: dict[str, Any],
    lines: Callable[[dict[str, Any], str], Iterator[str]],
) -> int:
    from .display import print_json, print_lines, progress
    from .train_fit import Asked, train

    load(arguments)
    asked = Asked(files, options, arguments.reader, arguments.text)
    with terminable(), progress(quiet=arguments.json) as shown:
        facts = train(command, asked, arguments.out, arguments.workers, shown)
    if arguments.json:
        print_json({"path": arguments.out, **facts})
    else:
        print_lines(lines(facts, arguments.out))
    return 0


def _classifier(arguments: argparse.Namespace) -> int:
    from .answers import score_lines
    from .display import print_data, print_lines, progress
    from .score import Asked, Scores, score, write_scores

    load(arguments)
    asked = Asked(arguments.model, tuple(arguments.score), arguments.label, arguments.reader, arguments.text)
    found = Scores()
    with progress(quiet=not arguments.out and sys.stdout.isatty()) as shown:
        lines = score(asked, found, shown)
        if arguments.out:
            write_scores(arguments.out, lines)
        else:
            print_data(lines)
    print_lines(score_lines(found.summary()), sys.stderr)
    return 0
