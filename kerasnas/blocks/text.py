"""Blocks over texts."""

from dataclasses import replace

from kerasnas.blocks.block import Block
from kerasnas.blocks.term_views import View
from kerasnas.blocks.text_networks import BagNetwork, ConvolutionalText, RecurrentText, TransformerText
from kerasnas.blocks.vectorizing import NgramVector, Terms, TokenIds
from kerasnas.data.texts import TextTraits
from kerasnas.errors import ArgumentError, nearest
from kerasnas.space import Choice, Float, Sequential

MOST_TERMS = 30_000
MOST_TOKENS = 20_000
MOST_OF_A_ROW = 768
LONGEST_SEQUENCE = 256
LONG = 1_500  # characters of a long text: beyond, character n-grams cost more than they tell
UNKNOWN = {"words": 128, "characters": 640}  # a long text, where the texts could not be looked at


def traits_of(signal):
    """The `TextTraits` of a signal, cautious ones where the texts could not be looked at."""
    if isinstance(signal.about, TextTraits):
        return signal.about
    words, characters = UNKNOWN.values()
    return TextTraits(signal.rows, words, characters, signal.rows * words, signal.rows * characters)


def view_of(traits, unit, least, most, size=None):
    """A `View` that holds the terms of texts with these traits."""
    if traits.tokens is not None:
        size = max(1, traits.tokens - 1)
        return View("token", 1, 1, size, min(size, traits.words, MOST_OF_A_ROW))
    one, all_of_them = (
        (traits.words, traits.total_words) if unit == "word" else (traits.characters, traits.total_characters)
    )
    runs = most - least + 1
    size = max(16, min(size or MOST_TERMS, runs * all_of_them))
    return View(unit, least, most, size, max(1, min(runs * one, size, MOST_OF_A_ROW)))


def whole_size(name, value):
    """A size as AutoKeras's blocks take it: a whole number, or a hyperparameter, of which the default counts."""
    value = getattr(value, "default", value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 3):
        raise ArgumentError(f"Expected `{name}` to be a whole number from 3 on or None. Received: {value!r}.")
    return value


def no_pretraining(value):
    """Refuses vectors that AutoKeras would download."""
    if value not in (None, "none", "random", False):
        raise ArgumentError(
            f"Expected `pretraining` to be 'none': embeddings are learnt from the texts. Received: {value!r}."
        )


class TextBlock(Block):
    """Any of the text networks: weighted n-grams, convolutions, recurrent layers, transformers.

    Args:
        block_type: "ngram", "vanilla" (convolutions), "recurrent", "transformer", a list of them, or None to search.
        max_tokens: Words, or terms, in a vocabulary at most; 20,000 words and 30,000 terms if None.
        pretraining: AutoKeras's argument; "none" is all there is.
        name: Its name.
    """

    TYPES = {
        "ngram": ("words", "both", "characters"), "vanilla": ("convolution",), "recurrent": ("recurrent",),
        "transformer": ("transformer",),
    }  # fmt: skip
    reads = ("text",)

    def __init__(self, block_type=None, max_tokens=None, pretraining=None, name=None):
        super().__init__(name)
        self.block_type, self.pretraining = block_type, pretraining
        self.max_tokens = whole_size("max_tokens", max_tokens)
        types = [block_type] if isinstance(block_type, str) else list(block_type or self.TYPES)
        for kind in types:
            if kind not in self.TYPES:
                hint = nearest(kind, self.TYPES)
                raise ArgumentError(f"Expected `block_type` among {list(self.TYPES)}.{hint} Received: {kind!r}.")
        no_pretraining(pretraining)
        self.kinds = [each for kind in types for each in self.TYPES[kind]]

    def node(self, signals):
        traits = traits_of(signals[0])
        return Choice(**{kind: self._network(kind, traits) for kind in self._possible(traits)})

    def gives(self, signals):
        return replace(signals[0], kind="array", about=None)

    def _possible(self, traits):
        """The kinds of network that suit: ids of tokens have no characters."""
        return [kind for kind in self.kinds if traits.tokens is None or kind not in ("both", "characters")] or ["words"]

    def _network(self, kind, traits):
        if kind in ("words", "both", "characters"):
            return self._bag(kind, traits)
        sequence, tokens = self._sequence(traits)
        networks = {
            "convolution": ConvolutionalText(
                tokens, units=Choice(32, 64, 128, default=64), filters=Choice(32, 64, 128, default=64),
                dropout=Choice(0.0, 0.2, 0.4, default=0.2),
            ),
            "recurrent": RecurrentText(
                tokens, Choice(16, 32, 64, default=32), Choice("gru", "lstm"), Choice(0.0, 0.2, 0.4, default=0.2)
            ),
            "transformer": TransformerText(
                tokens, Choice(32, 64, 128, default=64), Choice(2, 4, 8, default=4), Choice(1, 2, 3),
                Choice(0.0, 0.1, 0.2, 0.4, default=0.2),
            ),
        }  # fmt: skip
        return Sequential({**sequence, "network": networks[kind]})

    def _sequence(self, traits):
        """The step from texts to ids, where there is one, and how many ids there are."""
        if traits.tokens is not None:
            return {}, traits.tokens
        unit = "word" if traits.spaced else "character"
        view = view_of(traits, unit, 1, 1, self.max_tokens or MOST_TOKENS)
        return {"ids": TokenIds(view.size + 2, min(view.length, LONGEST_SEQUENCE), unit)}, view.size + 2

    def _bag(self, kind, traits):
        words = view_of(traits, *(("word", 1, 2) if traits.spaced else ("character", 1, 2)), self.max_tokens)
        characters = view_of(traits, "character", 3, 4, self.max_tokens)
        views = {"words": (words,), "characters": (characters,), "both": (words, characters)}[kind]
        terms = Terms(views, Choice("likelihood", "document", "equal"))
        network = BagNetwork(
            terms.terms, units=Choice(16, 32, 64, default=32), activation=Choice("relu", "linear"),
            term_dropout=Choice(0.0, 0.2, 0.4, 0.6, default=0.4), dropout=Choice(0.0, 0.3, 0.6, default=0.6),
        )  # fmt: skip
        return Sequential({"terms": terms, "network": network})

    def recipe(self, signals):
        """Few epochs at a high rate: a bag of terms has learnt what there is to learn after a few hundred steps."""
        rows = signals[0].rows
        batch = 128 if rows >= 1_500 else 64 if rows >= 500 else 16
        usual = max(6, min(100, -(-150 * batch // rows)))
        return {
            "learning_rate": Float(5e-4, 1e-2, log=True, default=4e-3),
            "weight_decay": Choice(0.0, 0.02, default=0.0),
            "label_smoothing": Choice(0.0, 0.1, default=0.0),
            "batch_size": Choice(16, 32, 64, 128, 256, default=batch),
            "epochs": Choice(short=-(-usual // 2), usual=usual, long=2 * usual, default="usual"),
        }

    def portfolio(self, signals):
        """Words and pairs, then characters beside them, a linear model, other weights; sequences come last."""
        traits = traits_of(signals[0])
        gentle = {"training/learning_rate": 2e-3}
        linear = {"activation": "linear", "term_dropout": 0.0, "dropout": 0.0, "units": 16}
        entries = [
            ("words", {}, {}),
            ("both", {}, {}),
            ("words", {f"network/{name}": value for name, value in linear.items()}, {}),
            ("characters", {}, {}),
            ("both", {"terms/weighting": "document"}, {}),
            ("words", {"terms/weighting": "document", "network/units": 64}, {}),
            ("words", {"network/units": 64}, {"training/label_smoothing": 0.1}),
            ("convolution", {}, gentle),
            ("transformer", {}, gentle),
            ("recurrent", {}, gentle),
        ]
        possible = self._possible(traits)
        possible = [kind for kind in possible if kind not in self._costly(traits)] or possible
        return [
            {"": kind, **{f"{kind}/{path}": answer for path, answer in network.items()}, **training}
            for kind, network, training in entries
            if kind in possible
        ]

    @staticmethod
    def _costly(traits):
        """Kinds that long texts are not begun with."""
        return ("both", "characters", "recurrent") if traits.characters > LONG else ()


class TextToIntSequence(Block):
    """Texts as sequences of word ids, for an `Embedding`: 0 fills up, 1 stands for unknown words.

    Args:
        output_sequence_length: Ids of a row; what most texts need if None.
        max_tokens: Ids at most.
        name: Its name.
    """

    preprocessing = True
    reads = ("text",)

    def __init__(self, output_sequence_length=None, max_tokens=20_000, name=None):
        super().__init__(name)
        self.output_sequence_length = whole_size("output_sequence_length", output_sequence_length)
        self.max_tokens = whole_size("max_tokens", max_tokens)

    def _operation(self, signals):
        traits = traits_of(signals[0])
        return TokenIds(self.max_tokens, self.output_sequence_length or min(traits.words, LONGEST_SEQUENCE))

    def node(self, signals):
        return self._operation(signals)

    def gives(self, signals):
        shape = self._operation(signals).shape(signals[0].shape)
        return replace(signals[0], kind="array", shape=shape, about=None)


class TextToNgramVector(Block):
    """Texts as dense vectors of n-grams, weighted by how few texts have them, of length 1.

    Args:
        max_tokens: Length of a vector: n-grams at most.
        ngrams: Words in the longest n-gram; 2 if None. A pair is the shortest and the longest.
        name: Its name.
    """

    preprocessing = True
    reads = ("text",)

    def __init__(self, max_tokens=20_000, ngrams=None, name=None):
        super().__init__(name)
        self.max_tokens, self.ngrams = whole_size("max_tokens", max_tokens), ngrams
        pair = ngrams if isinstance(ngrams, (tuple, list)) else (1, 2 if ngrams is None else ngrams)
        if len(pair) != 2 or not all(isinstance(n, int) and n >= 1 for n in pair) or pair[0] > pair[1]:
            raise ArgumentError(f"Expected `ngrams` to be a whole number, or a pair of them. Received: {ngrams!r}.")
        self.pair = tuple(pair)

    def node(self, signals):
        return NgramVector(view_of(traits_of(signals[0]), "word", *self.pair, self.max_tokens))

    def gives(self, signals):
        return replace(signals[0], kind="array", shape=(self.node(signals).view.size,), about=None)
