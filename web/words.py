"""The words of the pages, in Chinese and English."""

from tasks.catalogue import catalogue

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("核实线索", "Verify a lead"),
    "hello": ("{name}，您好：请填写核实结果。", "Dear {name}, please say what the check gave."),
    "company": ("公司", "Company"),
    "contact": ("联系人", "Contact"),
    "phone": ("电话", "Phone"),
    "email": ("邮箱", "E-mail"),
    "need": ("需求", "Need"),
    "budget": ("预算", "Budget"),
    "chain": ("决策链", "Decision chain"),
    "members": ("决策链成员", "Members of the chain"),
    "urgency": ("紧急程度", "Urgency"),
    "industry": ("行业", "Industry"),
    "region": ("地区", "Region"),
    "source": ("来源", "Source"),
    "mark": ("市场标注", "Marketing's mark"),
    "created": ("首次接触", "First contact"),
    "state": ("目前", "At present"),
    "grade": ("{grade} 级", "grade {grade}"),
    "verified": ("已核实", "verified"),
    "questions": ("需要问清", "To find out"),
    "result": ("核实结果", "What the check gave"),
    "valid": ("有效：有真实需求，可以跟进", "Valid: a real need, to be followed"),
    "invalid": ("无效：不再跟进，归档", "Invalid: archived"),
    "reason": ("原因（无效时必填，例如：预算不足、联系人非决策者）", "Reason (needed when invalid, e.g. no budget)"),
    "send": ("提交核实结果", "Send"),
    "choose": ("请选择“有效”或“无效”。", "Please choose valid or invalid."),
    "why": ("判为无效时请写明原因。", "Please say why it is invalid."),
    "shorter": ("原因请不要超过 {n} 个字。", "Please write at most {n} characters."),
    "forged": ("这个链接无效。请使用邮件中的完整链接。", "This link opens nothing; use the whole link."),
    "expired": ("这个链接已过期。请联系主管或系统管理员。", "This link has expired. Please ask your supervisor."),
    "not_yours": ("线索 {number} 现由他人负责，此处不再显示。", "Lead {number} is somebody else's now."),
    "closed": ("线索 {number} 已关闭或已并入其他线索，没有改动。", "Lead {number} is closed; nothing changed."),
    "known": ("这一核实结果已经记录，无需再次提交。", "This result is stored already."),
    "done_valid": ("已记录：线索 {number} 有效，{grade} 级，负责人 {owner}。",
             "Stored: lead {number} is valid, grade {grade}, owner {owner}."),
    "done_invalid": ("已记录：线索 {number} 无效，已归档。", "Stored: lead {number} is invalid and archived."),
    "nobody": ("待分配", "nobody yet"),
    "footer": ("此页面仅供本人使用，请勿转发链接。", "This page is for you alone; please do not pass the link on."),
    "colon": ("：", ": "),
}  # fmt: skip

#: The words in a language.
words = catalogue(_WORDS)
