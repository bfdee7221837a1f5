"""A message of the outbox as mail: one tree, the same bytes each time; and what a mail server said to it."""

import base64
import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

SECONDS = 60
_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NOBODY = "leadflow@localhost"

Outcome = Literal["sent", "refused", "pending", "unknown"]


@dataclass(frozen=True)
class Mail:
    """What is sent to whom; key makes its Message-ID, created_at its date."""

    key: str
    kind: str
    name: str
    address: str
    subject: str
    text: str
    html: str
    created_at: datetime
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Answer:
    """What became of a mail; `said` is the server's answer, which names no person."""

    outcome: Outcome
    said: str | None = None
    broken: bool = False


def mail_bytes(mail: Mail, sender: str, redirect: str | None = None) -> bytes:
    """The mail as it is sent, lines ending in CRLF; with `redirect` it goes there and says for whom it was."""
    message = EmailMessage(policy=SMTP)
    digest = hashlib.sha256(mail.key.encode()).hexdigest()
    message["From"] = _address("leadflow", sender)
    message["To"] = _address(mail.name, mail.address) if redirect is None else redirect
    message["Subject"] = mail.subject if redirect is None else f"[redirected from {mail.address}] {mail.subject}"
    message["Date"] = mail.created_at
    message["Message-ID"] = f"<{digest[:32]}@leadflow.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Leadflow-Kind"] = mail.kind
    if redirect is not None:
        message["X-Leadflow-Original-To"] = mail.address
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    contents = _attach(message, mail.files, digest)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"leadflow-{digest[:24]}-{number}")
    data = message.as_bytes()
    # the library would encode and copy each attachment several times: it gets a mark, which is replaced here
    for mark, content in contents.items():
        data = data.replace(mark, content, 1)
    return data


class Server:
    """One connection to the mail server of a URL: smtp://user:password@host:port?starttls=true or smtps://…"""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        self._host = parts.hostname or "localhost"
        self._secure = parts.scheme == "smtps"
        self._starttls = options.get("starttls", ["false"])[0].lower() in ("1", "true", "yes")
        self._port = parts.port or (465 if self._secure else 587 if self._starttls else 25)
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._smtp: smtplib.SMTP | None = None
        self.sender = sender_of(url)

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
            for code, said in (smtp.mail(self.sender, size), smtp.rcpt(recipient), smtp.docmd("data")):
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


def sender_of(url: str | None) -> str:
    """Who mails are from: the URL's `from`, else its user where that is an address."""
    if not url:
        return _NOBODY
    parts = urlsplit(url)
    given = parse_qs(parts.query).get("from", [""])[0]
    user = unquote(parts.username or "")
    return given or (user if "@" in user else _NOBODY)


def _attach(message: EmailMessage, files: tuple[tuple[str, bytes], ...], digest: str) -> dict[bytes, bytes]:
    contents = {}
    for number, (name, content) in enumerate(files):
        mark = f"{digest}{number:04d}".encode()
        message.add_attachment(mark, maintype="application", subtype=_XLSX, filename=name, cte="7bit")
        part = list(message.iter_attachments())[-1]
        part.set_payload(mark.decode())
        part.replace_header("Content-Transfer-Encoding", "base64")
        contents[mark] = base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip()
    return contents


def _address(name: str, address: str) -> Address | str:
    try:
        return Address(name, addr_spec=address)
    except ValueError:
        return address


def _stuffed(data: bytes) -> bytes:
    """Double the dot that begins a line, and end with the lone dot."""
    data = data.replace(b"\r\n.", b"\r\n..")
    return data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")


def _first_line(said: bytes) -> str:
    """The server's words without the addresses in them: errors are shown where no address may be."""
    line = said.decode("utf-8", "replace").splitlines()[0] if said else ""
    return " ".join("<address>" if "@" in part else part for part in line.split())[:200]
