"""A message of the outbox as mail: one tree, the same bytes each time; and what a mail server said to it."""

import base64
import hashlib
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

import numpy as np

from config.settings import sender_of

SECONDS = 60
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NOBODY = "leadflow@localhost"
# a line of a header is best shorter than 78 signs; an encoded word never longer than 75
_PLAIN_CHARACTERS, _WORD_BYTES = 600, 39
_LINE = 76
_PIECE = 54
_SUBMISSION = 587

Outcome = Literal["sent", "refused", "pending", "unknown"]


@dataclass(frozen=True)
class Mail:
    """What is sent to whom (the person's id, and what he is called); key makes its Message-ID, created_at its date."""

    key: str
    kind: str
    name: str
    address: str
    subject: str
    text: str
    html: str
    created_at: datetime
    files: tuple[tuple[str, bytes], ...] = ()
    called: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of a mail; `said` is the server's answer, which names no person."""

    outcome: Outcome
    said: str | None = None
    broken: bool = False


def mail_bytes(mail: Mail, sender: str, redirect: str | None = None) -> bytes:
    """The mail as it is sent, lines ending in CRLF; with `redirect` it goes there and says for whom it was.

    Written here rather than by the library's message tree, which takes longer than making the letter itself.
    """
    digest = hashlib.sha256(mail.key.encode()).hexdigest()
    subject = mail.subject if redirect is None else f"[redirected from {mail.address}] {mail.subject}"
    headers = {
        "From": _mailbox("leadflow", sender),
        "To": _mailbox(mail.called or mail.name, mail.address) if redirect is None else _header(redirect),
        "Subject": _header(subject),
        "Date": format_datetime(mail.created_at),
        "Message-ID": f"<{digest[:32]}@leadflow.invalid>",
        "Auto-Submitted": "auto-generated",
        "X-Leadflow-Kind": _header(mail.kind),
        **({} if redirect is None else {"X-Leadflow-Original-To": _header(mail.address)}),
        "MIME-Version": "1.0",
    }
    both = [_part("text/plain; charset=utf-8", _body(mail.text)), _part("text/html; charset=utf-8", _body(mail.html))]
    tree = _several("alternative", both, f"leadflow-{digest[:24]}-1")
    if mail.files:
        attached = [_part(_type_of(name), content, name) for name, content in mail.files]
        tree = _several("mixed", [tree, *attached], f"leadflow-{digest[:24]}-0")
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items()) + tree


class Server:
    """One connection to the mail server of a URL: smtp://user:password@host:port or smtps://…

    With smtp:// the connection is encrypted (STARTTLS) before a password goes over it, and on port 587;
    ?starttls=true or false says otherwise.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        self._host = parts.hostname or "localhost"
        self._secure = parts.scheme == "smtps"
        submits = parts.username is not None or parts.port == _SUBMISSION
        asked = options.get("starttls", [str(submits)])[0]
        self._starttls = not self._secure and asked.lower() in ("1", "true", "yes")
        self._port = parts.port or (465 if self._secure else _SUBMISSION if self._starttls else 25)
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._smtp: smtplib.SMTP | None = None
        self.sender = sender(url)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()

    def connect(self) -> None:
        """Connect unless connected; OSError or SMTPException where that fails."""
        if self._smtp is not None:
            return
        context = ssl.create_default_context()
        if self._secure:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        self._smtp = smtp
        smtp.ehlo_or_helo_if_needed()
        if self._starttls:
            smtp.starttls(context=context)
            smtp.ehlo()
        if self._login:
            smtp.login(*self._login)

    def close(self) -> None:
        """End the connection, politely where it still answers."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):
            smtp.close()

    def send(self, recipient: str, data: bytes) -> Answer:
        """Send one mail; a connection that broke once the text was on its way leaves its fate unknown."""
        began = False
        smtp = self._smtp
        if smtp is None:
            raise RuntimeError("send() needs a connection")
        try:
            size = [f"size={len(data)}"] if smtp.has_extn("size") else []
            # one by one: after a refusal the server must not hear the next, least of all that the text follows
            commands: tuple[Callable[[], tuple[int, bytes]], ...] = (
                lambda: smtp.mail(self.sender, size),
                lambda: smtp.rcpt(recipient),
                lambda: smtp.docmd("data"),
            )
            for command in commands:
                code, said = command()
                if code not in (250, 251, 354):
                    return self._turned_down(code, said)
            began = True
            smtp.send(_stuffed(data))
            code, said = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Answer("unknown" if began else "pending", f"{type(error).__name__}: connection broke", broken=True)
        return Answer("sent") if code == 250 else self._turned_down(code, said)

    def _turned_down(self, code: int, said: bytes) -> Answer:
        """5xx is for good, 4xx for now; 421 says that the server hangs up."""
        text = f"{code} {_first_line(said)}"
        smtp = self._smtp
        if code == 421 or smtp is None:
            self.close()
            return Answer("pending", text, broken=True)
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self.close()
        return Answer("refused" if code >= 500 else "pending", text, broken=self._smtp is None)


def sender(url: str | None) -> str:
    """Who mails are from; a name of no mailbox where mails are only written as files and nobody is named."""
    return (sender_of(url) if url else "") or _NOBODY


def _several(kind: str, parts: list[bytes], boundary: str) -> bytes:
    """Parts as one; base64 has no hyphen, so no boundary stands in any of them."""
    mark = b"\r\n--" + boundary.encode()
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n'.encode()
    return head + b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--\r\n"


def _part(kind: str, content: bytes, name: str | None = None) -> bytes:
    disposition = f"Content-Disposition: attachment; {_file_name(name)}\r\n" if name else ""
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{disposition}\r\n"
    return head.encode() + _base64(content)


def _type_of(name: str) -> str:
    """What kind of file it is, by its ending; text is not taken for text, for it is in its sender's encoding."""
    return _XLSX if name.lower().endswith(".xlsx") else "application/octet-stream"


def _file_name(name: str) -> str:
    """A file's name as RFC 2231 writes it where it is not plain ASCII."""
    name = re.sub(r'[\x00-\x1f\x7f"\\]+', "_", name)
    if name.isascii():
        return f'filename="{name}"'
    signs = quote(name, safe="")
    pieces = [signs[at : at + _PIECE] for at in range(0, len(signs), _PIECE)]
    pieces[0] = f"utf-8''{pieces[0]}"
    if len(pieces) == 1:
        return f"filename*={pieces[0]}"
    return ";\r\n ".join(f"filename*{place}*={piece}" for place, piece in enumerate(pieces))


def _base64(content: bytes) -> bytes:
    """Base64 in lines of 76 signs; the library's own makes one call a line."""
    data = np.frombuffer(base64.b64encode(content), np.uint8)
    whole = len(data) // _LINE * _LINE
    lines = np.full((whole // _LINE, _LINE + 2), ord("\r"), np.uint8)
    lines[:, :_LINE] = data[:whole].reshape(-1, _LINE)
    lines[:, -1] = ord("\n")
    return (lines.tobytes() + data[whole:].tobytes()).rstrip()


def _body(text: str) -> bytes:
    return "\r\n".join(text.split("\n")).encode()


def _header(text: str) -> str:
    """A header's text on lines that any mail server takes: what is not plain ASCII in encoded words."""
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    if text.isascii() and len(text) < _PLAIN_CHARACTERS and "=?" not in text:
        return text
    words, some = [], b""
    for sign in text:
        if len(some) + len(sign.encode()) > _WORD_BYTES:
            words.append(some)
            some = b""
        some += sign.encode()
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in [*words, some])


def _mailbox(name: str, address: str) -> str:
    shown = _header(name)
    if shown == name and not re.fullmatch(r"[\w .-]+", name, re.ASCII):
        shown = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{shown} <{_header(address)}>"


def _stuffed(data: bytes) -> bytes:
    """Double the dot that begins a line, and end with the lone dot."""
    data = data.replace(b"\r\n.", b"\r\n..")
    return data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")


def _first_line(said: bytes) -> str:
    """The server's words without the addresses in them: errors are shown where no address may be."""
    line = said.decode("utf-8", "replace").splitlines()[0] if said else ""
    return " ".join("<address>" if "@" in part else part for part in line.split())[:200]
