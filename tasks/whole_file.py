"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
# the longest name of a file is 255 bytes; the part's has a few more than the file's own
_MOST_BYTES = 220


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write to, a process's own; written to the end it takes the file's name in one step.

    What a failure leaves of it is taken away, and the file stays as it was; that a disk is full or cannot be written to
    is an OSError that names the file. What is no file (/dev/stdout) is written to as it is.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    name = path.name.encode()[:_MOST_BYTES].decode(errors="ignore")
    part = path.with_name(f".{name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except Exception as error:
        if (named := _named(error, path, part)) is not None:
            raise named from error
        raise
    finally:
        with suppress(OSError):  # of a disk that is read-only
            part.unlink(missing_ok=True)


def _named(error: Exception, path: Path, part: Path) -> OSError | None:
    """The error as one of the file itself, where it says that the part could not be written."""
    # xlsxwriter wraps what it met
    cause = error if isinstance(error, OSError) else error.args[0] if error.args else None
    if not isinstance(cause, OSError) or cause.errno not in _UNWRITABLE or cause.filename not in (None, str(part)):
        return None
    return OSError(cause.errno, os.strerror(cause.errno), str(path))
