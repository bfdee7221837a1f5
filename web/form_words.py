"""The words around a form, in Chinese and English."""

from collections.abc import Mapping


def form_words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language; anything but English is Chinese."""
    return {key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()}


_WORDS: dict[str, tuple[str, str]] = {
    "required": ("必填", "required"),
    "please_choose": ("请选择", "Please choose"),
    "read": ("查看全文", "Read all of it"),
    "wrong": ("还有 {n} 处需要修改，已填写的内容都已保留", "Please mend {n} points; what you typed is kept"),
    "trap": ("此项请勿填写", "Leave this blank"),
    "legend": ("带 * 的为必填项", "Fields with * are required"),
    "reference": ("受理编号", "Reference"),
    "keep": ("请保存受理编号，便于查询。", "Please keep the reference for your records."),
    "again": ("再提交一条", "Send another one"),
    "too_fast": ("提交得太快了，请核对内容后再点一次“提交”。",
             "That was quick: please check what you typed and send it again."),
    "stale": ("页面打开时间过长，请核对内容后再次提交。",
             "This page was open for long: please check it and send it again."),
    "often": ("提交过于频繁，请在 {minutes} 分钟后再试，或直接致电我们。",
             "Too many posts: please try again in {minutes} minutes."),
    "paused": ("此表单暂停使用。", "This form is paused at present."),
    "unknown": ("没有这个表单。", "There is no such form."),
    "busy": ("暂时无法保存，请稍后再试；您填写的内容没有丢失，返回上一页即可。",
             "It could not be stored just now; please go back and try again."),
    "elsewhere": ("此网站的页面不能提交这个表单。", "This site's pages may not send this form."),
    "thanks_for": ("您的受理编号是 {reference}", "Your reference is {reference}"),
}  # fmt: skip
