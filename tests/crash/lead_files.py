"""Lead files in which later chunks change what earlier ones made: joins, updates, a tie, a lift, a placeholder."""

import random
from pathlib import Path

HEADER = "外部编号,来源,公司名称,行业,联系人,职位,电话,邮箱,需求描述,预算范围,决策链,创建时间,紧急程度,所在地区"
CHUNK_ROWS = 45
_PLACES = ("杭州", "苏州", "武汉", "佛山", "天津")
_TRADES = (("精密机械", "制造业"), ("软件", "IT"), ("医药", "医疗健康"), ("物流", "运输/仓储"))
_BRANDS = "澄屿 栖川 朗岫 霁野 砚舟 泊澜 昀泰 禾曜 沐岩 青垣 炬辰 岚谷 铂陆 翎越 恒砺".split()
_SURNAMES = "季骆樊褚霍缪祁闵柯裴"
_GIVEN = "映雪 承泽 若谷 子衿 云舟 知远 清妍 亦辰".split()
_NEEDS = ("两条装配线要改成自动化", "仓库出入库要上扫码系统", "了解一下", "MES系统选型，覆盖三个车间")
_BUDGETS = ("20-30万", "60万元", "面议", "", "5000元")
_CHAINS = ("采购组报价后由总经理签批", "我们老板说了算", "")
_URGENCIES = ("高", "一个月内", "暂无计划", "")
# Supervisor, senior on leave with a deputy; representative and assistant for two provinces: elsewhere nobody fits.
_ROSTER = """\
people:
  - {id: qi, name: 戚经理, role: 经理, team: 销售部, email: qi@example.com}
  - {id: jing, name: 景主管, role: 主管, team: 甲组, email: jing@example.com, reports_to: qi}
  - {id: sun, name: 孙资深, role: 资深, team: 甲组, email: sun@example.com, reports_to: jing,
     deputy: tan, leave: [{from: 2024-03-18, to: 2024-03-20}]}
  - {id: tan, name: 谭资深, role: 资深, team: 甲组, email: tan@example.com, reports_to: jing}
  - {id: wei, name: 魏代表, role: 销售代表, team: 甲组, email: wei@example.com, reports_to: jing,
     regions: [浙江省, 江苏省]}
  - {id: xu, name: 许助理, role: 助理, team: 甲组, email: xu@example.com, reports_to: jing, regions: [浙江省]}
"""
_SHARED_NUMBER = "13855500000"  # at so many companies that it names nobody


def drop_files(intake: Path) -> None:
    """Put the files into the intake folders, each marked as complete."""
    first = list_of_the_form()
    _drop(intake / "default" / "1-甲.csv", first.encode("utf-8-sig"))
    _drop(intake / "default" / "3-甲的副本.csv", first.encode("utf-8-sig"))
    _drop(intake / "default" / "华东一组" / "2-乙.csv", _list_of_a_team().encode("gb18030"))
    _drop(intake / "expo" / "4-展会.csv", list_of_a_fair().encode("utf-8"))
    _drop(intake / "expo" / "5-信.txt", "您好，附件里是名单。\n".encode())


def write_roster(folder: Path) -> None:
    """Write a small roster of invented people, as a company's own configuration has it."""
    folder.mkdir(parents=True)
    (folder / "roster.yaml").write_text(_ROSTER, encoding="utf-8")


def _drop(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_name(path.name + ".ok").touch()


def list_of_the_form() -> str:
    """A hundred and thirty rows: from the second chunk on, every third is about somebody of the first."""
    rows = [_row(number, number if number < CHUNK_ROWS or number % 3 else number % CHUNK_ROWS) for number in range(120)]
    rows += [
        # ties two people who were apart: the mobile of one, the mailbox of the other
        _row(120, 9, mail=_mail(10)),
        _row(121, 13, mail=_mail(14)),
        # nobody to reach; no company
        _row(122, 122, mobile="", mail=""),
        _row(123, 123, company=""),
        # a known record with other values
        _row(5, 5, budget="80万元", urgency="高", chain="我们老板说了算"),
        # the same record once more, nothing new
        _row(5, 5, budget="80万元", urgency="高", chain="我们老板说了算"),
    ]
    return _text([*rows, *(_row(number, number, mobile=_SHARED_NUMBER, mail="") for number in range(126, 130))])


def _list_of_a_team() -> str:
    """Seventy rows of another team: half of them about people of the first file."""
    rows = [_row(1000 + number, number * 2 if number % 2 else 200 + number) for number in range(68)]
    # by now the shared number is seen at too many companies: the joins that it made are taken back
    return _text([*rows, *(_row(2000 + number, 300 + number, mobile=_SHARED_NUMBER, mail="") for number in range(3))])


def list_of_a_fair() -> str:
    """Forty rows of a fair, separated by semicolons."""
    rows = [_row(3000 + number, 400 + number if number % 2 else number) for number in range(40)]
    return _text(rows).replace(",", ";")


def _text(rows: list[list[str]]) -> str:
    return "\n".join([HEADER, *(",".join(row) for row in rows), ""])


def _row(number: int, person: int, **said: str) -> list[str]:
    """Row `number` about a person; the same numbers give the same row."""
    some = random.Random(number * 1000 + person)
    who = random.Random(person)
    trade, industry = who.choice(_TRADES)
    place = who.choice(_PLACES)
    values = {
        "record": f"K{number:04d}",
        "source": some.choice(("官网表单", "电话咨询", "老客户介绍")),
        # three people a company: the strongest need among them decides who must own it
        "company": f"{place}{_BRANDS[person // 3 % len(_BRANDS)]}{person // 3}{trade}有限公司",
        "industry": industry,
        "name": who.choice(_SURNAMES) + who.choice(_GIVEN),
        "title": who.choice(("总经理", "采购经理", "工程师")),
        "mobile": f"139555{person:05d}",
        "mail": _mail(person) if person % 4 else "",
        "need": some.choice(_NEEDS).replace(",", "，"),
        "budget": some.choice(_BUDGETS),
        "chain": some.choice(_CHAINS),
        "created": f"2024-03-{some.randint(1, 15):02d} 1{some.randint(0, 9)}:20",
        "urgency": some.choice(_URGENCIES),
        "place": place,
    }
    return list((values | said).values())


def _mail(person: int) -> str:
    return f"kehu{person:04d}@shili{person:04d}.example.com"
