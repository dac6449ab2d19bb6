"""The words of the village in English and Chinese, side by side. Blanks in the Chinese show where words end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A notion and its words in both languages.

    Example:
        >>> COLORS["red"].zh
        '红色'

    Source: None; our own word lists.
    """

    en: str
    zh: str


@dataclass(frozen=True)
class Material:
    """A material, as a noun (``made of wood``, 木头) and before a noun (``a wooden comb``, 木 梳子).

    Example:
        >>> MATERIALS["wood"].adjective_en
        'wooden'

    Source: None; our own word lists.
    """

    en: str
    zh: str
    adjective_en: str
    adjective_zh: str


@dataclass(frozen=True)
class Site:
    """A kind of place: how it is called, and the words for being there (``at the mill``, ``在 磨坊 里``).

    Example:
        >>> PUBLIC["pond"].preposition
        'by'

    Source: None; our own word lists.
    """

    en: str
    zh: str
    preposition: str
    suffix: str


@dataclass(frozen=True)
class Job:
    """A profession, where it is done, and the materials that it makes things of.

    Example:
        >>> JOBS["potter"].makes
        ('clay',)

    Source: None; our own word lists.
    """

    en: str
    zh: str
    workplace: str
    makes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skill:
    """Something that can be learned, and the places where it is taught (``home`` is the teacher's).

    Example:
        >>> SKILLS["swim"].places
        ('pond',)

    Source: None; our own word lists.
    """

    en: str
    zh: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of thing; ``measure`` is its Chinese measure word. Two of a kind differ in color if ``colored``, else in
    material. A ``small`` thing goes into a ``container``.

    Example:
        >>> KINDS["hat"].measure
        '顶'

    Source: None; our own word lists.
    """

    en: str
    zh: str
    measure: str
    materials: tuple[str, ...]
    colored: bool = True
    small: bool = True
    container: bool = False


NAMES_F = (
    ("Anna", "安娜"), ("Lily", "莉莉"), ("Emma", "艾玛"), ("Nora", "诺拉"), ("Clara", "克拉拉"), ("Julia", "朱莉娅"),
    ("Alice", "爱丽丝"), ("Helen", "海伦"), ("Lucy", "露西"), ("Eva", "伊娃"), ("Sophie", "苏菲"), ("Irene", "艾琳"),
    ("Martha", "玛莎"), ("Diana", "黛安娜"), ("Xiuying", "秀英"), ("Lihua", "丽华"), ("Chunmei", "春梅"),
    ("Haiyan", "海燕"), ("Wenjing", "文静"), ("Yutong", "雨桐"), ("Xueqin", "雪琴"), ("Meilan", "美兰"),
    ("Qiuyue", "秋月"), ("Ruolin", "若琳"),
)  # fmt: skip
NAMES_M = (
    ("Tom", "汤姆"), ("Jack", "杰克"), ("Leo", "利奥"), ("Paul", "保罗"), ("Peter", "彼得"), ("Sam", "山姆"),
    ("David", "大卫"), ("Henry", "亨利"), ("Oscar", "奥斯卡"), ("Felix", "菲利克斯"), ("Simon", "西蒙"),
    ("Hugo", "雨果"), ("Adam", "亚当"), ("Oliver", "奥利弗"), ("Zhiqiang", "志强"), ("Jianguo", "建国"),
    ("Guoping", "国平"), ("Minghua", "明华"), ("Zihan", "子涵"), ("Haoran", "浩然"), ("Yufeng", "宇峰"),
    ("Wenbo", "文博"), ("Dawei", "大伟"), ("Tianming", "天明"),
)  # fmt: skip

PUBLIC = {
    "bakery": Site("bakery", "面包店", "at", "里"),
    "school": Site("school", "学校", "at", "里"),
    "library": Site("library", "图书馆", "in", "里"),
    "market": Site("market", "集市", "at", "上"),
    "park": Site("park", "公园", "in", "里"),
    "clinic": Site("clinic", "诊所", "at", "里"),
    "post-office": Site("post office", "邮局", "at", "里"),
    "mill": Site("mill", "磨坊", "at", "里"),
    "station": Site("station", "车站", "at", ""),
    "inn": Site("inn", "客栈", "at", "里"),
    "workshop": Site("workshop", "木工坊", "in", "里"),
    "smithy": Site("smithy", "铁匠铺", "at", "里"),
    "tea-house": Site("tea house", "茶馆", "in", "里"),
    "farm": Site("farm", "农场", "on", "里"),
    "pond": Site("pond", "池塘", "by", "边"),
    "theater": Site("theater", "剧院", "in", "里"),
    "pottery": Site("pottery", "陶艺坊", "in", "里"),
    "bookshop": Site("bookshop", "书店", "in", "里"),
    "tailors-shop": Site("tailor's shop", "裁缝店", "in", "里"),
    "bridge": Site("bridge", "石桥", "on", "上"),
    "garden": Site("garden", "花园", "in", "里"),
}
HOUSES = {
    "red-house": Site("red house", "红 房子", "in", "里"),
    "white-house": Site("white house", "白 房子", "in", "里"),
    "blue-house": Site("blue house", "蓝 房子", "in", "里"),
    "yellow-house": Site("yellow house", "黄 房子", "in", "里"),
    "stone-house": Site("stone house", "石头 房子", "in", "里"),
    "brick-house": Site("brick house", "砖房", "in", "里"),
    "log-cabin": Site("log cabin", "小木屋", "in", "里"),
    "cottage": Site("cottage", "茅屋", "in", "里"),
    "old-tower": Site("old tower", "旧 塔楼", "in", "里"),
}
SITES = {**PUBLIC, **HOUSES}

JOBS = {
    "pupil": Job("pupil", "学生", "school"),
    "baker": Job("baker", "面包师", "bakery"),
    "teacher": Job("teacher", "教师", "school"),
    "librarian": Job("librarian", "图书管理员", "library"),
    "fruit-seller": Job("fruit seller", "水果商", "market"),
    "gardener": Job("gardener", "园丁", "park"),
    "doctor": Job("doctor", "医生", "clinic"),
    "nurse": Job("nurse", "护士", "clinic"),
    "mail-carrier": Job("mail carrier", "邮递员", "post-office"),
    "miller": Job("miller", "磨坊主", "mill"),
    "stationmaster": Job("stationmaster", "站长", "station"),
    "innkeeper": Job("innkeeper", "客栈 老板", "inn"),
    "cook": Job("cook", "厨师", "inn"),
    "carpenter": Job("carpenter", "木匠", "workshop", ("wood", "bamboo")),
    "blacksmith": Job("blacksmith", "铁匠", "smithy", ("iron", "brass", "tin")),
    "tea-seller": Job("tea seller", "茶商", "tea-house"),
    "farmer": Job("farmer", "农民", "farm"),
    "actor": Job("actor", "演员", "theater"),
    "musician": Job("musician", "音乐家", "theater"),
    "potter": Job("potter", "陶匠", "pottery", ("clay",)),
    "bookseller": Job("bookseller", "书商", "bookshop"),
    "tailor": Job("tailor", "裁缝", "tailors-shop", ("wool", "silk", "cotton", "leather")),
}

COLORS = {
    "red": Term("red", "红色"),
    "blue": Term("blue", "蓝色"),
    "green": Term("green", "绿色"),
    "yellow": Term("yellow", "黄色"),
    "white": Term("white", "白色"),
    "black": Term("black", "黑色"),
    "orange": Term("orange", "橙色"),
    "purple": Term("purple", "紫色"),
    "gray": Term("gray", "灰色"),
    "brown": Term("brown", "棕色"),
    "pink": Term("pink", "粉色"),
}
MATERIALS = {
    "paper": Material("paper", "纸", "paper", "纸"),
    "silk": Material("silk", "丝绸", "silk", "丝绸"),
    "wood": Material("wood", "木头", "wooden", "木"),
    "bamboo": Material("bamboo", "竹子", "bamboo", "竹"),
    "leather": Material("leather", "皮革", "leather", "皮"),
    "wool": Material("wool", "羊毛", "woolen", "羊毛"),
    "cotton": Material("cotton", "棉布", "cotton", "布"),
    "glass": Material("glass", "玻璃", "glass", "玻璃"),
    "brass": Material("brass", "黄铜", "brass", "铜"),
    "silver": Material("silver", "银", "silver", "银"),
    "gold": Material("gold", "金", "gold", "金"),
    "jade": Material("jade", "玉石", "jade", "玉"),
    "iron": Material("iron", "铁", "iron", "铁"),
    "tin": Material("tin", "锡", "tin", "锡"),
    "clay": Material("clay", "陶土", "clay", "陶"),
    "straw": Material("straw", "草", "straw", "草"),
}

KINDS = {
    "kite": Kind("kite", "风筝", "只", ("paper", "silk"), small=False),
    "ball": Kind("ball", "球", "个", ("leather",)),
    "hat": Kind("hat", "帽子", "顶", ("straw", "wool", "cotton")),
    "scarf": Kind("scarf", "围巾", "条", ("wool", "silk", "cotton")),
    "coat": Kind("coat", "外套", "件", ("wool", "leather", "cotton"), small=False),
    "blanket": Kind("blanket", "毯子", "条", ("wool", "cotton"), small=False),
    "umbrella": Kind("umbrella", "雨伞", "把", ("paper", "silk", "cotton"), small=False),
    "basket": Kind("basket", "篮子", "个", ("bamboo", "straw"), small=False, container=True),
    "box": Kind("box", "盒子", "个", ("wood", "tin"), small=False, container=True),
    "bag": Kind("bag", "袋子", "个", ("leather", "cotton"), small=False, container=True),
    "lamp": Kind("lamp", "灯", "盏", ("glass", "paper", "brass"), small=False),
    "cup": Kind("cup", "杯子", "个", ("clay", "glass", "tin", "wood")),
    "bowl": Kind("bowl", "碗", "个", ("clay", "wood", "tin")),
    "teapot": Kind("teapot", "茶壶", "把", ("clay", "tin", "iron")),
    "vase": Kind("vase", "花瓶", "个", ("clay", "glass", "brass"), small=False),
    "drum": Kind("drum", "鼓", "面", ("wood",), small=False),
    "doll": Kind("doll", "娃娃", "个", ("cotton", "wood")),
    "chair": Kind("chair", "椅子", "把", ("wood", "bamboo"), small=False),
    "wagon": Kind("wagon", "小推车", "辆", ("wood",), small=False),
    "fan": Kind("fan", "扇子", "把", ("paper", "silk", "bamboo")),
    "ring": Kind("ring", "戒指", "枚", ("silver", "gold", "jade", "brass"), colored=False),
    "key": Kind("key", "钥匙", "把", ("iron", "brass", "silver"), colored=False),
    "bell": Kind("bell", "铃铛", "个", ("brass", "silver", "iron"), colored=False),
    "flute": Kind("flute", "笛子", "支", ("bamboo", "wood", "silver"), colored=False),
    "spoon": Kind("spoon", "勺子", "把", ("silver", "wood", "tin"), colored=False),
    "comb": Kind("comb", "梳子", "把", ("wood", "jade", "silver"), colored=False),
    "whistle": Kind("whistle", "哨子", "个", ("tin", "brass", "bamboo"), colored=False),
    "mirror": Kind("mirror", "镜子", "面", ("silver", "brass", "glass"), colored=False),
}

LIKES = {
    "apples": Term("apples", "吃 苹果"),
    "noodles": Term("noodles", "吃 面条"),
    "dumplings": Term("dumplings", "吃 饺子"),
    "honey-cake": Term("honey cake", "吃 蜂蜜 蛋糕"),
    "green-tea": Term("green tea", "喝 绿茶"),
    "pears": Term("pears", "吃 梨"),
    "bean-soup": Term("bean soup", "喝 豆汤"),
    "old-songs": Term("old songs", "听 老歌"),
    "riddles": Term("riddles", "猜 谜语"),
    "long-walks": Term("long walks", "散步"),
    "snow": Term("snow", "看 雪"),
    "chess": Term("chess", "下棋"),
    "flowers": Term("flowers", "赏 花"),
    "stars": Term("looking at the stars", "看 星星"),
}
SKILLS = {
    "swim": Skill("swim", "游泳", ("pond",)),
    "fish": Skill("fish", "钓鱼", ("pond", "bridge")),
    "row-a-boat": Skill("row a boat", "划 船", ("pond",)),
    "play-the-flute": Skill("play the flute", "吹 笛子", ("park", "theater", "home")),
    "knit": Skill("knit", "织 毛衣", ("home",)),
    "bake-bread": Skill("bake bread", "烤 面包", ("bakery", "home")),
    "fly-a-kite": Skill("fly a kite", "放 风筝", ("park",)),
    "draw": Skill("draw", "画画", ("school", "garden", "home")),
    "ride-a-horse": Skill("ride a horse", "骑 马", ("farm",)),
    "play-chess": Skill("play chess", "下棋", ("tea-house", "park", "home")),
    "dance": Skill("dance", "跳舞", ("park", "theater")),
    "grow-roses": Skill("grow roses", "种 玫瑰", ("garden", "park")),
}
MOODS = {
    "happy": Term("happy", "高兴"),
    "sad": Term("sad", "难过"),
    "proud": Term("proud", "自豪"),
}
WEATHER = {
    "sunny": Term("sunny", "晴天"),
    "rainy": Term("rainy", "雨天"),
    "windy": Term("windy", "刮风 天"),
    "cloudy": Term("cloudy", "阴天"),
    "foggy": Term("foggy", "雾天"),
}
DAYS = (
    Term("Monday", "星期一"),
    Term("Tuesday", "星期二"),
    Term("Wednesday", "星期三"),
    Term("Thursday", "星期四"),
    Term("Friday", "星期五"),
    Term("Saturday", "星期六"),
)
PARTS = (Term("morning", "上午"), Term("afternoon", "下午"), Term("evening", "晚上"))
