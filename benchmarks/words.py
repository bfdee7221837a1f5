"""Words the generated leads are made of; all our own, no register of companies or people behind them."""

from __future__ import annotations


def _spelt(text: str) -> list[tuple[str, ...]]:
    return [tuple(pair.split(":")) for pair in text.split()]


# city as written in a lead, its province in full, area code of its landlines
CITIES = [tuple(line.split()) for line in """
北京市 北京市 010|上海市 上海市 021|天津市 天津市 022|重庆市 重庆市 023|广州市 广东省 020|深圳市 广东省 0755
佛山市 广东省 0757|东莞市 广东省 0769|珠海市 广东省 0756|惠州市 广东省 0752|中山市 广东省 0760
南京市 江苏省 025|苏州市 江苏省 0512|无锡市 江苏省 0510|常州市 江苏省 0519|南通市 江苏省 0513|徐州市 江苏省 0516
杭州市 浙江省 0571|宁波市 浙江省 0574|温州市 浙江省 0577|嘉兴市 浙江省 0573|绍兴市 浙江省 0575|台州市 浙江省 0576
合肥市 安徽省 0551|芜湖市 安徽省 0553|福州市 福建省 0591|厦门市 福建省 0592|泉州市 福建省 0595
南昌市 江西省 0791|济南市 山东省 0531|青岛市 山东省 0532|烟台市 山东省 0535|潍坊市 山东省 0536
郑州市 河南省 0371|洛阳市 河南省 0379|武汉市 湖北省 027|宜昌市 湖北省 0717|长沙市 湖南省 0731|株洲市 湖南省 0731
石家庄市 河北省 0311|唐山市 河北省 0315|太原市 山西省 0351|沈阳市 辽宁省 024|大连市 辽宁省 0411
长春市 吉林省 0431|哈尔滨市 黑龙江省 0451|西安市 陕西省 029|兰州市 甘肃省 0931|成都市 四川省 028|绵阳市 四川省 0816
贵阳市 贵州省 0851|昆明市 云南省 0871|南宁市 广西壮族自治区 0771|海口市 海南省 0898|呼和浩特市 内蒙古自治区 0471
银川市 宁夏回族自治区 0951|乌鲁木齐市 新疆维吾尔自治区 0991
""".replace("\n", "|").split("|") if line.strip()]  # fmt: skip

# syllables of brand names with their spelling, for the company's mail domain
SYLLABLES = _spelt("""
恒:heng 瑞:rui 盛:sheng 德:de 华:hua 泰:tai 鑫:xin 源:yuan 宏:hong 达:da 博:bo 远:yuan 志:zhi
诚:cheng 联:lian 创:chuang 金:jin 海:hai 天:tian 龙:long 凯:kai 信:xin 嘉:jia 美:mei 安:an 康:kang
永:yong 兴:xing 隆:long 昌:chang 明:ming 光:guang 亚:ya 欧:ou 科:ke 智:zhi 云:yun 启:qi 飞:fei
腾:teng 宇:yu 航:hang 星:xing 辰:chen 锐:rui 捷:jie 力:li 强:qiang 佳:jia 丰:feng 润:run 泽:ze
洋:yang 江:jiang 山:shan 峰:feng 岳:yue 川:chuan 林:lin 森:sen 晨:chen 阳:yang 旭:xu 日:ri 正:zheng
方:fang 中:zhong 和:he 同:tong 众:zhong 合:he 广:guang 通:tong 顺:shun 利:li 荣:rong 富:fu 贵:gui
宝:bao 玉:yu 东:dong 南:nan 西:xi 北:bei 新:xin 世:shi 纪:ji 百:bai 千:qian 万:wan 大:da
元:yuan 亿:yi 优:you 精:jing 卓:zhuo
""")

# industry as a lead states it, trades of its companies, needs of its buyers
INDUSTRIES = [
    ("制造业", ["机械", "精密机械", "自动化设备", "电子", "电气", "模具", "五金制品", "塑胶", "汽车零部件"],
     ["MES选型，{n}条产线，数据要进现有ERP", "装配段改自动化，共{n}个工位", "{n}台数控机床接入车间看板"]),
    ("IT服务业", ["软件", "信息技术", "网络科技", "数据科技", "智能科技"],
     ["换{n}台服务器，连同异地备份", "销售{n}人换CRM，外勤要能用手机录入", "数据中心迁址，{n}个机柜"]),
    ("医药", ["医疗器械", "生物科技", "医药"], ["{n}台影像设备的保养外包", "药库温湿度记录，{n}个探头"]),
    ("物流", ["物流", "供应链管理", "国际货运"], ["{n}处仓库上WMS，扫码出入库", "车辆定位加油量统计，{n}台车"]),
    ("建筑业", ["建筑工程", "装饰工程", "建材"], ["{n}处工地的考勤闸机和实名登记", "BIM建模外包，约{n}万平米"]),
    ("零售", ["商贸", "贸易", "百货", "电子商务"], ["{n}家门店统一收银和库存",
     "多平台网店的订单汇总，每天{n}00单左右"]),
    ("教育", ["教育科技", "文化传播"], ["{n}个校区的报名排课软件", "线上授课系统，同时{n}个班"]),
    ("能源", ["新能源", "电力设备", "环保科技"], ["水电气表实时采集，{n}块表", "屋顶光伏巡检系统，{n}兆瓦"]),
]  # fmt: skip
VAGUE_NEEDS = ["先了解一下", "咨询", "有软件需求", "了解价格", "随便看看"]
LEGAL_FORMS = ["有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "(集团)有限公司"]

SURNAMES = _spelt("""
王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun 胡:hu
朱:zhu 高:gao 林:lin 何:he 郭:guo 马:ma 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang
冯:feng 于:yu 董:dong 萧:xiao 程:cheng 曹:cao 袁:yuan 邓:deng 许:xu 傅:fu 沈:shen 曾:zeng 彭:peng
吕:lv 苏:su 卢:lu 蒋:jiang 蔡:cai 贾:jia 丁:ding 魏:wei 薛:xue
""")
GIVEN = _spelt("""
伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 艳:yan 杰:jie
娟:juan 涛:tao 明:ming 超:chao 秀:xiu 霞:xia 平:ping 刚:gang 桂:gui 英:ying 华:hua 玉:yu 兰:lan
梅:mei 鹏:peng 飞:fei 斌:bin 波:bo 宇:yu 浩:hao 凯:kai 健:jian 俊:jun 帆:fan 雪:xue 婷:ting
雨:yu 晨:chen 欣:xin 佳:jia 思:si 文:wen 博:bo 志:zhi 国:guo 海:hai 建:jian 春:chun 红:hong
云:yun 龙:long 林:lin 峰:feng 毅:yi 旭:xu 宁:ning 洁:jie 琳:lin 颖:ying 慧:hui 倩:qian
""")

TITLES = ["总经理", "采购经理", "经理", "技术总监", "信息部主任", "采购", "厂长", "运营总监", "工程师", "副总经理", ""]
CHAINS = ["研发试用、采购谈价、总经理批准", "采购组报价后由总经理签批", "我们老板说了算", "厂长和总经理商量着办",
          "信息科提名单；财务总监签批", "", ""]  # fmt: skip
SOURCES = ["官网表单", "官网", "电商平台", "行业展会", "线下展会", "合作伙伴转介绍", "老客户介绍", "社交媒体", "抖音",
           "百度SEM", "电话咨询", "400电话"]  # fmt: skip
URGENCIES = ["高", "中", "低", "尽快", "本月内", "3个月内", "两周内", "先了解", "急", "", "", ""]
NOTES = ["", "", "", "上午联系", "已发资料", "价格敏感", "加微信", "老客户"]
BUDGETS = ["{w}万", "{w}万元", "{w}-{v}万", "{w}万-{v}万", "{w}~{v}万元", "{w}0000", "￥{w}0000元", "{w}0000-{v}0000",
           "{w}万左右", "{w}w", "≥{w}万", "待确认", "面议", "", "{s}千-1万"]  # fmt: skip
DATES = ["%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:00+08:00", "%Y.%m.%d", ""]
MOBILES = ["130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "153", "155", "156",
           "157", "158", "159", "176", "177", "178", "180", "181", "182", "183", "185", "186", "187", "188",
           "189", "191", "198", "199"]  # fmt: skip
FREE_MAIL = ["163.com", "qq.com", "126.com", "foxmail.com", "sina.com"]
ROLE_BOXES = ["info", "sales", "service", "contact"]
