"""Memory that is free again: given back to the system, so that a long run needs no more than a short one."""

import ctypes
from contextlib import suppress

import pyarrow as pa

# glibc's name for it, and from how many bytes on a block is the system's own
_M_MMAP_THRESHOLD, _OWN_BLOCK = -3, 4 * 1024 * 1024


def keep_little() -> None:
    """Let large blocks go back to the system as soon as they are free, in this process from now on."""
    # Arrow's own allocator keeps a fifth more of what a chunk needed, and is no faster
    pa.set_memory_pool(pa.system_memory_pool())
    # only glibc has it, and only it needs it: it would keep ever larger blocks for itself
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_BLOCK)


def give_back() -> None:
    """Give freed memory back; the allocators keep what they got, and what they keep lies in pieces."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
