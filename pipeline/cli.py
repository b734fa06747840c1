"""The command line: plan, run, mix, stages, report, trace, docs, and the commands of `cli_judging`.

Results go to stdout, progress and errors to stderr. Modules that are slow to import are
imported by the command that needs them, so that --help answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from typing import TYPE_CHECKING

from . import cli_judging
from .arguments import above_zero, positive, seed
from .cli_parts import Subparsers, Terminated, add_command, json_option, load, workers_option
from .errors import CorpusmillError, InputError, StageError, interruption, shortened

if TYPE_CHECKING:
    from .engine import EngineFactory
    from .plan import Plan

INTERRUPTED, TERMINATED = 130, 143
MAX_MESSAGE, MAX_TRACEBACK = 4_000, 40_000
"""Characters of an error that are shown: a file may have put anything into it."""


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 recipe or plan, 3 input, 4 stage, 130 interrupted, 143 terminated."""
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "plugin", None) and "" not in sys.path:  # plugins may lie where the command is given,
        sys.path.append("")  # but nothing there may take the place of a module of ours
    try:
        return int(arguments.command(arguments))
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        stopped = interruption(error)
        if stopped is not None:
            return _stopped(stopped, arguments)
        if not isinstance(error, CorpusmillError):
            raise
        _tell(error)
        return error.exit_code


def _stopped(stopped: KeyboardInterrupt, arguments: argparse.Namespace) -> int:
    is_terminated = isinstance(stopped, Terminated)
    then = "run the same command again to go on" if arguments.goes_on else "the same command starts over"
    print(f"{'terminated' if is_terminated else 'interrupted'}: {then}", file=sys.stderr)
    return TERMINATED if is_terminated else INTERRUPTED


def _tell(error: CorpusmillError) -> None:
    """The error on one line, after the traceback of what made a stage fail."""
    from .display import printable

    message = str(error)
    if not isinstance(error, StageError):  # whose parts are bounded, but for the command that runs it again
        message = shortened(message, MAX_MESSAGE)
    elif error.__cause__ is not None:
        said = "".join(traceback.format_exception(error.__cause__))
        print(printable(shortened(said, MAX_TRACEBACK)), end="", file=sys.stderr)
    print("error: " + printable(message).replace("\n", "\\n"), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="corpusmill", description="Raw text to a clean corpus, every drop explained.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_plan(commands)
    _add_run(commands)
    _add_mix(commands)
    _add_stages(commands)
    _add_report(commands)
    _add_trace(commands)
    cli_judging.add_commands(commands)
    _add_docs(commands)
    return parser


def _recipe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe file")
    parser.add_argument("--until", metavar="STAGE", help="the last stage to run (`read`: none)")
    parser.add_argument("--out", metavar="DIR", help="the run folder (default: runs/<name of the recipe>)")
    json_option(parser)


def _add_plan(commands: Subparsers) -> None:
    example = "corpusmill plan recipes/quickstart.yaml --until quality"
    _recipe_arguments(
        add_command(commands, _plan, "check a recipe and show the passes it takes over the text", example)
    )


def _add_run(commands: Subparsers) -> None:
    example = "corpusmill run recipes/quickstart.yaml --until pii --workers 2 --out runs/first"
    parser = add_command(commands, _run, "run a recipe, or go on with a run that was stopped", example, goes_on=True)
    _recipe_arguments(parser)
    _engine_arguments(parser)


def _engine_arguments(parser: argparse.ArgumentParser) -> None:
    workers_option(parser)
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where tasks run: here, or on Ray, started here or joined at RAY_ADDRESS (default: local)",
    )


def _add_mix(commands: Subparsers) -> None:
    example = "corpusmill mix runs/quickstart --mixture natural --tokens 100_000"
    what = "write the corpus to train on, mixed from a run's packed tokens"
    parser = add_command(commands, _mix, what, example, goes_on=True)
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument("--mixture", required=True, metavar="NAME", help="natural, uniform, or one the recipe names")
    parser.add_argument("--tokens", required=True, type=positive, metavar="N", help="tokens of the whole corpus")
    parser.add_argument("--max-epochs", type=above_zero, default=4.0, metavar="X", help="repeats at most (default: 4)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the shuffle (default: 0)")
    parser.add_argument("--out", metavar="DIR", help="the new folder (default: below RUN/mix)")
    parser.add_argument("--data", metavar="LABEL", help="the stage that packed (default: the one of the ablation)")
    json_option(parser)
    _engine_arguments(parser)


def _add_stages(commands: Subparsers) -> None:
    parser = add_command(commands, _stages, "list the stages, or describe one", "corpusmill stages quality")
    parser.add_argument("stage", nargs="?", metavar="STAGE", help="the stage to describe")
    json_option(parser)


def _add_report(commands: Subparsers) -> None:
    parser = add_command(commands, _report, "write a run's report anew", "corpusmill report runs/quickstart")
    parser.add_argument("run", metavar="RUN", help="a run folder")
    json_option(parser)


def _add_trace(commands: Subparsers) -> None:
    example = "corpusmill trace runs/quickstart 5f2c7d0e9a4b41d8b1c3e6f7a8d90b12"
    parser = add_command(commands, _trace, "tell what happened to one document, and why", example)
    parser.add_argument("run", metavar="RUN", help="a run folder")
    parser.add_argument("uid", metavar="UID", help="the document's uid, or the beginning of it")
    json_option(parser)


def _add_docs(commands: Subparsers) -> None:
    parser = add_command(
        commands, _docs, "write the reference of recipes and its JSON Schema", "corpusmill docs --check"
    )
    parser.add_argument("--folder", default="recipes", metavar="DIR", help="where they are (default: recipes)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if they are not up to date")


def _make_plan(arguments: argparse.Namespace) -> Plan:
    from .plan import make_plan
    from .recipe import load_recipe

    load(arguments)
    return make_plan(load_recipe(arguments.recipe), arguments.until)


def _run_folder(arguments: argparse.Namespace, name: str) -> str:
    folder: str = arguments.out or os.path.join("runs", name)
    return folder if "://" in folder else os.path.abspath(folder)


def _plan(arguments: argparse.Namespace) -> int:
    from .ablation import check_ablation
    from .display import plan_json, print_json, print_plan
    from .variants import check_variants

    plan = _make_plan(arguments)
    check_ablation(plan)
    check_variants(plan)
    described = plan_json(plan, _run_folder(arguments, plan.recipe.name))
    if arguments.json:
        print_json(described)
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
    from .display import print_json, print_result, progress, result_json
    from .run import run_plan

    plan = _make_plan(arguments)
    folder = _run_folder(arguments, plan.recipe.name)
    with progress(quiet=arguments.json) as shown:
        result = run_plan(plan, folder, arguments.workers, shown, _engine(arguments.engine))
    if arguments.json:
        print_json(result_json(result))
    else:
        print_result(result)
    return 0


def _mix(arguments: argparse.Namespace) -> int:
    from .display import print_json, print_mix, progress
    from .mix import Asked, mix

    load(arguments)
    asked = Asked(arguments.mixture, arguments.tokens, arguments.seed, arguments.max_epochs, arguments.data)
    run, out = (os.path.abspath(path) if path else path for path in (arguments.run, arguments.out))
    with progress(quiet=arguments.json) as shown:
        account = mix(run, asked, out, arguments.workers, shown, _engine(arguments.engine))
    if arguments.json:
        print_json(account)
    else:
        print_mix(account)
    return 0


def _stages(arguments: argparse.Namespace) -> int:
    from .display import print_json
    from .reference import stage_json, stage_page
    from .stage import find_stage, load_stages

    stages = load_stages(arguments.plugin)
    chosen = {arguments.stage: find_stage(arguments.stage)} if arguments.stage else stages
    if arguments.json:
        print_json({name: stage_json(cls) for name, cls in chosen.items()})
    elif arguments.stage:
        print(stage_page(chosen[arguments.stage]))
    else:
        for name, cls in chosen.items():
            print(f"{name:<18}{(cls.__doc__ or '').strip().splitlines()[0]}")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from .display import print_json
    from .report import write_report

    path = write_report(arguments.run)
    if arguments.json:
        print_json({"report": path})
    else:
        print(path)
    return 0


def _trace(arguments: argparse.Namespace) -> int:
    from .display import print_json, print_lines, story_lines
    from .trace import story

    load(arguments)
    told = story(arguments.run, arguments.uid)
    if arguments.json:
        print_json(told)
    else:
        print_lines(story_lines(told))
    return 0


def _docs(arguments: argparse.Namespace) -> int:
    from .reference import pages, write_pages

    load(arguments)
    stale = write_pages(arguments.folder, pages(), check=arguments.check)
    for path in stale:
        print(f"{path} is not up to date: run `corpusmill docs`" if arguments.check else path)
    return 1 if arguments.check and stale else 0
