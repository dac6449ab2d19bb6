"""The English sentence frames. A frame that begins with ``{a} `` can be joined with another one of the same agent."""

EVENTS = {
    "go": (
        "{a} [go] {to:p}",
        "{a} [walk] {to:p}",
        "{a} [come] {to:p}",
        "{a} [leave] {q} and [go] {to:p}",
        "{a} [walk] from {q} {to:p}",
    ),
    "go_with": (
        "{a} [take] {x} {to:p}",
        "{a} [carry] {x} {to:p}",
        "{a} [go] {to:p} with {full:x}",
        "{a} [bring] {x} {to:p}",
    ),
    "go_home": (
        "{a} [go] home",
        "{a} [walk] home",
        "{a} [return] home",
        "{a} [walk] home from {q}",
        "{a} [leave] {q} and [go] home",
    ),
    "go_home_with": (
        "{a} [take] {x} home",
        "{a} [carry] {x} home",
        "{a} [go] home with {full:x}",
        "{a} [bring] {x} home from {q}",
    ),
    "lose": (
        "{a} [lose] {x} {at:p}",
        "{a} [drop] {x} {at:p} without noticing it",
        "{x} [be] lost {at:p}",
        "{a} [lose] {x}",
    ),
    "find": (
        "{a} [find] {x} {at:p}",
        "{a} [see] {full:x} {at:p} and [pick] it up",
        "{x} [be] found by {name:a} {at:p}",
        "{a} [find] {x}",
        "{a} [discover] {x} {at:p}",
    ),
    "give": (
        "{a} [give] {x} to {b}",
        "{a} [give] {b} {full:x}",
        "{b} [be] given {full:x} by {name:a}",
        "{x} [be] given to {b} by {name:a}",
        "{b} [get] {x} from {a} as a present",
        "{a} [make] {b} a present of {full:x}",
    ),
    "give_back": (
        "{a} [give] {x} back to {b}",
        "{a} [return] {x} to {b}",
        "{b} [get] {x} back from {a}",
        "{x} [be] given back to {b} by {name:a}",
    ),
    "lend": (
        "{a} [lend] {x} to {b}",
        "{a} [lend] {b} {full:x}",
        "{b} [borrow] {x} from {a}",
        "{x} [be] lent to {b} by {name:a}",
    ),
    "sell": (
        "{a} [sell] {x} to {b} for {coins:v}",
        "{b} [buy] {x} from {a} for {coins:v}",
        "{b} [pay] {a} {coins:v} for {x}",
        "{x} [be] sold to {b} for {coins:v}",
        "{a} [sell] {b} {full:x} for {coins:v}",
    ),
    "make": (
        "{a} [make] {new:x}",
        "{a} [make] {new:x} {at:p}",
        "{new:x} [be] made by {name:a} {at:p}",
        "{a} [finish] {new:x}",
    ),
    "paint": (
        "{a} [paint] {x} {color:v}",
        "{x} [be] painted {color:v} by {name:a}",
        "{a} [give] {full:x} a coat of {color:v} paint",
    ),
    "put_in": (
        "{a} [put] {x} into {full:c}",
        "{x} [be] put into {full:c} by {name:a}",
        "{a} [place] {x} in {full:c}",
    ),
    "take_out": (
        "{a} [take] {x} out of {full:c}",
        "{x} [be] taken out of {full:c} by {name:a}",
        "{a} [reach] into {full:c} and [take] out {full:x}",
    ),
    "put_down": (
        "{a} [leave] {x} {at:p}",
        "{a} [put] {x} down {at:p}",
        "{a} [leave] {x} behind {at:p}",
        "{x} [be] left {at:p} by {name:a}",
    ),
    "pick_up": (
        "{a} [pick] up {full:x} {at:p}",
        "{a} [pick] {x} up",
        "{a} [fetch] {x}",
        "{x} [be] picked up by {name:a} {at:p}",
    ),
    "move_house": (
        "{a} [move] from {plain:q} to {plain:p} with everything {nom:a} owned there",
        "{a} [move] out of {plain:q} and into {plain:p}, with all {own:a} things",
        "{a} [leave] {plain:q} with all {own:a} things and [move] into {plain:p}",
    ),
    "befriend": (
        "{a} and {name:b} [become|pl] friends",
        "{a} [make] friends with {b}",
        "{a} [become] a friend of {names:b}",
    ),
    "meet": (
        "{a} [meet] {b} {at:p}",
        "{a} [have] a chat with {b} {at:p}",
        "{a} and {name:b} [have|pl] a talk {at:p}",
        "{a} [run] into {b} {at:p}",
    ),
    "birthday": (
        "{a} [turn] {number:v}",
        "{a} [have] a birthday and [turn] {number:v}",
        "it [be] {poss:a} birthday: {nom:a} [turn] {number:v}",
    ),
    "teach": (
        "{a} [teach] {b} to {skill:v}",
        "{a} [show] {b} how to {skill:v}",
        "{b} [learn] to {skill:v} from {a}",
        "{b} [be] taught to {skill:v} by {name:a}",
    ),
}

FACTS = {
    "age": ("{a} [be] {number:v} years old", "{a} [be] {aged:v}"),
    "job": ("{a} [be] {job:v}",),
    "works_at": ("{a} [work] {at:p}",),
    "lives_in": ("{a} [live] {in:p}", "{poss:a} home [be] {plain:p}"),
    "likes": ("{a} [like] {like:v}", "{a} [be] fond of {like:v}", "{a} [love] {like:v}"),
    "can": ("{a} [can] {skill:v}", "{a} [know] how to {skill:v}"),
    "mood": ("{a} [be] {mood:v}", "{a} [feel] {mood:v}", "that [make] {a} {mood:v}"),
    "parent_of": ("{a} [be] {poss:b} {parent:a}", "{b} [be] {poss:a} {child:b}"),
    "sibling_of": ("{a} [be] {poss:b} {sibling:a}", "{b} [be] {poss:a} {sibling:b}"),
    "married_to": ("{a} and {name:b} [be|pl] married", "{b} [be] {poss:a} {spouse:b}"),
    "friend_of": ("{a} and {name:b} [be|pl] friends", "{b} [be] a friend of {names:a}", "{b} [be] {poss:a} friend"),
    "next_to": ("{p} [be] next to {q}", "{p} [be] beside {q}"),
    "north_of": ("{p} [be] north of {q}", "{p} [lie] to the north of {q}"),
    "south_of": ("{p} [be] south of {q}", "{p} [lie] to the south of {q}"),
    "east_of": ("{p} [be] east of {q}", "{p} [lie] to the east of {q}"),
    "west_of": ("{p} [be] west of {q}", "{p} [lie] to the west of {q}"),
    "at": ("{a} [be] {at:p}",),
    "at_home": ("{a} [be] {at:p}",),
    "owner": ("{a} [have] {new:x}", "{a} [own] {new:x}"),
    "owner_known": ("{plain:x} [belong] to {a}", "{a} [own] {plain:x}", "{a} [be] the owner of {plain:x}"),
    "color": ("{plain:x} [be] {color:v}",),
    "material": ("{x} [be] made of {material:v}",),
    "location_person": ("{a} [have] {plain:x} with {acc:a}", "{x} [be] with {a}"),
    "location_place": ("{x} [be] {at:p}", "{x} [lie] {at:p}"),
    "location_thing": ("{x} [be] in {full:c}", "{x} [lie] in {full:c}"),
    "weather": ("it [be] a {weather:v} day", "the weather [be] {weather:v}", "it [be] {weather:v}"),
}

QUOTES = {
    "lose": (
        '"Where is my {noun:x}?" asked {name:a}.',
        '"I cannot find my {noun:x}!" cried {name:a}.',
    ),
    "give": (
        '"This {noun:x} is for you," said {name:a}.',
        '"Thank you for the {noun:x}!" said {name:b}.',
        '"Now the {noun:x} is yours," said {name:a}.',
    ),
    "give_back": (
        '"Here is your {noun:x}," said {name:a}.',
        '"Thank you for bringing my {noun:x}!" said {name:b}.',
    ),
    "lend": (
        '"You may have the {noun:x} for a while," said {name:a}.',
        '"I will bring the {noun:x} back," said {name:b}.',
    ),
    "sell": (
        '"The {noun:x} is yours now," said {name:a}.',
        '"I am glad to have the {noun:x}," said {name:b}.',
        '"{coins:v} is a fair price for the {noun:x}," said {name:b}.',
    ),
    "befriend": (
        '"You are my friend now," said {name:a}.',
        '"I am glad that we met," said {name:b}.',
    ),
    "birthday": (
        '"Now I am {number:v}," said {name:a}.',
        '"I am a year older today!" said {name:a}.',
    ),
    "teach": (
        '"Watch me, and then try it yourself," said {name:a}.',
        '"Now I can {skill:v}!" cried {name:b}.',
    ),
}
