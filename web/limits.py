"""Limits on what comes from outside: bytes, seconds, and how often one address or one phone may post."""

import asyncio
import ipaddress
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from functools import lru_cache

from fastapi import Request

from web.problems import Problem

#: Seconds that a whole body may take.
BODY_SECONDS = 15.0
# what is remembered at most, so that nobody fills the memory with addresses
_MOST_KEYS = 100_000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Rates:
    """How often something came lately; kept in memory, forgotten with the process."""

    seen: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, key: str, most: int, seconds: float, now: float | None = None) -> int:
        """Count one more; 0 where it may pass, else the seconds until it may (it is not counted then)."""
        now = time.monotonic() if now is None else now
        with self.lock:
            times = self.seen.setdefault(key, deque())
            self.seen.move_to_end(key)
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= most:
                return max(1, round(times[0] + seconds - now))
            times.append(now)
            while len(self.seen) > _MOST_KEYS:
                self.seen.popitem(last=False)
            return 0


async def read_body(request: Request, most: int) -> bytes:
    """Read a body of at most so many bytes; Problem where it is larger, or takes too long."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise Problem(413, "too_large", f"at most {most} bytes")
    content = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                content += part
                if len(content) > most:
                    raise Problem(413, "too_large", f"at most {most} bytes")
    except TimeoutError:
        raise Problem(408, "too_slow", f"a body takes at most {BODY_SECONDS:g} seconds") from None
    return bytes(content)


def address_of(request: Request, trusted: str) -> str:
    """Whose request it is: the nearest address of X-Forwarded-For that is no trusted proxy's, where one passed it on.

    trusted: networks or addresses, with commas between.
    """
    proxies = networks(trusted)
    address = request.client.host if request.client else ""
    if not proxies or not _is_among(address, proxies):
        return address
    told = ",".join(request.headers.getlist("x-forwarded-for"))
    for one in reversed([part.strip() for part in told.split(",") if part.strip()]):
        plain = one.rpartition(":")[0] if one.count(":") == 1 else one.strip("[]")
        if not _is_address(plain):
            break
        address = plain
        if not _is_among(plain, proxies):
            break
    return address


def key_of(address: str) -> str:
    """By what an address is counted: all of a customer's IPv6 network is one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address


@lru_cache(maxsize=8)
def networks(trusted: str) -> tuple[Network, ...]:
    """Read networks; ValueError where one is none."""
    return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in trusted.split(",") if one.strip())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_among(address: str, proxies: tuple[Network, ...]) -> bool:
    return _is_address(address) and any(
        found.version == one.version and found in one for found in [ipaddress.ip_address(address)] for one in proxies
    )
