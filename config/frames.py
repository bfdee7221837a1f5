"""Working hours of a day as people write them: 09:00-12:00, 13:30-18:00."""

from collections.abc import Iterable

_DAY = 86_400

#: Opening and closing second of a day, in order and apart from each other.
Frames = tuple[tuple[int, int], ...]


def read_frames(texts: Iterable[str]) -> Frames:
    """Read frames like 09:00-12:00; ValueError names one that is none, or that begins before another has ended."""
    frames: list[tuple[int, int]] = []
    for text in texts:
        opening, _, closing = text.partition("-")
        try:
            frame = (_seconds(opening), _seconds(closing))
        except ValueError:
            raise ValueError(f"{text!r} is no frame like 09:00-12:00") from None
        if frame[0] >= frame[1] or (frames and frames[-1][1] >= frame[0]):
            raise ValueError(f"{text!r} must end after it begins, and begin after the frame before it")
        frames.append(frame)
    return tuple(frames)


def _seconds(text: str) -> int:
    hours, minutes = text.strip().split(":")
    seconds = int(hours) * 3600 + int(minutes) * 60
    if not (0 <= int(minutes) < 60 and 0 <= seconds <= _DAY):
        raise ValueError(text)
    return seconds
