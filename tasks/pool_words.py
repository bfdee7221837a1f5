"""The words of the pool's pages, in Chinese and English."""

from tasks.catalogue import catalogue

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("公海线索", "The pool"),
    "hello": ("{name}，您好：以下线索暂无负责人，领取后归您跟进。",
              "Dear {name}, nobody has these leads; claim one and it is yours."),
    "room": ("今天还可领取 {left} 家；在手 {load} 条，上限 {cap} 条。",
             "You may claim {left} more today; you have {load} open leads of at most {cap}."),
    "none": ("目前没有可领取的线索。", "There is nothing to claim just now."),
    "claim": ("领取", "Claim"),
    "since": ("{at} 进入公海", "in the pool since {at}"),
    "former": ("原负责人 {name}", "formerly {name}'s"),
    "cooling": ("您曾负责，{free} 起可再领取", "it was yours; you may claim it from {free}"),
    "more": ("只显示前 {n} 条。", "Only the first {n}."),
    "claimed": ("已领取：{numbers}。请尽快联系客户。", "Claimed: {numbers}. Please call the customer soon."),
    "region": ("地区", "Region"),
    "all": ("全部地区", "all regions"),
    "show": ("查看", "Show"),
    "who": ("领取人", "Claimed by"),
    "choose_who": ("请选择领取人", "Say who claims it"),
    "unstated": ("未填公司", "no company stated"),
    "refused.owned": ("线索 {number} 已有负责人，不能领取。", "{number} has an owner by now."),
    "refused.invalid": ("线索 {number} 为无效线索，不能领取。", "{number} is invalid."),
    "refused.holder": ("线索 {number} 所属公司已有负责人，不能领取。", "The company of {number} is somebody else's."),
    "refused.role": ("线索 {number} 需要更高职级的人跟进。", "{number} needs a higher role."),
    "refused.territory": ("线索 {number} 不属于该领取人的地区或行业。", "{number} is of another region or industry."),
    "refused.away": ("领取人正在休假，不能领取。", "Who is on leave claims nothing."),
    "refused.cooling": ("线索 {number} 刚由该领取人退回，{free} 起才能再领取。",
                        "{number} was his lately; he may claim it again from {free}."),
    "refused.day": ("今天领取已达上限（{most} 家）。", "No more than {most} companies a day may be claimed."),
    "refused.full": ("在手线索已达上限（{load} / {cap}）。", "He has {load} open leads of at most {cap}."),
    "refused": ("线索 {number} 不能领取：不存在或已关闭。", "{number} cannot be claimed: it is closed, or unknown."),
}  # fmt: skip

#: The words in a language.
words = catalogue(_WORDS)
