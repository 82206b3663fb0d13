"""Prints the options of `ray start` of the Ray in PYTHONPATH, one line each: its name and its kind."""

import click

from ray.scripts.scripts import start


def kind(option: click.Option) -> str:
    """Returns what an option accepts."""
    if option.count:
        return "count"
    if option.is_flag:
        return "flag"
    if isinstance(option.type, click.Choice):
        return "choice:" + "|".join(option.type.choices)
    names = {"STRING": "text", "INT": "integer", "FLOAT": "number", "BOOL": "boolean"}
    return names.get(repr(option.type)) or {"loads": "json"}[option.type.func.__name__]


for parameter in start.params:
    assert not parameter.multiple and not parameter.required and parameter.nargs == 1, parameter.name
    assert not parameter.secondary_opts and not parameter.envvar, parameter.name
    for name in parameter.opts:
        if name.startswith("--"):
            print(name.removeprefix("--"), kind(parameter))
