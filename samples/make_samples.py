"""Makes the sample lead files of the demo: `python samples/make_samples.py [FOLDER]`.

All companies, people, numbers and addresses are invented (numbers carry 555x in the middle, addresses
end in example.com). The same seed gives the same bytes; a test holds the committed files to it.
"""

import csv
import io
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path

SEED = 20240315

BRANDS = (
    "澄屿 栖川 朗岫 霁野 砚舟 泊澜 昀泰 禾曜 沐岩 青垣 炬辰 岚谷 铂陆 翎越 恒砺 "
    "筑微 瀚枢 映竹 屹帆 茗拓 霖启 舜矩 琅杰 峤然 墨衡 岱源 钧朔 颐禾 桉诚 洛桥"
).split()
PLACES = (
    ("杭州", "浙江省杭州市", "0571"),
    ("嘉兴", "浙江-嘉兴", "0573"),
    ("苏州", "江苏省苏州市", "0512"),
    ("无锡", "江苏无锡", "0510"),
    ("上海", "上海市", "021"),
    ("合肥", "安徽省合肥市", "0551"),
    ("武汉", "湖北 武汉", "027"),
    ("佛山", "广东省佛山市", "0757"),
    ("青岛", "山东青岛", "0532"),
    ("天津", "天津", "022"),
)
# trade in the name, how the industry column says it, what they want
TRADES = (
    ("精密机械", "制造业", "两条装配线要改成自动化，含机械手"),
    ("电子科技", "电子制造", "上下料改用机械臂，先上12套"),
    ("汽车零部件", "制造", "MES系统选型，覆盖三个车间"),
    ("信息技术", "IT服务业", "销售团队四十人换CRM，外勤用手机录入"),
    ("软件", "IT", "招聘管理系统采购，约300个账号"),
    ("医药", "医疗健康", "药品批号追溯软件，要过GSP检查"),
    ("食品", "食品加工", "包装线视觉检测设备两套"),
    ("物流", "运输/仓储", "两处仓库上WMS，扫码出入库"),
    ("新能源", "能源", "厂区水电气表实时采集，大约三十块表"),
    ("纺织", "制造业", "八台数控机床接入车间看板"),
)
FORMS = ("有限公司", "有限责任公司", "股份有限公司")
SURNAMES = "季 骆 樊 褚 霍 缪 祁 闵 柯 裴 桑 卞 荀 邬 邵".split()
GIVEN = "映雪 承泽 若谷 子衿 云舟 知远 清妍 亦辰 书瑶 景行 望舒 言川 南笙 以宁 嘉树 怀瑾 明澈 星野 听澜 予安".split()
LATIN = (
    "yingxue chengze ruogu zijin yunzhou zhiyuan qingyan yichen shuyao jingxing "
    "wangshu yanchuan nansheng yining jiashu huaijin mingche xingye tinglan yuan"
).split()
TITLES = ("总经理", "采购经理", "生产部长", "技术总监", "信息部主任", "工程师", "采购", "副总经理")
SOURCES = ("官网表单", "官网咨询", "电话咨询", "老客户介绍", "百度SEM", "微信公众号", "1688", "合作伙伴转介绍")
CHAINS = (
    "采购组报价后由总经理签批",
    "厂长和总经理商量着办",
    "我们老板说了算",
    "采购部提交，董事长审批",
    "研发先评一轮，还要报集团",
    "",
)
URGENCIES = (
    "两周内定供应商", "两周内定供应商", "本周内", "高", "高", "急",
    "本月内", "1个月内", "中", "不急", "先了解一下，半年内无计划", "低", "",
)  # fmt: skip
# enough, enough, astride the floor of the handbook, below it, and what says nothing
BUDGETS = (
    "20-30万", "50万以上", "30万元", "80—120w", "200000-350000", "60万", "15－20万左右",
    "8-15万", "5万以内", "三万", "待确认", "面议", "", "预算充足",
)  # fmt: skip
VAGUE = ("了解一下", "有软件需求", "先看看资料")


@dataclass(frozen=True)
class Lead:
    """One lead as a person might have said it; every field is the text of a cell."""

    company: str
    place: str
    region: str
    area: str
    industry: str
    contact: str
    latin: str
    title: str
    phone: str
    email: str
    need: str
    budget: str
    chain: str
    urgency: str
    source: str
    day: int
    hour: int
    note: str = ""
    status: str = ""


def main(folder: Path) -> None:
    """Write the three files below `folder`, one in the channel expo."""
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def files() -> dict[str, bytes]:
    """The sample files: path → bytes."""
    rng = random.Random(SEED)
    leads = [_lead(rng, number) for number in range(270)]
    web, partner, fair = leads[:110], leads[110:190], leads[190:]
    # people who came by two ways
    partner += [_again(rng, lead) for lead in web[:22]]
    fair += [_again(rng, lead) for lead in web[22:34] + partner[:12]]
    web += [_again(rng, lead) for lead in web[34:44]] + _colleagues(rng, web[44:52]) + _branches(rng, web[52:56])
    return {
        "default/官网线索_2024-03.csv": _text(_web(rng, web), ",").encode("utf-8-sig"),
        "default/合作伙伴_2024-03.csv": _text(_partner(rng, partner), ",").encode("gb18030"),
        "expo/华东工业展_2024-03.csv": _text(_fair(rng, fair), ";").encode("utf-8"),
    }


def _lead(rng: random.Random, number: int) -> Lead:
    place, region, area = rng.choice(PLACES)
    trade, industry, need = rng.choice(TRADES)
    who = rng.randrange(len(GIVEN))
    latin = f"{LATIN[who]}{number:03d}"
    brand = BRANDS[number % len(BRANDS)]
    return Lead(
        company=f"{place}{brand}{trade}{rng.choice(FORMS)}",
        place=place,
        region=region,
        area=area,
        industry=industry,
        contact=SURNAMES[number % len(SURNAMES)] + GIVEN[who],
        latin=latin,
        title=rng.choice(TITLES),
        phone=f"{rng.choice(('138', '139', '186', '157', '177', '199'))}555{number % 10}{1000 + number * 37 % 9000}",
        email=f"{latin}@lead{number:03d}.example.com",
        need=need if rng.random() < 0.85 else rng.choice(VAGUE),
        budget=rng.choice(BUDGETS[:7]) if rng.random() < 0.6 else rng.choice(BUDGETS),
        chain=rng.choice(CHAINS),
        urgency=rng.choice(URGENCIES),
        source=rng.choice(SOURCES),
        day=rng.randint(1, 28),
        hour=rng.randint(8, 18),
    )


def _again(rng: random.Random, lead: Lead) -> Lead:
    """The same person later, written in another way."""
    company = rng.choice(
        (
            lead.company.replace(lead.place, f"{lead.place}市", 1),
            lead.company.replace(lead.place, f"（{lead.place}）", 1),
            lead.company.replace("有限责任公司", "有限公司"),
            " ".join((lead.company[:4], lead.company[4:])),
        )
    )
    phone = rng.choice(
        (f"+86 {lead.phone}", f"{lead.phone[:3]}-{lead.phone[3:7]}-{lead.phone[7:]}", f"{lead.phone}（微信同号）")
    )
    later = replace(lead, company=company, phone=phone, day=min(28, lead.day + 2), note="再次咨询")
    return rng.choice((later, replace(later, budget="30-40万"), replace(later, email=lead.email.upper())))


def _colleagues(rng: random.Random, leads: list[Lead]) -> list[Lead]:
    """Other people behind the same switchboard: not the same leads."""
    return [
        replace(
            lead,
            contact=SURNAMES[(number + 7) % len(SURNAMES)] + GIVEN[(number + 3) % len(GIVEN)],
            phone=f"{lead.area}-5550{1200 + number}" + rng.choice(("", f"-80{number}", f"转80{number}")),
            email=rng.choice(("info", "sales")) + lead.email[lead.email.index("@") :],
        )
        for number, lead in enumerate(leads)
    ]


def _branches(rng: random.Random, leads: list[Lead]) -> list[Lead]:
    """Branch offices of companies that are already there: other accounts."""
    found = []
    for number, lead in enumerate(leads):
        fresh = _lead(rng, 280 + number)
        found.append(replace(fresh, company=f"{lead.company}{rng.choice(PLACES)[0]}分公司"))
    return found


def _web(rng: random.Random, leads: list[Lead]) -> list[list[str]]:
    """线索信息表 of H1, as the web team keeps it."""
    head = "线索编号 来源 公司名称 行业 联系人 职位 电话 邮箱 需求描述 预算范围 决策链 负责人 创建时间 状态".split()
    rows = [
        [
            f"GW{1001 + number}", lead.source, lead.company, lead.industry, lead.contact, lead.title, lead.phone,
            lead.email, _need(lead), lead.budget, lead.chain, "",
            f"2024-03-{lead.day:02d} {lead.hour:02d}:{number % 60:02d}", "待跟进",
        ]
        for number, lead in enumerate(_damaged(rng, leads, phone=6, date=8))
    ]  # fmt: skip
    example = [
        "GW1000", "2024年展会展台", "嘉兴澄屿精密机械有限公司", "制造业", "李经理", "生产部", "13955508888",
        "li@chengyu.example.com", "灌装线换成自动化的", "20-30万", "厂长和总经理商量着办", "", "2024-03-15",
        "方案沟通中",
    ]  # fmt: skip
    test = ["", "官网表单", "测试公司", "", "测试", "", "13800138000", "test@test.com", "测试一下", *[""] * 5]
    hunter = ["", "官网表单", "无", "", "应聘者", "", "15755500001", "", "求职：应聘销售岗位，附简历，期望月薪8千"]
    hunter += ["", "", "", "2024/3/9", ""]
    seller = ["", "官网表单", "苏州岚谷网络有限公司", "", "推广专员", "", "17755500002", ""]
    seller += ["专业代开发票、SEO优化推广，加微信详谈", "", "", "", "2024-03-11", ""]
    nobody = ["", "官网咨询", "", "", "", "", "", "", "请回电", "", "", "", "2024-03-12", ""]
    return [head, example, *rows, test, hunter, seller, nobody, [""] * len(head)]


def _partner(rng: random.Random, leads: list[Lead]) -> list[list[str]]:
    """A partner's export: other names for the columns, its own numbers, Excel's damage."""
    head = "外部编号 线索来源 公司名称 所属行业 联系人 职位 电话 邮箱".split()
    head += "需求描述 预算范围 决策链 首次接触时间 所在地区 紧急程度 备注".split()
    rows = [
        [
            f"P{5000 + number}", "合作伙伴转介绍", lead.company, lead.industry, lead.contact, lead.title, lead.phone,
            lead.email, lead.need, lead.budget, lead.chain, _day(rng, lead), lead.region, lead.urgency, lead.note,
        ]
        for number, lead in enumerate(_damaged(rng, leads, phone=5, date=5))
    ]  # fmt: skip
    # the partner sends one record again, with a larger budget
    rows.append([*rows[3][:9], "100-150万", *rows[3][10:14], "客户追加预算"])
    return [head, *rows]


def _fair(rng: random.Random, leads: list[Lead]) -> list[list[str]]:
    """Cards scanned at a fair: no decision chain, the fair's own words, who scanned them."""
    head = "展会 公司 姓名 职务 手机 邮箱 感兴趣的产品 预算".split()
    head += "扫码时间 现场意向 城市 紧急程度 录入人 录入团队 展位号".split()
    return [
        head,
        *(
            [
                "2024年华东工业展", lead.company, lead.contact, lead.title, lead.phone, lead.email, lead.need,
                lead.budget, f"2024/3/{20 + number % 3} {lead.hour}:{number % 60:02d}",
                rng.choice(("高意向", "一般", "")), lead.place, lead.urgency,
                rng.choice(("罗怡然", "罗怡然", "周敏敏", "")), rng.choice(("市场部", "")), f"B{number % 12 + 1:02d}",
            ]
            for number, lead in enumerate(_damaged(rng, leads, phone=5, date=0))
        ),
    ]  # fmt: skip


def _damaged(rng: random.Random, leads: list[Lead], *, phone: int, date: int) -> list[Lead]:
    """The leads with the damage of daily life; `phone` and `date` say how many of those are hit."""
    hurt = list(leads)
    for place in rng.sample(range(len(hurt)), phone):
        bad = rng.choice(("1.38E+10", "138****8000", "13800138000000", "不方便", "1395550"))
        hurt[place] = replace(hurt[place], phone=bad)
    for place in rng.sample(range(len(hurt)), 6):
        hurt[place] = replace(hurt[place], email="", phone="" if rng.random() < 0.3 else hurt[place].phone)
    for place in rng.sample(range(len(hurt)), 5):
        hurt[place] = replace(hurt[place], **{rng.choice(("budget", "need", "title", "industry")): ""})
    for place in rng.sample(range(len(hurt)), 3):
        hurt[place] = replace(hurt[place], company=rng.choice(("-", "无", "个人")))
    for place in rng.sample(range(len(hurt)), 3):
        hurt[place] = replace(hurt[place], email=hurt[place].email.replace("@", "＠").replace(".example", "。example"))
    for place in rng.sample(range(len(hurt)), date):
        hurt[place] = replace(hurt[place], hour=hurt[place].hour, day=rng.choice((1, 8, 15)))
    return hurt


def _need(lead: Lead) -> str:
    return f"{lead.need}，{lead.urgency}" if lead.urgency and len(lead.urgency) > 1 and lead.need else lead.need


def _day(rng: random.Random, lead: Lead) -> str:
    return rng.choice(
        (
            f"2024-03-{lead.day:02d} {lead.hour:02d}:30",
            f"2024/3/{lead.day}",
            f"2024年3月{lead.day}日",
            f"202403{lead.day:02d}",
            f"3月{lead.day}日",
            f"2024.3.{lead.day}",
            f"2024-03-{lead.day:02d}T{lead.hour:02d}:15:00+08:00",
            "上周",
            "",
        )
    )


def _text(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
