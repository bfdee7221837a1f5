"""The words of the template for marketing, Chinese and English."""

from tasks.catalogue import spoken

_WORDS = {
    "leads": ("线索信息表", "leads"),
    "notes": ("填写说明", "instructions"),
    "choices": ("选项", "choices"),
    "required": ("（必填）", " (required)"),
    "column": ("列", "Column"),
    "demanded": ("是否必填", "Required"),
    "hint": ("怎么填", "How to fill it in"),
    "yes": ("必填", "yes"),
    "no": ("选填", "no"),
    "about_example": (
        "线索信息表第 2 行是示例（公司名称以“（示例）”开头），不会成为线索；可以保留、删除或改写。",
        "Row 2 of the list is an example (its company begins with «(Example)») and never becomes a lead.",
    ),
}
#: Headers where the sheet says more than the short name of the field.
HEADERS = {
    "budget": ("预算范围", "Budget range"),
    "first_contact": ("首次接触时间", "First contact time"),
    "region": ("所在地区", "Region"),
    "size": ("企业规模", "Company size"),
}
EXAMPLE = {
    "source": ("2024年展会展台", "Stand at the 2024 fair"),
    "company": ("（示例）杭州某某机械有限公司", "(Example) Acme Machinery Ltd"),
    "industry": ("制造业", "Manufacturing"),
    "contact": ("王经理", "Alice Johnson"),
    "title": ("信息部经理", "IT manager"),
    "phone": ("138 0000 0000", "+86 138 0000 0000"),
    "email": ("name@example.com", "name@example.com"),
    "need": (
        "两个车间的设备报修靠纸质单，想了解报修管理系统",
        "Paper slips for repairs in two shops; asks for a repair system",
    ),
    "budget": ("20-30万", "200,000-300,000"),
    "chain": ("信息部选型，分管副总审批", "IT selects, the vice president approves"),
    "first_contact": ("2024-03-15 10:30", "2024-03-15 10:30"),
    "region": ("浙江省杭州市", "Hangzhou, Zhejiang"),
    "urgency": ("两周内", "within two weeks"),
    "size": ("300人", "300 employees"),
    "note": ("已加微信", "asked for a call back"),
    "entrant": ("李敏", "Li Min"),
    "entry_team": ("市场部", "Marketing"),
}
HINTS = {
    "source": (
        "写来源及明细，例如“2024年展会展台”；可从列表选择，也可自己写。",
        "The source with its detail; choose or write your own.",
    ),
    "company": (
        "工商登记的公司全称。没有公司名称的行无法成为线索。",
        "The full registered name. A row without it makes no lead.",
    ),
    "industry": ("从列表选择，或写客户自己的说法。", "Choose, or write what the customer calls it."),
    "contact": ("联系人姓名。", "The name of the contact."),
    "title": ("联系人的职位，可看出谁有决定权。", "The contact's position: it tells who decides."),
    "phone": (
        "手机，或带区号的座机（0571-88880000）。电话和邮箱至少有一项可用。",
        "A mobile, or a landline with area code; phone or e-mail must be usable.",
    ),
    "email": ("联系邮箱。电话和邮箱至少有一项可用。", "An e-mail address; phone or e-mail must be usable."),
    "need": (
        "写明要什么产品、用在哪里、解决什么问题；不要只写“有软件需求”。",
        "Which product, where it is used and what it must solve.",
    ),
    "budget": (
        "写区间（20-30万）；不清楚时写“待确认”，不要写“预算充足”。",
        "A range, or 待确认 where it is not known.",
    ),
    "chain": ("谁使用、谁选型、谁审批；不清楚时写“待确认”。", "Who uses, who selects, who approves."),
    "first_contact": (
        "第一次与客户接触的时间：2024-03-15 10:30。",
        "When the customer was first spoken to: 2024-03-15 10:30.",
    ),
    "region": ("写到城市：浙江省杭州市。", "Down to the city: 浙江省杭州市."),
    "urgency": (
        "客户希望何时上线：两周内、三个月内、不急。",
        "When the customer wants it: within two weeks, no hurry.",
    ),
    "size": ("员工人数，例如 300人。", "The number of employees."),
    "note": ("其他说明。", "Whatever else matters."),
    "entrant": ("录入这一行的人。", "Who enters the row."),
    "entry_team": ("录入人所在团队。", "The team of who enters the row."),
}


#: The words for a key in the reader's language.
said = spoken(_WORDS)
