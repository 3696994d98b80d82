"""What jsonargparse says to wrong settings, in few words: the setting, what is wrong with it, and nothing of types."""

from __future__ import annotations

import re

_KEY = re.compile(r'^(?:- )?Parser key "([^"]+)":\s*(.*)$')
_NOISE = re.compile(
    r"Does not validate against any|Subtypes:|Errors:|(- )?Expected a <class 'NoneType'>|Given value( type)?:"
    r"|(- )?Problem with given class_path 'rivalry\.training\.settings"
)


def in_few_words(complaint: str) -> str:
    """The complaint without the types that were tried and the values that were given.

    >>> print(in_few_words('''Parser key "model.evaluation":
    ...   Does not validate against any of the Union subtypes
    ...   Subtypes: [<class 'Evaluation'>, <class 'NoneType'>]
    ...   Errors:
    ...     - Problem with given class_path 'rivalry.training.settings.Evaluation':
    ...         Parser key "samples":
    ...           Expected a <class 'int'>. Got value: many
    ...     - Expected a <class 'NoneType'>
    ...   Given value: many'''))
    model.evaluation.samples: Expected a <class 'int'>. Got value: many
    """
    if "Union subtypes" not in complaint:
        return complaint
    keys: list[str] = []
    said: list[str] = []
    for line in (line.strip() for line in complaint.splitlines()):
        key = _KEY.match(line)
        if key and not said:
            keys.append(key[1])
            line = key[2]
        if line and not _NOISE.match(line):
            said.append(line.removeprefix("- "))
    place = f"{'.'.join(keys)}: " if keys else ""
    return place + "\n  ".join(dict.fromkeys(said)) if said else complaint
