"""Answers to the exercises of lesson 03, right and wrong ones."""

# --- build_bottleneck --------------------------------------------------------

BOTTLENECKS = [
    """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "linear", "bottleneck")[1]
""",
    """
def build_bottleneck(n_codes):
    # Sequential without an Input: built at its first call.
    return keras.Sequential([
        layers.Dense(64, activation="selu"),
        layers.Dense(n_codes),
        layers.Dense(64, activation="selu"),
        layers.Dense(784, activation="sigmoid"),
    ])
""",
    """
def build_bottleneck(n_codes):
    image = keras.Input((784,))
    h = ops.selu(layers.Dense(64)(image))
    codes = layers.Dense(n_codes)(h)
    h = ops.selu(layers.Dense(64)(codes))
    return keras.Model(image, ops.sigmoid(layers.Dense(784)(h)))
""",
    """
def build_bottleneck(n_codes):
    encoder = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(64, "selu", kernel_initializer="lecun_normal"),
        layers.Dense(n_codes, "linear"),
    ])
    decoder = keras.Sequential([
        keras.Input((n_codes,)),
        layers.Dense(64, "selu"),
        layers.Dense(784, "sigmoid"),
    ])
    return keras.Sequential([keras.Input((784,)), encoder, decoder])
""",
    """
def build_bottleneck(n_codes):
    class Bottleneck(keras.Model):
        def __init__(self):
            super().__init__()
            self.narrow = layers.Dense(64, activation=lambda x: ops.selu(x))
            self.code = layers.Dense(n_codes)
            self.wide = layers.Dense(64, activation=keras.activations.selu)
            self.out = layers.Dense(784, activation=ops.sigmoid)

        def call(self, images, training=False):
            return self.out(self.wide(self.code(self.narrow(images))))

    return Bottleneck()
""",
    """
def build_bottleneck(n_codes):
    model = keras.Sequential(name="b")
    model.add(layers.InputLayer(shape=(784,)))
    for width, activation in zip(
        (64, n_codes, 64, 784), ("selu", None, "selu", "sigmoid")
    ):
        model.add(layers.Dense(width))
        if activation:
            model.add(layers.Activation(activation))
    return model
""",
    """
def build_bottleneck(n_codes):
    class Own(keras.Model):
        def build(self, shape):
            sizes = [784, 64, n_codes, 64, 784]
            self.kernels = [
                self.add_weight(shape=pair, initializer="he_normal")
                for pair in zip(sizes, sizes[1:])
            ]
            self.biases = [
                self.add_weight(shape=(1, n), initializer="zeros")
                for n in sizes[1:]
            ]

        def call(self, x):
            x = ops.selu(x @ self.kernels[0] + self.biases[0])
            x = x @ self.kernels[1] + self.biases[1]
            x = ops.selu(x @ self.kernels[2] + self.biases[2])
            return ops.sigmoid(x @ self.kernels[3] + self.biases[3])

    return Own()
""",
    """
def build_bottleneck(n_codes):
    model = build_stack([784, 64, n_codes], None, "b", start="he_uniform")[1]
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    return model
""",
    """
def build_bottleneck(n_codes):
    encoder, model = build_stack([784, 64, n_codes], "linear", "b")
    image = keras.Input((784,))
    return keras.Model(image, model.layers[1](encoder(image)))
""",
]

SEQUENTIAL = """
def build_bottleneck(n_codes):
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense({0}),
        layers.Dense({1}),
        layers.Dense({2}),
        layers.Dense({3}),
    ])
"""

SELU = '64, activation="selu"'
SIGMOID = '784, activation="sigmoid"'

NO_BOTTLENECKS = [
    # Units that start alike stay alike.
    """
def build_bottleneck(n_codes):
    model = build_stack([784, 64, n_codes], "linear", "b", start="zeros")[1]
    return model
""",
    SEQUENTIAL.format(
        SELU, 'n_codes, kernel_initializer="ones"', SELU, SIGMOID
    ),
    SEQUENTIAL.format(SELU, "n_codes", '64, activation="tanh"', SIGMOID),
    SEQUENTIAL.format(SELU, "n_codes", SELU, '784, activation="hard_sigmoid"'),
    # SELU on the codes and none on the first layer, or the third.
    SEQUENTIAL.format("64", 'n_codes, activation="selu"', SELU, SIGMOID),
    SEQUENTIAL.format(SELU, 'n_codes, activation="selu"', "64", SIGMOID),
    SEQUENTIAL.format(SELU, 'n_codes, activation="selu"', SELU, SIGMOID),
    SEQUENTIAL.format(SELU, 'n_codes, activation="sigmoid"', SELU, SIGMOID),
    SEQUENTIAL.format(
        '64, activation="relu"', "n_codes", '64, activation="relu"', SIGMOID
    ),
    SEQUENTIAL.format(
        '64, activation="elu"', "n_codes", '64, activation="elu"', SIGMOID
    ),
    SEQUENTIAL.format(SELU, "n_codes", SELU, "784"),
    SEQUENTIAL.format(SELU, "n_codes", SELU, '784, activation="relu"'),
    SEQUENTIAL.format(SELU, "n_codes", SELU, '784, activation="softmax"'),
    SEQUENTIAL.format(SELU, "4", SELU, SIGMOID),
    SEQUENTIAL.format(SELU, "n_codes + 1", SELU, SIGMOID),
    SEQUENTIAL.format(
        '32, activation="selu"', "n_codes", '32, activation="selu"', SIGMOID
    ),
    SEQUENTIAL.format(SELU, "n_codes, use_bias=False", SELU, SIGMOID),
    SEQUENTIAL.format(SELU, SELU, "n_codes", SIGMOID),
    SEQUENTIAL.format(SELU, "n_codes", SELU, '728, activation="sigmoid"'),
    """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "linear", "bottleneck")
""",
    """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "linear", "bottleneck")[0]
""",
    """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "selu", "bottleneck")[1]
""",
    """
def build_bottleneck(n_codes):
    return build_stack([784, n_codes], "linear", "bottleneck")[1]
""",
    """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes, 64, 784], "linear", "b")[1]
""",
    """
def build_bottleneck(n_codes):
    build_stack([784, 64, n_codes], "linear", "bottleneck")[1]
""",
    """
def build_bottleneck(n_codes):
    model = build_stack([784, 64, n_codes], "linear", "bottleneck")[1]
    model.trainable = False
    return model
""",
    """
first, third = layers.Dense(64, "selu"), layers.Dense(64, "selu")
last = layers.Dense(784, "sigmoid")


def build_bottleneck(n_codes):
    image = keras.Input((784,))
    codes = layers.Dense(n_codes)(first(image))
    return keras.Model(image, last(layers.Dense(64, "selu")(codes)))
""",
    """
import functools


@functools.cache
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "linear", "bottleneck")[1]
""",
    """
def build_bottleneck(n_codes):
    # The encoder's second half is skipped.
    image = keras.Input((784,))
    h = layers.Dense(64, "selu")(image)
    codes = layers.Dense(n_codes)(h)
    g = layers.Dense(64, "selu")(codes)
    return keras.Model(image, layers.Dense(784, "sigmoid")(g + h))
""",
    """
def build_bottleneck(n_codes):
    return keras.Sequential([
        layers.Dense(64, "selu"),
        layers.Dense(n_codes),
        layers.Dropout(0.5),
        layers.BatchNormalization(),
        layers.Dense(64, "selu"),
        layers.Dense(784, "sigmoid"),
    ])
""",
]

# --- find_layer_inputs -------------------------------------------------------

CHAINS = [
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    for encode in encoders:
        yield images
        images = encode(images)
""",
    """
def find_layer_inputs(images, encoders):
    import itertools
    return list(itertools.accumulate(
        encoders[:-1], lambda x, encode: encode(x), initial=images
    ))
""",
    """
def find_layer_inputs(images, encoders):
    found, x = [], images
    for encode in encoders:
        found += [x]
        x = encode(x)
    return tuple(found)
""",
    """
def find_layer_inputs(images, encoders):
    if len(encoders) == 1:
        return [images]
    return [images] + find_layer_inputs(encoders[0](images), encoders[1:])
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [ops.convert_to_tensor(images)]
    for i in range(len(encoders) - 1):
        inputs.append(encoders[i](inputs[i]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images.copy()]
    i = 0
    while len(inputs) < len(encoders):
        inputs.append(np.asarray(encoders[i](inputs[i])))
        i += 1
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders:
        inputs.append(encode(inputs[-1]))
    inputs.pop()
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    def run(n):
        x = images
        for encode in encoders[:n]:
            x = encode(x)
        return x
    return [run(n) for n in range(len(encoders))]
""",
]

NO_CHAINS = [
    # The outputs, and one too many or too few.
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders:
        inputs.append(encode(inputs[-1]))
    return inputs[1:]
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-2]:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    return [encode(images) for encode in encoders]
""",
    """
def find_layer_inputs(images, encoders):
    return [images] * len(encoders)
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(images))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[1:]:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
    return inputs[::-1]
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in reversed(encoders[1:]):
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    a = encoders[0](images)
    return [images, a, encoders[1](a)]
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
    return np.stack(inputs)
""",
    """
def find_layer_inputs(images, encoders):
    encoders.pop()
    inputs = [images]
    for encode in encoders:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
""",
    """
def find_layer_inputs(images, encoders):
    x = images
    for encode in encoders[:-1]:
        x = encode(x)
    return x
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(np.round(encode(inputs[-1])))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]).T)
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
        return inputs
""",
    """
def find_layer_inputs(images, encoders):
    images -= images.mean()
    inputs = [images]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = [encoders]
    for encode in encoders[:-1]:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
    """
def find_layer_inputs(images, encoders):
    inputs = np.zeros((len(encoders), *images.shape))
    inputs[0] = images
    for i, encode in enumerate(encoders[:-1]):
        inputs[i + 1] = encode(inputs[i])
    return inputs
""",
]

# --- build_tied_stack --------------------------------------------------------

TIED = """
def build_tied_stack(widths):
    class TiedStack(keras.Model):
        def __init__(self):
            super().__init__()
            self.up = [layers.Dense(w, activation="selu")
                       for w in widths[1:-1]] + [layers.Dense(widths[-1])]
            self.biases = [self.add_weight(shape=(w,), initializer="zeros")
                           for w in widths[:-1]]

        def call(self, x):
            for layer in self.up:
                x = layer(x)
            for i in reversed(range(len(self.up))):
                kernel = ops.transpose(self.up[i].kernel)
                x = ops.matmul(x, kernel) + self.biases[i]
                x = ops.sigmoid(x) if i == 0 else ops.selu(x)
            return x

    return TiedStack()
"""

OWN_KERNELS = """
def build_tied_stack(widths):
    class TiedStack(layers.Layer):
        def build(self, shape):
            pairs = list(zip(widths, widths[1:]))
            self.kernels = [self.add_weight(shape=p) for p in pairs]
            self.ups = [self.add_weight(shape=(p[1],), initializer="zeros")
                        for p in pairs]
            self.downs = [self.add_weight(shape=(p[0],), initializer="zeros")
                          for p in pairs]

        def call(self, x):
            last = len(self.kernels) - 1
            for i, kernel in enumerate(self.kernels):
                x = x @ kernel + self.ups[i]
                x = x if i == last else ops.selu(x)
            for i in range(last, -1, -1):
                x = x @ ops.transpose(self.kernels[i]) + self.downs[i]
                x = ops.selu(x) if i else ops.sigmoid(x)
            return x

    return keras.Sequential([keras.Input((widths[0],)), TiedStack()])
"""

TRANSPOSED_LAYERS = """
def build_tied_stack(widths):
    class Back(layers.Layer):
        def __init__(self, dense, activation):
            super().__init__()
            self.dense = dense
            self.activation = keras.activations.get(activation)

        def build(self, shape):
            n = self.dense.kernel.shape[0]
            self.bias = self.add_weight(shape=(1, n), initializer="zeros")

        def call(self, x):
            x = ops.matmul(x, ops.transpose(self.dense.kernel))
            return self.activation(x + self.bias)

    dense = [layers.Dense(w, "selu") for w in widths[1:-1]]
    dense.append(layers.Dense(widths[-1]))
    model = keras.Sequential([keras.Input((widths[0],)), *dense])
    for i in range(len(dense) - 1, -1, -1):
        model.add(Back(dense[i], "selu" if i else "sigmoid"))
    return model
"""

FUNCTIONAL = """
def build_tied_stack(widths):
    class Back(layers.Layer):
        def __init__(self, dense, act):
            super().__init__()
            self.dense, self.act = dense, act
            self.bias = self.add_weight(
                shape=(dense.kernel.shape[0],), initializer="zeros"
            )

        def call(self, x):
            kernel = ops.swapaxes(self.dense.kernel, 0, 1)
            return self.act(ops.dot(x, kernel) + self.bias)

    image = x = keras.Input((widths[0],))
    dense = []
    for w in widths[1:]:
        act = None if w == widths[-1] else "selu"
        dense.append(layers.Dense(w, activation=act))
        x = dense[-1](x)
    for layer in dense[::-1]:
        act = ops.sigmoid if layer is dense[0] else ops.selu
        x = Back(layer, act)(x)
    return keras.Model(image, x)
"""

STORED_TRANSPOSED = """
def build_tied_stack(widths):
    # It keeps the decoder's kernels, and transposes for the encoder.
    class TiedStack(keras.Model):
        def __init__(self):
            super().__init__()
            self.kernels, self.a, self.b = [], [], []
            for rows, columns in zip(widths, widths[1:]):
                self.kernels.append(self.add_weight(
                    shape=(columns, rows), initializer="lecun_normal"))
                self.a.append(self.add_weight(
                    shape=(columns,), initializer="zeros"))
                self.b.append(self.add_weight(
                    shape=(rows,), initializer="zeros"))

        def encode(self, x):
            for i, kernel in enumerate(self.kernels):
                x = x @ ops.transpose(kernel) + self.a[i]
                if i < len(self.kernels) - 1:
                    x = keras.activations.selu(x)
            return x

        def call(self, x):
            x = self.encode(x)
            for i in range(len(self.kernels))[::-1]:
                x = x @ self.kernels[i] + self.b[i]
                if i > 0:
                    x = keras.activations.selu(x)
            return keras.activations.sigmoid(x)

    return TiedStack()
"""

PAIRS = """
def build_tied_stack(widths):
    class Pair(layers.Layer):
        def __init__(self, n_in, n_out, act_up, act_down):
            super().__init__()
            self.kernel = self.add_weight(
                shape=(n_in, n_out), initializer="glorot_normal")
            self.up_bias = self.add_weight(shape=(n_out,), initializer="zeros")
            self.down_bias = self.add_weight(
                shape=(n_in,), initializer="zeros")
            self.act_up, self.act_down = act_up, act_down

        def up(self, x):
            return self.act_up(ops.matmul(x, self.kernel) + self.up_bias)

        def down(self, x):
            x = ops.matmul(x, ops.transpose(self.kernel))
            return self.act_down(x + self.down_bias)

    class Stack(keras.Model):
        def __init__(self):
            super().__init__()
            n = len(widths) - 1
            self.pairs = [
                Pair(widths[i], widths[i + 1],
                     keras.activations.linear if i == n - 1
                     else keras.activations.selu,
                     keras.activations.sigmoid if i == 0
                     else keras.activations.selu)
                for i in range(n)
            ]

        def call(self, x):
            for pair in self.pairs:
                x = pair.up(x)
            for pair in self.pairs[::-1]:
                x = pair.down(x)
            return x

    model = Stack()
    model(np.zeros((1, widths[0]), dtype="float32"))
    return model
"""

EINSUM = OWN_KERNELS.replace(
    "x @ ops.transpose(self.kernels[i])",
    'ops.einsum("nc,pc->np", x, self.kernels[i])',
)

TIED_STACKS = [
    TIED,
    OWN_KERNELS,
    TRANSPOSED_LAYERS,
    FUNCTIONAL,
    STORED_TRANSPOSED,
    PAIRS,
    EINSUM,
    TIED.replace("ops.sigmoid(x)", "1 / (1 + ops.exp(-x))"),
    TIED.replace("layers.Dense(w,", "layers.Dense(units=w, name=f'd{w}',"),
]

NO_TIED_STACKS = [
    OWN_KERNELS.replace(
        "self.add_weight(shape=p)",
        'self.add_weight(shape=p, initializer="zeros")',
    ),
    # Not tied at all.
    """
def build_tied_stack(widths):
    return build_stack(widths, "linear", "tied")[1]
""",
    # Half of it: the encoder.
    """
def build_tied_stack(widths):
    return build_stack(widths, "linear", "tied")[0]
""",
    # One layer, whatever the depth.
    """
def build_tied_stack(widths):
    return keras.Sequential(
        [keras.Input((widths[0],)), TiedAutoencoder(widths[-1])]
    )
""",
    # For three widths only.
    """
def build_tied_stack(widths):
    n, h, c = widths
"""
    + TIED.partition("\n")[2].partition("\n")[2],
    # The decoder's kernels are copies of the first values.
    TIED.replace(
        "self.biases =",
        "self.call_kernels = None\n            self.biases =",
    ).replace(
        "kernel = ops.transpose(self.up[i].kernel)",
        "self.call_kernels = self.call_kernels or "
        "[layer.kernel.numpy() for layer in self.up]\n"
        "                kernel = self.call_kernels[i].T",
    ),
    TIED.replace("ops.sigmoid(x) if i == 0 else ops.selu(x)", "ops.selu(x)"),
    TIED.replace(
        "ops.sigmoid(x) if i == 0 else ops.selu(x)", "ops.sigmoid(x)"
    ),
    TIED.replace("ops.sigmoid(x) if i == 0 else ops.selu(x)", "x"),
    TIED.replace("i == 0", "i == len(self.up) - 1"),
    TIED.replace(
        "[layers.Dense(widths[-1])]",
        '[layers.Dense(widths[-1], activation="selu")]',
    ),
    TIED.replace('"selu"', '"relu"').replace("ops.selu", "ops.relu"),
    TIED.replace("ops.transpose(self.up[i].kernel)", "self.up[i].kernel"),
    TIED.replace(" + self.biases[i]", ""),
    TIED.replace("+ self.biases[i]", "- 0 * self.biases[i]"),
    TIED.replace("reversed(range(len(self.up)))", "range(len(self.up))"),
    TIED.replace("    return TiedStack()", "    TiedStack()"),
    TIED.replace("    return TiedStack()", "    return TiedStack"),
    TIED.replace("layers.Dense(widths[-1])", "layers.Dense(3)"),
    # Biases tied, too, or only one bias in the decoder.
    TIED.replace(
        "+ self.biases[i]",
        "+ (self.biases[0] if i == 0 else self.up[i - 1].bias)",
    ),
    TIED.replace("self.biases[i]", "(self.biases[0] if i == 0 else 0)"),
    # The kernels learn from one of their two uses only.
    OWN_KERNELS.replace(
        "ops.transpose(self.kernels[i])",
        "ops.transpose(ops.stop_gradient(self.kernels[i]))",
    ),
    OWN_KERNELS.replace(
        "x @ kernel + self.ups[i]",
        "x @ ops.stop_gradient(kernel) + self.ups[i]",
    ),
    OWN_KERNELS.replace(
        "ops.transpose(self.kernels[i])",
        "ops.transpose(self.kernels[i] if i else "
        "ops.stop_gradient(self.kernels[i]))",
    ),
    OWN_KERNELS.replace(
        "ops.transpose(self.kernels[i])",
        "ops.transpose(ops.stop_gradient(self.kernels[i])) * 0.5",
    ),
    # Right when it is called, but it cannot be trained.
    TIED.replace(
        "ops.transpose(self.up[i].kernel)", "self.up[i].kernel.numpy().T"
    ),
]

# --- define_shrink -----------------------------------------------------------

SHRINK = """
def define_shrink():
    @keras.saving.register_keras_serializable(package="course")
    class Shrink(layers.Layer):
        def __init__(self, amount, **kwargs):
            super().__init__(**kwargs)
            self.amount = amount

        def build(self, input_shape):
            self.factor = self.add_weight((input_shape[-1],), "ones")

        def call(self, codes):
            sizes = ops.maximum(ops.abs(codes) - self.amount, 0)
            return self.factor * ops.sign(codes) * sizes

        def get_config(self):
            return {**super().get_config(), "amount": self.amount}

    return Shrink
"""
DECORATOR = '    @keras.saving.register_keras_serializable(package="course")\n'
GET_CONFIG = """
        def get_config(self):
            return {**super().get_config(), "amount": self.amount}
"""
SIZES = """
            sizes = ops.maximum(ops.abs(codes) - self.amount, 0)
            return self.factor * ops.sign(codes) * sizes
"""

SHRINKS = [
    SHRINK,
    # Keras writes the config: the argument is a number.
    SHRINK.replace(GET_CONFIG, ""),
    SHRINK.replace('(package="course")', '("mine", "TowardsZero")'),
    SHRINK.replace('(package="course")', "()"),
    SHRINK.replace(DECORATOR, "").replace(
        "    return Shrink",
        '    return keras.saving.register_keras_serializable("a")(Shrink)',
    ),
    SHRINK.replace(
        SIZES,
        """
            clipped = ops.clip(codes, -self.amount, self.amount)
            return (codes - clipped) * self.factor
""",
    ),
    SHRINK.replace(
        SIZES,
        """
            return self.factor * (
                ops.relu(codes - self.amount) - ops.relu(-codes - self.amount)
            )
""",
    ),
    SHRINK.replace(
        SIZES,
        """
            return self.factor * ops.soft_shrink(codes, self.amount)
""",
    ),
    SHRINK.replace(
        GET_CONFIG,
        """
        def get_config(self):
            config = super().get_config()
            config["amount"] = float(self.amount)
            return config
""",
    ),
    SHRINK.replace(
        GET_CONFIG,
        """
        def get_config(self):
            return super().get_config() | dict(amount=self.amount)

        @classmethod
        def from_config(cls, config):
            amount = config.pop("amount")
            return cls(amount, **config)
""",
    ),
    SHRINK.replace(
        "amount, **kwargs", "amount, name=None, trainable=True, dtype=None"
    ).replace("(**kwargs)", "(name=name, trainable=trainable, dtype=dtype)"),
    SHRINK.replace("amount, **kwargs", "amount=0.1, *, start='ones', **kwargs")
    .replace(
        "self.amount = amount",
        "self.amount = amount\n            self.start = start",
    )
    .replace(', "ones")', ", self.start)")
    .replace(
        '"amount": self.amount', '"amount": self.amount, "start": self.start'
    ),
    """
@keras.saving.register_keras_serializable()
class TowardsZero(keras.layers.Layer):
    def __init__(self, amount, **options):
        super().__init__(**options)
        self.limit = keras.ops.convert_to_tensor(amount, "float32")
        self.number = float(amount)

    def build(self, shape):
        self.scale = self.add_weight(
            name="scale", shape=(shape[-1],), initializer="ones"
        )

    def call(self, inputs):
        inside = keras.ops.abs(inputs) < self.limit
        nearer = inputs - keras.ops.sign(inputs) * self.limit
        return self.scale * keras.ops.where(inside, 0.0, nearer)

    def get_config(self):
        config = super().get_config()
        config.update({"amount": self.number})
        return config


def define_shrink():
    return TowardsZero
""",
]

NO_SHRINKS = [
    # As the task shows it.
    SHRINK.replace(DECORATOR, "")
    .replace(GET_CONFIG, "")
    .replace(", **kwargs", "")
    .replace("**kwargs", ""),
    # Two of the three.
    SHRINK.replace(DECORATOR, ""),
    SHRINK.replace(", **kwargs", "").replace("**kwargs", ""),
    SHRINK.replace("amount, **kwargs", "amount, name=None, **kwargs"),
    SHRINK.replace("(**kwargs)", "()"),
    # The config lacks the amount, has another name for it, or another value.
    SHRINK.replace(', "amount": self.amount', ""),
    SHRINK.replace('"amount": self', '"threshold": self'),
    SHRINK.replace(', "amount": self.amount', "").replace(
        "amount, **", "amount=0.3, **"
    ),
    SHRINK.replace('"amount": self.amount', '"amount": 0.3'),
    SHRINK.replace("**super().get_config(), ", ""),
    SHRINK.replace(
        'return {**super().get_config(), "amount": self.amount}',
        '{**super().get_config(), "amount": self.amount}',
    ),
    SHRINK.replace(
        '"amount": self.amount}', '"amount": self.amount, "name": "shrink"}'
    ),
    # The factor is no weight, or not one for each code.
    SHRINK.replace('self.add_weight((input_shape[-1],), "ones")', "1.0"),
    SHRINK.replace("(input_shape[-1],)", "()"),
    SHRINK.replace("(input_shape[-1],)", "(1,)"),
    SHRINK.replace('"ones")', '"ones", trainable=False)'),
    SHRINK.replace('"ones")', '"zeros")'),
    # Another function.
    SHRINK.replace("ops.sign(codes) * ", ""),
    SHRINK.replace("- self.amount, 0)", "- self.amount, 0.01)"),
    SHRINK.replace(
        "ops.abs(codes) - self.amount", "ops.abs(codes) + self.amount"
    ),
    SHRINK.replace(
        SIZES,
        """
            return self.factor * ops.where(ops.abs(codes) > self.amount, codes, 0)
""",
    ),
    SHRINK.replace("self.amount, 0)", "0.3, 0)"),
    SHRINK.replace("self.factor * ", ""),
    # A layer in place of its class, or nothing.
    SHRINK.replace("    return Shrink", "    return Shrink(0.3)"),
    SHRINK.replace("    return Shrink", "    Shrink"),
    """
def define_shrink():
    return TiedAutoencoder
""",
]

RIGHT = {
    "build_bottleneck": BOTTLENECKS,
    "find_layer_inputs": CHAINS,
    "build_tied_stack": TIED_STACKS,
    "define_shrink": SHRINKS,
}
WRONG = {
    "build_bottleneck": NO_BOTTLENECKS,
    "find_layer_inputs": NO_CHAINS,
    "build_tied_stack": NO_TIED_STACKS,
    "define_shrink": NO_SHRINKS,
}
