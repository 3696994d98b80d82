"""Whether the user has logged in at Weights & Biases, told without a network and without asking for anything."""

from __future__ import annotations

import netrc
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

Place = Literal["auto", "online", "offline", "off"]


def check_login(mode: Place, *, otherwise: str = "choose --wandb offline or off") -> None:
    """Refuse to go online without a login.

    Args:
        mode: Where a run is to be recorded.
        otherwise: What the user can do without a login.

    Raises:
        ValueError: If it is to be online and the user has not logged in.
    """
    if mode == "online" and not logged_in():
        raise ValueError(f"W&B: no login found; run `wandb login`, or {otherwise}")


def logged_in() -> bool:
    """Whether W&B has a key, without asking for one and without a network."""
    if os.environ.get("WANDB_MODE") in ("offline", "disabled", "dryrun"):
        return False
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    file = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    try:
        return netrc.netrc(file).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
