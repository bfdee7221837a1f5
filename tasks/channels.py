"""Other ways of a message than mail: each a name, whether it is set up, and how one text is delivered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests

from config.settings import Settings
from tasks.mailer import Answer

_SECONDS = 20
#: What one message of a WeCom robot may hold, in bytes.
_MOST_BYTES = 2_000
# what its answer's code says: too many a minute, busy
_LATER = (45009, -1, 45033)


@dataclass(frozen=True)
class Channel:
    """One way: is it set up, and what became of a text that was sent by it."""

    is_set: Callable[[Settings], bool]
    send: Callable[[Settings, str], Answer]


def short_text(text: str) -> str:
    """A text as long as the shortest way takes; links go along, for they are what is to be done."""
    content = text.encode()
    return text if len(content) <= _MOST_BYTES else content[: _MOST_BYTES - 3].decode("utf-8", "ignore") + "…"


def send_wecom(settings: Settings, text: str) -> Answer:
    """Post a text to the WeCom robot of LEADS_WECOM_URL; its answer's code says whether it was taken.

    HTTP 200 says nothing: a refusal comes with it. A connection that broke while the answer was awaited leaves the
    message's fate unknown.
    """
    body = {"msgtype": "text", "text": {"content": text}}
    try:
        answer = requests.post(str(settings.wecom_url), json=body, timeout=_SECONDS, allow_redirects=False)
    except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
        return Answer("pending", f"{type(error).__name__}: no connection", broken=True)
    except requests.ConnectionError as error:
        began = "Connection aborted" in str(error) or "Read timed out" in str(error)
        return Answer("unknown" if began else "pending", f"{type(error).__name__}: connection broke", broken=True)
    except requests.RequestException as error:
        return Answer("unknown", f"{type(error).__name__}: no answer", broken=True)
    return _judged(answer)


def _judged(answer: requests.Response) -> Answer:
    if answer.status_code == 429 or answer.status_code >= 500:
        return Answer("pending", f"HTTP {answer.status_code}")
    if answer.status_code != 200:
        return Answer("refused", f"HTTP {answer.status_code}")
    try:
        code = answer.json()["errcode"]
    except (ValueError, KeyError, TypeError):
        return Answer("unknown", "HTTP 200 without an errcode")
    if code == 0:
        return Answer("sent")
    return Answer("pending" if code in _LATER else "refused", f"errcode {code}")


#: By name, as K-WAYS lists them.
CHANNELS: Mapping[str, Channel] = {
    "wecom": Channel(lambda settings: bool(settings.wecom_url), send_wecom),
}
