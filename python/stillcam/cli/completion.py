"""`completion`: a script for bash that completes commands, options and values, and the names that it asks for.

The script is made from the parsers. It has a table of the words that may follow; `@series` stands for the lines that
`stillcam completion series` prints, and `@files` for files.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.common.paths import Paths
from stillcam.films.store import FilmStore
from stillcam.series import reader
from stillcam.settings.controls import CONTROLS
from stillcam.settings.document import describe

_SCRIPT = """\
# Completion of `stillcam` for bash, printed by `stillcam completion bash`.

# The words that may follow. Keys: COMMAND for its options, `COMMAND --option` for the option's values,
# `COMMAND:N` for the Nth argument, and `COMMAND:N WORD` for the argument that follows WORD.
declare -A _stillcam_words=(
%s)

_stillcam() {
  local cur=$2 path=stillcam key word last='' number=0 i found words=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]} key="$path ${COMP_WORDS[i]}"
    if [[ $word == -* && ${_stillcam_words[$key]+takes a value} ]]; then
      if [[ ${COMP_WORDS[i + 1]-} == = ]]; then ((++i)); fi
      ((++i))
    elif [[ $word != -* && ${_stillcam_words[$key]+is a command} ]]; then
      path=$key number=0
    elif [[ $word != -* ]]; then
      last=$word
      ((++number))
    fi
  done
  if ((i > COMP_CWORD)); then
    found=${_stillcam_words[$key]}
  elif [[ $cur == -* ]]; then
    found=${_stillcam_words[$path]}
  else
    found=${_stillcam_words[$path:$number $last]-${_stillcam_words[$path:$number]-}}
  fi
  if [[ $cur == = ]]; then cur=''; fi
  case $found in
    @files) compopt -o default && return ;;
    @*) mapfile -t words < <("${1/#\\~/$HOME}" completion "${found#@}" 2>/dev/null) ;;
    *) read -ra words <<<"$found" ;;
  esac
  COMPREPLY=()
  for word in "${words[@]}"; do
    printf -v word %%q "$word"
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
}

complete -F _stillcam stillcam
"""


def add_to(commands: Any) -> None:
    parser = add_command(commands, "completion", "print the completion script for bash", completion)
    parser.add_argument(
        "what",
        choices=("bash", "series", "films"),
        help="bash: the script; series, films: names that it offers",
    )


def completion(paths: Paths, arguments: Arguments) -> Result:
    if arguments.what == "bash":
        words = {**dict(_words("stillcam", arguments.parser)), **_values_of_settings()}
        table = "".join(f"  [{shlex.quote(key)}]={shlex.quote(value)}\n" for key, value in words.items())
        lines = (_SCRIPT % table).splitlines()
    elif arguments.what == "series":
        lines = [one["name"] for one in reader.states(paths.series)]
    else:
        lines = [film.id for film in FilmStore(paths).all()]
    return Result(lines, {"lines": lines})


def _words(path: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """The table for a command and its sub-commands."""
    actions = parser._actions
    yield path, " ".join(name for action in actions for name in action.option_strings)
    for number, action in enumerate(action for action in actions if not action.option_strings):
        yield f"{path}:{number}", _values(action)
        if isinstance(action.choices, dict):
            for name, child in action.choices.items():
                yield from _words(f"{path} {name}", child)
    for action in actions:
        if action.nargs != 0:
            yield from ((f"{path} {name}", _values(action)) for name in action.option_strings)


def _values(action: argparse.Action) -> str:
    if action.choices:
        return " ".join(action.choices)
    of_metavar = {
        "FILE": "@files",
        "SERIES": "@series",
        "ID": "@films",
        "SETTING": " ".join([*describe(), *(f"controls.{name}" for name in CONTROLS)]),
    }
    return of_metavar.get(str(action.metavar), "")


def _values_of_settings() -> dict[str, str]:
    """What may be set, for settings and controls with choices."""
    settings = {name: (about["type"], about["choices"]) for name, about in describe().items()}
    controls = {
        f"controls.{control.name}": (control.type, [choice.value for choice in control.choices])
        for control in CONTROLS.values()
    }
    return {
        f"stillcam settings set:1 {name}": " ".join(map(str, choices or ("true", "false")))
        for name, (kind, choices) in {**settings, **controls}.items()
        if choices or kind == "bool"
    }
