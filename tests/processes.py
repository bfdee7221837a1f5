"""What processes run: one that has ended, whether it is waited for or not, is none."""

from collections.abc import Iterable

import psutil


def running_with(words: str, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of `processes` that still run and whose command line has `words` in it."""
    return [process for process in processes if words in _command_line(process)]


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # gone since it was listed, or a zombie (which psutil holds to be of this kind)
        return ""


def still_running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of `processes` that have not ended."""
    return [process for process in processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
