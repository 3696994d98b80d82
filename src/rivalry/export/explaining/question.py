"""What is asked of a picture: why this class, or why this one and not that one.

    value = Σ_c q_c · logit_c        q is 1 for the class, −1 for the one that it is set against

Whatever adds up to logits adds up to the value, with the same factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.nearest import nearest


@dataclass(frozen=True)
class Question:
    """Why a class, or why one and not another.

    Attributes:
        why: Number of the class.
        against: Number of another; None where the logit itself is asked for.
    """

    why: int
    against: int | None

    def factors(self, classes: int) -> Float[Tensor, " classes"]:
        """q, of so many classes.

        >>> Question(2, 0).factors(3)
        tensor([-1.,  0.,  1.])
        """
        factors = torch.zeros(classes)
        factors[self.why] = 1
        if self.against is not None:
            factors[self.against] = -1
        return factors


@dataclass(frozen=True)
class Asking:
    """What is asked of every picture, before it is known what each is taken for.

    Attributes:
        why: Number of the class; None for the predicted one.
        against: Number of another class; None for none.
    """

    why: int | None
    against: int | None

    @classmethod
    def of(cls, why: str | int | None, against: str | int | None, classes: Sequence[str]) -> Asking:
        """By names or numbers.

        Raises:
            ValueError: For no class, or the same class twice.
        """
        numbers = [None if one is None else class_number(one, classes) for one in (why, against)]
        if numbers[0] is not None and numbers[0] == numbers[1]:
            raise ValueError(f"asked why {classes[numbers[0]]!r} and not itself: wanted are two different classes")
        return cls(*numbers)

    def of_picture(self, predicted: int, picture: str, classes: Sequence[str]) -> Question:
        """What is asked of a picture that is taken for a class.

        Raises:
            ValueError: If a class would be set against itself.
        """
        why = predicted if self.why is None else self.why
        if why == self.against:
            raise ValueError(
                f"asked why not {classes[why]!r}, and {picture} is taken for just that: say also why which class"
            )
        return Question(why, self.against)


def class_number(given: str | int, classes: Sequence[str]) -> int:
    """The number of a class that was given by its name or number; a name counts before a number.

    Raises:
        ValueError: If there is no such class, naming the nearest, or several of the name.

    >>> class_number("dog", ["cat", "dog"]), class_number("0", ["cat", "dog"]), class_number(1, ["cat", "dog"])
    (1, 0, 1)
    """
    numbers = [number for number, name in enumerate(classes) if name == given]
    if len(numbers) > 1:
        raise ValueError(f"classes {', '.join(map(str, numbers))} are all called {given!r}: give the number")
    if numbers:
        return numbers[0]
    number = int(given) if isinstance(given, int) or given.isdecimal() else -1
    if not 0 <= number < len(classes):
        raise ValueError(
            f"no class is called {given!r}; nearest: {nearest(str(given), classes)}; "
            f"numbers are 0 to {len(classes) - 1}"
        )
    return number
