"""The Chinese sentence frames; blanks show where words end. Those that begin with ``{a} `` can be joined."""

EVENTS = {
    "go": (
        "{a} 去 了 {p}",
        "{a} 来到 了 {p}",
        "{a} 从 {q} 走 到 了 {p}",
        "{a} 离开 {q} ， 去 了 {p}",
    ),
    "go_with": (
        "{a} 带 着 {full:x} 去 了 {p}",
        "{a} 把 {x} 带 到 了 {p}",
        "{a} 带 着 {full:x} 来到 了 {p}",
    ),
    "go_home": (
        "{a} 回家 了",
        "{a} 回 到 了 家 里",
        "{a} 从 {q} 回家 了",
        "{a} 离开 {q} ， 回家 了",
    ),
    "go_home_with": (
        "{a} 把 {x} 带 回 了 家",
        "{a} 带 着 {full:x} 回家 了",
        "{a} 带 着 {full:x} 从 {q} 回家 了",
    ),
    "lose": (
        "{a} {at:p} 丢 了 {x}",
        "{a} {at:p} 把 {x} 弄 丢 了",
        "{a} 不 小心 把 {x} 掉 在 了 {loc:p}",
        "{x} 被 {name:a} 弄 丢 在 了 {loc:p}",
    ),
    "find": (
        "{a} {at:p} 发现 了 {x}",
        "{a} {at:p} 找到 了 {x}",
        "{a} {at:p} 看见 了 {full:x} ， 就 拿 了 起来",
        "{x} 被 {name:a} {at:p} 发现 了",
    ),
    "give": (
        "{a} 把 {x} 送给 了 {b}",
        "{a} 把 {x} 当作 礼物 送给 了 {b}",
        "{b} 收到 了 {a} 送 的 {bare:x}",
        "{x} 被 {name:a} 送给 了 {b}",
        "{b} 收下 了 {a} 送 的 {bare:x}",
    ),
    "give_back": (
        "{a} 把 {x} 还给 了 {b}",
        "{a} 将 {x} 交 还 给 了 {b}",
        "{b} 从 {a} 那里 拿 回 了 {x}",
        "{x} 被 {name:a} 还给 了 {b}",
    ),
    "lend": (
        "{a} 把 {x} 借给 了 {b}",
        "{b} 向 {a} 借 了 {x}",
        "{b} 从 {a} 那里 借 来 了 {x}",
        "{x} 被 {name:a} 借给 了 {b}",
    ),
    "sell": (
        "{a} 把 {x} 卖给 了 {b} ， 卖 了 {coins:v}",
        "{a} 以 {coins:v} 的 价钱 把 {x} 卖给 了 {b}",
        "{b} 花 {coins:v} 从 {a} 那里 买 了 {x}",
        "{b} 用 {coins:v} 买 下 了 {poss:a} {bare:x}",
    ),
    "make": (
        "{a} 做 了 {new:x}",
        "{a} {at:p} 做 了 {new:x}",
        "{a} 亲手 做 了 {new:x}",
        "{a} {at:p} 做 好 了 {new:x}",
    ),
    "paint": (
        "{a} 把 {x} 涂 成 了 {color:v}",
        "{a} 给 {full:x} 刷 上 了 {color:v} 的 漆",
        "{x} 被 {name:a} 涂 成 了 {color:v}",
    ),
    "put_in": (
        "{a} 把 {x} 放进 了 {full:c} 里",
        "{a} 将 {x} 装进 了 {full:c}",
        "{x} 被 {name:a} 放进 了 {full:c} 里",
    ),
    "take_out": (
        "{a} 从 {full:c} 里 拿 出 了 {x}",
        "{a} 把 {x} 从 {full:c} 里 取 了 出来",
        "{x} 被 {name:a} 从 {full:c} 里 拿 了 出来",
    ),
    "put_down": (
        "{a} 把 {x} 留 在 了 {loc:p}",
        "{a} 把 {x} 放 在 了 {loc:p}",
        "{x} 被 {name:a} 留 在 了 {loc:p}",
    ),
    "pick_up": (
        "{a} {at:p} 拿 起 了 {x}",
        "{a} 取 来 了 {full:x}",
        "{a} {at:p} 拿 了 {x}",
    ),
    "move_house": (
        "{a} 带 着 家里 的 全部 东西 从 {plain:q} 搬 到 了 {plain:p}",
        "{a} 搬 出 {plain:q} ， 带 着 所有 的 东西 住 进 了 {plain:p}",
        "{a} 离开 {plain:q} ， 带 着 所有 的 东西 搬 进 了 {plain:p}",
    ),
    "befriend": (
        "{a} 和 {name:b} 成 了 朋友",
        "{a} 跟 {name:b} 交 上 了 朋友",
        "{a} 与 {name:b} 交 了 朋友",
    ),
    "meet": (
        "{a} {at:p} 遇见 了 {b}",
        "{a} {at:p} 碰到 了 {b}",
        "{a} {at:p} 和 {name:b} 聊 了 一会儿 天",
        "{a} 和 {name:b} {at:p} 说 了 一会儿 话",
    ),
    "birthday": (
        "{a} 满 {number:v} 岁 了",
        "{a} 过 生日 ， 满 {number:v} 岁 了",
        "{a} 过 了 {number:v} 岁 生日",
    ),
    "teach": (
        "{a} 教 会 了 {b} {skill:v}",
        "{a} {at:p} 教 会 了 {b} {skill:v}",
        "{b} 跟 {a} 学 会 了 {skill:v}",
        "{b} {at:p} 跟 {a} 学 会 了 {skill:v}",
    ),
}

FACTS = {
    "age": ("{a} {number:v} 岁", "{a} 是 {aged:v}"),
    "job": ("{a} 是 {job:v}", "{a} 是 一 名 {job:v}"),
    "works_at": ("{a} {in:p} 工作", "{a} {in:p} 上班"),
    "lives_in": ("{a} 住 {in:p}", "{poss:a} 家 是 {plain:p}"),
    "likes": ("{a} 喜欢 {like:v}", "{a} 很 喜欢 {like:v}", "{a} 爱 {like:v}"),
    "can": ("{a} 会 {skill:v}", "{a} 知道 怎么 {skill:v}"),
    "mood": ("{a} 很 {mood:v}", "{a} 感到 很 {mood:v}", "这 让 {a} 很 {mood:v}"),
    "parent_of": ("{a} 是 {poss:b} {parent:a}", "{b} 是 {poss:a} {child:b}"),
    "sibling_of": ("{a} 是 {poss:b} {sibling:a}", "{b} 是 {poss:a} {sibling:b}"),
    "married_to": ("{a} 和 {name:b} 是 夫妻", "{b} 是 {poss:a} {spouse:b}"),
    "friend_of": ("{a} 和 {name:b} 是 朋友", "{b} 是 {poss:a} 朋友"),
    "next_to": ("{p} 在 {q} 旁边", "{p} 紧 挨 着 {q}"),
    "north_of": ("{p} 在 {q} 的 北边", "{p} 位于 {q} 北边"),
    "south_of": ("{p} 在 {q} 的 南边", "{p} 位于 {q} 南边"),
    "east_of": ("{p} 在 {q} 的 东边", "{p} 位于 {q} 东边"),
    "west_of": ("{p} 在 {q} 的 西边", "{p} 位于 {q} 西边"),
    "at": ("{a} {at:p}",),
    "at_home": ("{a} {at:p}",),
    "owner": ("{a} 有 {new:x}",),
    "owner_known": ("{plain:x} 属于 {a}", "{plain:x} 归 {a} 所有", "{a} 是 那 {measure:x} {bare:x} 的 主人"),
    "color": ("{plain:x} 是 {color:v} 的",),
    "material": ("{x} 是 用 {material:v} 做 的", "{x} 是 {material:v} 做 的"),
    "location_person": ("{a} 身边 带 着 {full:x}", "{x} 在 {a} 那里"),
    "location_place": ("{x} {at:p}", "{x} 放 {at:p}"),
    "location_thing": ("{x} 在 {full:c} 里", "{x} 放 在 {full:c} 里"),
    "weather": ("这 天 是 {weather:v}", "这 天 {sky:v}"),
}

QUOTES = {
    "lose": (
        "“ 我 的 {noun:x} 在 哪儿 ？ ” {name:a} 问 道 。",
        "“ 我 找 不 到 我 的 {noun:x} 了 ！ ” {name:a} 喊 道 。",
    ),
    "give": (
        "“ 这 {measure:x} {noun:x} 送给 你 。 ” {name:a} 说 。",
        "“ 谢谢 你 的 {noun:x} ！ ” {name:b} 说 。",
        "“ 现在 这 {measure:x} {noun:x} 是 你 的 了 。 ” {name:a} 说 。",
    ),
    "give_back": (
        "“ 给 你 ， 这 是 你 的 {noun:x} 。 ” {name:a} 说 。",
        "“ 谢谢 你 把 我 的 {noun:x} 带 来 ！ ” {name:b} 说 。",
    ),
    "lend": (
        "“ 这 {measure:x} {noun:x} 你 先 用 着 吧 。 ” {name:a} 说 。",
        "“ 我 会 把 {noun:x} 还 回来 的 。 ” {name:b} 说 。",
    ),
    "sell": (
        "“ 现在 {noun:x} 是 你 的 了 。 ” {name:a} 说 。",
        "“ 有 了 这 {measure:x} {noun:x} ， 我 很 高兴 。 ” {name:b} 说 。",
        "“ {coins:v} 买 这 {measure:x} {noun:x} ， 价钱 公道 。 ” {name:b} 说 。",
    ),
    "befriend": (
        "“ 现在 你 是 我 的 朋友 了 。 ” {name:a} 说 。",
        "“ 很 高兴 认识 你 。 ” {name:b} 说 。",
    ),
    "birthday": (
        "“ 我 现在 {number:v} 岁 了 。 ” {name:a} 说 。",
        "“ 今天 我 又 大 了 一 岁 ！ ” {name:a} 说 。",
    ),
    "teach": (
        "“ 先 看 我 做 ， 然后 你 自己 试试 。 ” {name:a} 说 。",
        "“ 现在 我 会 {skill:v} 了 ！ ” {name:b} 喊 道 。",
    ),
}
