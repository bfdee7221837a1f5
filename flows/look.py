"""`--dry-run`: files are read, cleaned and checked; nothing is stored and nothing is moved."""

from pathlib import Path

from config.schema import Config
from config.settings import Settings
from flows.progress import report
from flows.request import FileResult, Request, Result, channel_named, files_named
from tasks.layout import detect_layout
from tasks.prepare import prepared_chunks
from tasks.unreadable import UnreadableFile


def look(request: Request, settings: Settings, config: Config) -> Result:
    """Read and check the files, and store and move nothing."""
    result = Result(request.as_of)
    rules = config.rules.at(request.as_of.astimezone(settings.zone).date())
    paths = request.paths or tuple(settings.intake / name for name in config.channels)
    for path in files_named(tuple(path for path in paths if request.paths or path.is_dir())):
        channel = channel_named(config, request.channel or _folder_of(path, settings) or "default")
        file = FileResult(path.name, channel.name, "looked_at")
        result.files.append(file)
        try:
            layout = detect_layout(path, channel)
        except UnreadableFile as why:
            file.state, file.why = "refused", why.wrong(settings.lang)
            continue
        chunks = prepared_chunks(path, layout, channel, rules, request.as_of, settings.chunk_rows, 0)
        for _, frame in chunks:
            rejected = int(frame["rejected"].sum())
            file.rows += len(frame)
            file.counts["readable"] = file.counts.get("readable", 0) + len(frame) - rejected
            file.counts["rejected"] = file.counts.get("rejected", 0) + rejected
            report(path.name, file.rows)
    return result


def _folder_of(path: Path, settings: Settings) -> str | None:
    """The channel whose intake folder a file lies in."""
    return path.relative_to(settings.intake).parts[0] if path.is_relative_to(settings.intake) else None
