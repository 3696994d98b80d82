"""Our own C++ for the CPU, compiled when it is first called, for the machine that it runs on.

A source needs no header of PyTorch, so a second or two is enough. What was compiled stays in the user's cache, by the
digest of sources, compiler, processor and user: a node with another processor compiles its own. It is called through
ctypes, which lets go of Python's lock. Threads come from the OpenMP that PyTorch has loaded already.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from rivalry.cache import cache_folder

_FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-shared", "-fPIC"),
    *(("-mprefer-vector-width=512",) if platform.machine() in ("x86_64", "AMD64") else ()),
)


class NotCompiled(RuntimeError):
    """No compiler is there, or it could not compile; the message says which and why."""


@functools.cache
def native_library(source: Path) -> ctypes.CDLL:
    """The library of a C++ source, compiled now if it never was on such a machine.

    The compiler is that of the environment variable ``CXX``, else ``c++``, ``g++`` or ``clang++``.

    Args:
        source: A file of ours, which may include headers (``*.h``) beside it; what is called is ``extern "C"``.

    Raises:
        NotCompiled: If it cannot be compiled here.
    """
    compiler = _compiler()
    texts = [file.read_text(encoding="utf-8") for file in (source, *sorted(source.parent.glob("*.h")))]
    identity = "\n".join([*texts, *compiler, *_FLAGS, _version(compiler), _processor(), str(os.getuid())])
    try:
        library = cache_folder("native") / f"{source.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:32]}.so"
        if not library.is_file():
            _compile(compiler, source, library)
        if library.stat().st_uid != os.getuid():
            raise NotCompiled(f"{library} belongs to somebody else, and is not run")
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise NotCompiled(f"the library of {source.name} cannot be kept or loaded: {error}") from error


@functools.cache
def native_function(source: Path, name: str, *, tensors: int, lengths: int) -> Callable[..., None]:
    """A function of :func:`native_library` that takes addresses of tensors and then whole numbers, and returns nothing.

    Args:
        source: As for :func:`native_library`.
        name: Of the function.
        tensors: How many ``void *`` it takes first.
        lengths: How many ``int64_t`` follow them.

    Raises:
        NotCompiled: If it cannot be compiled here.
    """
    function: Callable[..., None] = getattr(native_library(source), name)
    function.argtypes = [ctypes.c_void_p] * tensors + [ctypes.c_int64] * lengths  # type: ignore[attr-defined]
    function.restype = None  # type: ignore[attr-defined]
    return function


@functools.cache
def compiles(source: Path, *, otherwise: str) -> bool:
    """Whether a source of ours can be compiled here; where it cannot, warns once that it goes ``otherwise``.

    Args:
        source: As for :func:`native_library`.
        otherwise: What is done instead, such as "pixels are counted by PyTorch".
    """
    try:
        native_library(source)
    except NotCompiled as error:
        warnings.warn(f"{otherwise} instead of C++, which is slower: {error}", stacklevel=3)
        return False
    return True


def _compiler() -> tuple[str, ...]:
    chosen = os.environ.get("CXX")
    known = [tuple(shlex.split(chosen))] if chosen else [("c++",), ("g++",), ("clang++",)]
    for compiler in known:
        if shutil.which(compiler[0]):
            return compiler
    raise NotCompiled(f"there is no C++ compiler ({', '.join(compiler[0] for compiler in known)})")


def _compile(compiler: tuple[str, ...], source: Path, library: Path) -> None:
    """Compile aside and rename, so that several processes may do the same."""
    handle, draft = tempfile.mkstemp(prefix=f".{library.stem}-", suffix=".so", dir=library.parent)
    os.close(handle)
    try:
        said = subprocess.run([*compiler, *_FLAGS, str(source), "-o", draft], capture_output=True, text=True)
        if said.returncode:
            raise NotCompiled(f"{compiler[0]} cannot compile {source.name}: {said.stderr.strip()[:400]}")
        Path(draft).replace(library)
    finally:
        Path(draft).unlink(missing_ok=True)


def _version(compiler: tuple[str, ...]) -> str:
    return subprocess.run([*compiler, "--version"], capture_output=True, text=True).stdout


def _processor() -> str:
    """What ``-march=native`` depends on."""
    information = Path("/proc/cpuinfo")
    if not information.is_file():
        return platform.processor()
    lines = information.read_text(encoding="utf-8").splitlines()
    return "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model\t", "CPU part"))}))
