"""Invented input for one target: noise, texts, whole inputs with some pieces changed, and JSON that looks right."""

import json

from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)


def inputs(target):
    kinds = [mutated(target), *noise(target)]
    if target.names:
        kinds += [json_like(target), json_like(target)]
    return st.one_of(*kinds)


def inputs_for_many(target):
    """Those that do not begin with one of its seeds: for all targets that look for the same words and names."""
    many = st.one_of(*like_objects(target)).map(as_json)
    return st.one_of(*noise(target), many, many)


def inputs_of_its_own(target):
    return mutated(target) | shaped(target, trees(target)).map(as_json)


def noise(target):
    kinds = [st.binary(max_size=200), st.text(max_size=100).map(as_bytes)]
    if target.words:
        kinds.append(st.lists(st.sampled_from(target.words), max_size=12).map(b"".join))
    return kinds


def as_bytes(text):
    return text.encode("utf-8", "surrogatepass")


@st.composite
def mutated(draw, target):
    data = draw(st.sampled_from(target.seeds))
    pieces = st.binary(max_size=6)
    if target.words:
        pieces = st.one_of(st.sampled_from(target.words), pieces)
    for _ in range(draw(st.integers(0, 5))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(begin + 30, len(data))))
        data = data[:begin] + draw(pieces) * draw(st.sampled_from((1, 1, 1, 2, 40))) + data[end:]
    return data


def json_like(target):
    """Objects with the names that the reader looks for, and anything at all behind them."""
    return st.one_of(*like_objects(target), shaped(target, trees(target))).map(as_json)


def like_objects(target):
    return st.dictionaries(names(target), trees(target), max_size=10), trees(target)


def trees(target):
    words = st.sampled_from([word.decode() for word in target.words] or [""])
    leaves = st.one_of(SCALARS, words, st.text(max_size=20))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names(target), inner, max_size=6)),
        max_leaves=25,
    )


def names(target):
    return st.one_of(st.sampled_from(target.names), st.text(max_size=5))


def as_json(value):
    return as_bytes(json.dumps(value))


@st.composite
def shaped(draw, target, trees):
    """A good input, one value of it exchanged."""
    data = json.loads(draw(st.sampled_from(target.seeds)))
    place = data
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = draw(st.sampled_from(keys))
        if draw(st.booleans()) or not isinstance(place[key], dict | list):
            place[key] = draw(trees)
            break
        place = place[key]
    return data
