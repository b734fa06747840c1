"""The command line: plan, run, mix, stages, report, trace, what-if, calibrate, docs.

Results go to stdout, progress and errors to stderr. Modules that are slow to import are
imported by the command that needs them, so that --help answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .arguments import above_zero, n_cores, percentile, positive, seed, whole
from .errors import CorpusmillError, InputError, StageError

if TYPE_CHECKING:
    from .engine import EngineFactory
    from .plan import Plan

INTERRUPTED = 130
Subparsers = Any


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit code of DESIGN: 0, 2 recipe or plan, 3 input, 4 stage, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "plugin", None) and "" not in sys.path:  # plugins may lie where the command is given,
        sys.path.append("")  # but nothing there may take the place of a module of ours
    try:
        return int(arguments.command(arguments))
    except CorpusmillError as error:
        if isinstance(error, StageError) and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted: run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="corpusmill", description="Raw text to a clean corpus, every drop explained.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_plan(commands)
    _add_run(commands)
    _add_mix(commands)
    _add_stages(commands)
    _add_report(commands)
    _add_trace(commands)
    _add_what_if(commands)
    _add_calibrate(commands)
    _add_docs(commands)
    return parser


def _command(
    commands: Subparsers, function: Callable[[argparse.Namespace], int], help: str, example: str
) -> argparse.ArgumentParser:
    name = function.__name__.removeprefix("_").replace("_", "-")
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog="example:\n  " + example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=function)
    parser.add_argument("--plugin", action="append", default=[], metavar="MODULE", help="a module with more stages")
    return parser


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _recipe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe file")
    parser.add_argument("--until", metavar="STAGE", help="the last stage to run (`read`: none)")
    parser.add_argument("--out", metavar="DIR", help="the run folder (default: runs/<name of the recipe>)")
    _json_option(parser)


def _add_plan(commands: Subparsers) -> None:
    example = "corpusmill plan recipes/quickstart.yaml --until quality"
    _recipe_arguments(_command(commands, _plan, "check a recipe and show the passes it takes over the text", example))


def _add_run(commands: Subparsers) -> None:
    example = "corpusmill run recipes/quickstart.yaml --until pii --workers 2 --out runs/first"
    parser = _command(commands, _run, "run a recipe, or go on with a run that was stopped", example)
    _recipe_arguments(parser)
    _engine_arguments(parser)


def _engine_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=positive, default=n_cores(), metavar="N", help="processes (default: cores)")
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where tasks run: here, or on Ray, started here or joined at RAY_ADDRESS (default: local)",
    )


def _add_mix(commands: Subparsers) -> None:
    example = "corpusmill mix runs/quickstart --mixture natural --tokens 100_000"
    parser = _command(commands, _mix, "write the corpus to train on, mixed from a run's packed tokens", example)
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument("--mixture", required=True, metavar="NAME", help="natural, uniform, or one the recipe names")
    parser.add_argument("--tokens", required=True, type=positive, metavar="N", help="tokens of the whole corpus")
    parser.add_argument("--max-epochs", type=above_zero, default=4.0, metavar="X", help="repeats at most (default: 4)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the shuffle (default: 0)")
    parser.add_argument("--out", metavar="DIR", help="the new folder (default: below RUN/mix)")
    parser.add_argument("--data", metavar="LABEL", help="the stage that packed (default: the one of the ablation)")
    _json_option(parser)
    _engine_arguments(parser)


def _add_stages(commands: Subparsers) -> None:
    parser = _command(commands, _stages, "list the stages, or describe one", "corpusmill stages quality")
    parser.add_argument("stage", nargs="?", metavar="STAGE", help="the stage to describe")
    _json_option(parser)


def _add_report(commands: Subparsers) -> None:
    parser = _command(commands, _report, "write a run's report anew", "corpusmill report runs/quickstart")
    parser.add_argument("run", metavar="RUN", help="a run folder")
    _json_option(parser)


def _add_trace(commands: Subparsers) -> None:
    example = "corpusmill trace runs/quickstart 5f2c7d0e9a4b41d8b1c3e6f7a8d90b12"
    parser = _command(commands, _trace, "tell what happened to one document, and why", example)
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument("uid", metavar="UID", help="the document's uid, or the beginning of it")
    _json_option(parser)


def _add_what_if(commands: Subparsers) -> None:
    example = "corpusmill what-if runs/quickstart --set quality.min_words=30 --set length.min_words=20"
    parser = _command(commands, _what_if, "count what other limits would have kept of a run, without its text", example)
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--set", action="append", required=True, metavar="STAGE.OPTION=VALUE", help="an option that only judges"
    )
    parser.add_argument("--examples", type=whole, default=3, metavar="N", help="of each kind of change (default: 3)")
    _json_option(parser)


def _add_calibrate(commands: Subparsers) -> None:
    example = "corpusmill calibrate recipes/web-zh-en.yaml --reference 'good/de/*.jsonl.zst' --language de"
    parser = _command(commands, _calibrate, "derive a language's thresholds from text that you trust", example)
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe file; its stages measure, and drop nothing")
    parser.add_argument("--reference", nargs="+", required=True, metavar="FILE", help="files, patterns or URLs")
    parser.add_argument("--language", required=True, metavar="CODE", help="of the reference, such as de")
    parser.add_argument(
        "--percentile", type=percentile, default=1.0, metavar="P", help="of the reference fails a rule (default: 1)"
    )
    parser.add_argument("--stage", metavar="LABEL", help="the stage to calibrate (default: the one with profiles)")
    parser.add_argument("--reader", metavar="NAME", help="what reads the files (default: by their suffix)")
    parser.add_argument("--text", metavar="FIELD", help="the field with the text (default: text)")
    parser.add_argument("--out", metavar="FILE", help="the new profile (default: profiles/<language>.yaml)")
    _json_option(parser)


def _add_docs(commands: Subparsers) -> None:
    parser = _command(commands, _docs, "write the reference of recipes and its JSON Schema", "corpusmill docs --check")
    parser.add_argument("--folder", default="recipes", metavar="DIR", help="where they are (default: recipes)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if they are not up to date")


def _load(arguments: argparse.Namespace) -> None:
    """Make all stages and readers known."""
    from .readers.base import load_readers
    from .stage import load_stages

    load_stages(arguments.plugin)
    load_readers()


def _make_plan(arguments: argparse.Namespace) -> Plan:
    from .plan import make_plan
    from .recipe import load_recipe

    _load(arguments)
    return make_plan(load_recipe(arguments.recipe), arguments.until)


def _run_folder(arguments: argparse.Namespace, name: str) -> str:
    folder: str = arguments.out or os.path.join("runs", name)
    return folder if "://" in folder else os.path.abspath(folder)


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, indent=1))


def _plan(arguments: argparse.Namespace) -> int:
    from .ablation import check_ablation
    from .display import plan_json, print_plan
    from .variants import check_variants

    plan = _make_plan(arguments)
    check_ablation(plan)
    check_variants(plan)
    described = plan_json(plan, _run_folder(arguments, plan.recipe.name))
    if arguments.json:
        _print_json(described)
    else:
        print_plan(described)
    return 0


def _engine(name: str) -> EngineFactory:
    """The engine that an option names. Raises InputError if its package is not installed."""
    if name == "local":
        from .engine import LocalEngine

        return LocalEngine
    try:
        from .engine_ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError("--engine ray needs Ray: pip install 'corpusmill[ray]'") from error
    return RayEngine


def _run(arguments: argparse.Namespace) -> int:
    from .display import print_result, progress, result_json
    from .run import run_plan

    plan = _make_plan(arguments)
    folder = _run_folder(arguments, plan.recipe.name)
    with progress(quiet=arguments.json) as shown:
        result = run_plan(plan, folder, arguments.workers, shown, _engine(arguments.engine))
    if arguments.json:
        _print_json(result_json(result))
    else:
        print_result(result)
    return 0


def _mix(arguments: argparse.Namespace) -> int:
    from .display import print_mix, progress
    from .mix import Asked, mix

    _load(arguments)
    asked = Asked(arguments.mixture, arguments.tokens, arguments.seed, arguments.max_epochs, arguments.data)
    run, out = (os.path.abspath(path) if path else path for path in (arguments.run, arguments.out))
    with progress(quiet=arguments.json) as shown:
        account = mix(run, asked, out, arguments.workers, shown, _engine(arguments.engine))
    if arguments.json:
        _print_json(account)
    else:
        print_mix(account)
    return 0


def _stages(arguments: argparse.Namespace) -> int:
    from .reference import stage_json, stage_page
    from .stage import find_stage, load_stages

    stages = load_stages(arguments.plugin)
    chosen = {arguments.stage: find_stage(arguments.stage)} if arguments.stage else stages
    if arguments.json:
        _print_json({name: stage_json(cls) for name, cls in chosen.items()})
    elif arguments.stage:
        print(stage_page(chosen[arguments.stage]))
    else:
        for name, cls in chosen.items():
            print(f"{name:<18}{(cls.__doc__ or '').strip().splitlines()[0]}")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from .report import write_report

    path = write_report(arguments.run)
    if arguments.json:
        _print_json({"report": path})
    else:
        print(path)
    return 0


def _trace(arguments: argparse.Namespace) -> int:
    from .display import print_lines, story_lines
    from .trace import story

    _load(arguments)
    told = story(arguments.run, arguments.uid)
    if arguments.json:
        _print_json(told)
    else:
        print_lines(story_lines(told))
    return 0


def _what_if(arguments: argparse.Namespace) -> int:
    from .answers import what_if_lines
    from .display import print_lines, progress
    from .what_if import parse_change, what_if

    _load(arguments)
    changes = [parse_change(text) for text in arguments.set]
    with progress(quiet=arguments.json) as shown:
        answer = what_if(arguments.run, changes, arguments.examples, shown)
    if arguments.json:
        _print_json(answer)
    else:
        print_lines(what_if_lines(answer))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from .answers import calibration_lines
    from .calibrate import Asked, calibrate, check_out, write_profile
    from .display import print_lines, progress

    _load(arguments)
    names = (name for name in Asked._fields if name != "reference")
    asked = Asked(reference=tuple(arguments.reference), **{name: getattr(arguments, name) for name in names})
    path = arguments.out or os.path.join("profiles", f"{asked.language}.yaml")
    check_out(path)
    with progress(quiet=arguments.json) as shown:
        found = calibrate(asked, shown)
    write_profile(path, found["profile"])
    if arguments.json:
        _print_json({"path": path, **found})
    else:
        print_lines(calibration_lines(found, path))
    return 0


def _docs(arguments: argparse.Namespace) -> int:
    from .reference import pages, write_pages

    _load(arguments)
    stale = write_pages(arguments.folder, pages(), check=arguments.check)
    for path in stale:
        print(f"{path} is not up to date: run `corpusmill docs`" if arguments.check else path)
    return 1 if arguments.check and stale else 0
