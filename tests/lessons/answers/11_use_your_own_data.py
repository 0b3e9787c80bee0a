"""Answers to the exercises of lesson 11, right and wrong ones."""

# --- choose_output -----------------------------------------------------------

OUTPUTS = [
    """
def choose_output(x):
    low, high = np.nanmin(x), np.nanmax(x)
    if low >= 0 and high <= 1:
        return "sigmoid", "binary_crossentropy"
    if low >= -1 and high <= 1:
        return "tanh", "mse"
    values = x[~np.isnan(x)]
    if low >= 0 and (values == np.round(values)).all():
        return "softplus", "poisson"
    return "linear", "mse"
""",
    """
def choose_output(x):
    values = np.asarray(x, float).ravel()
    values = values[np.isfinite(values)]
    if np.all((0 <= values) & (values <= 1)):
        return ["sigmoid", "binary_crossentropy"]
    if np.all(np.abs(values) <= 1):
        return ["tanh", "mse"]
    if np.all(values >= 0) and np.all(values % 1 == 0):
        return ["softplus", "poisson"]
    return ["linear", "mse"]
""",
    """
def choose_output(x):
    # One value after the other.
    values = [float(v) for v in np.ravel(x) if v == v]
    if all(0 <= v <= 1 for v in values):
        layer, loss = "sigmoid", "binary_crossentropy"
    elif all(-1 <= v <= 1 for v in values):
        layer, loss = "tanh", "mse"
    elif all(v >= 0 and v.is_integer() for v in values):
        layer, loss = "softplus", "poisson"
    else:
        layer, loss = "linear", "mse"
    return layer, loss
""",
    """
def choose_output(x):
    low, high = np.nanquantile(x, 0), np.nanquantile(x, 1)
    is_whole = np.nansum(np.abs(x - np.floor(x))) == 0
    rules = [
        (low >= 0 and high <= 1, ("sigmoid", "binary_crossentropy")),
        (low >= -1 and high <= 1, ("tanh", "mse")),
        (low >= 0 and is_whole, ("softplus", "poisson")),
    ]
    for fits, output in rules:
        if fits:
            return output
    return ("linear", "mse")
""",
    """
def choose_output(x):
    x = tf.boolean_mask(x, tf.math.is_finite(x))
    low, high = float(tf.reduce_min(x)), float(tf.reduce_max(x))
    if 0 <= low <= high <= 1:
        return "sigmoid", "binary_crossentropy"
    if -1 <= low <= high <= 1:
        return "tanh", "mse"
    if low >= 0 and bool(tf.reduce_all(tf.round(x) == x)):
        return "softplus", "poisson"
    return "linear", "mse"
""",
    """
def choose_output(x):
    filled = np.where(np.isnan(x), np.nanmedian(x[~np.isnan(x)][:1]), x)
    low, high = filled.min(), filled.max()
    if high > 1 or low < -1:
        if low >= 0 and np.array_equal(filled, filled.astype(int)):
            return "softplus", "poisson"
        return "linear", "mse"
    if low < 0:
        return "tanh", "mse"
    return "sigmoid", "binary_crossentropy"
""",
    """
def choose_output(x):
    import pandas as pd

    column = pd.Series(np.ravel(x)).dropna()
    if column.between(0, 1).all():
        return "sigmoid", "binary_crossentropy"
    if column.between(-1, 1).all():
        return "tanh", "mse"
    if column.ge(0).all() and column.mod(1).eq(0).all():
        return "softplus", "poisson"
    return "linear", "mse"
""",
]

RULES = """
def choose_output(x):
    low, high = {low}, {high}
    if {first}:
        return "sigmoid", "binary_crossentropy"
    if {second}:
        return "tanh", "mse"
    values = x[~np.isnan(x)]
    if {third}:
        return "softplus", "poisson"
    return "linear", "mse"
"""
RIGHT_PARTS = {
    "low": "np.nanmin(x)",
    "high": "np.nanmax(x)",
    "first": "low >= 0 and high <= 1",
    "second": "low >= -1 and high <= 1",
    "third": "low >= 0 and (values == np.round(values)).all()",
}


def change_rules(**parts):
    return RULES.format(**{**RIGHT_PARTS, **parts})


NO_OUTPUTS = [
    # NaN hides every rule.
    change_rules(low="x.min()", high="x.max()"),
    # Only the upper end.
    change_rules(first="high <= 1"),
    # Open intervals.
    change_rules(first="low > 0 and high < 1"),
    change_rules(second="low > -1 and high < 1"),
    # Negative whole numbers are no counts.
    change_rules(third="(values == np.round(values)).all()"),
    # Any positive number counts.
    change_rules(third="low >= 0"),
    # One whole number is enough.
    change_rules(third="low >= 0 and (values == np.round(values)).any()"),
    # NaN is no whole number.
    change_rules(third="low >= 0 and (x == np.round(x)).all()"),
    # Tanh before sigmoid: the order of the rules.
    change_rules(first="low < 0 and False"),
    # The type and not the values.
    change_rules(third='low >= 0 and x.dtype.kind in "iu"'),
    """
def choose_output(x):
    return "sigmoid", "binary_crossentropy"
""",
    """
def choose_output(x):
    return "linear", "mse"
""",
    # The other way round.
    change_rules().replace('"tanh", "mse"', '"mse", "tanh"'),
    # Another spelling of the loss.
    change_rules().replace("binary_crossentropy", "bce"),
    # Nothing is returned.
    change_rules().replace("return ", "result = "),
    # Only the layer.
    change_rules().replace('"linear", "mse"', '"linear"'),
    # NaN become 0, and so counts may become fractions' neighbors.
    """
def choose_output(x):
    x = np.nan_to_num(x, nan=-5)
    if x.min() >= 0 and x.max() <= 1:
        return "sigmoid", "binary_crossentropy"
    if x.min() >= -1 and x.max() <= 1:
        return "tanh", "mse"
    if x.min() >= 0 and (x == np.round(x)).all():
        return "softplus", "poisson"
    return "linear", "mse"
""",
]

# --- find_real_error ---------------------------------------------------------

REAL_ERRORS = [
    """
def find_real_error(x, made, mask):
    squares = (x - made) ** 2 * mask[..., None]
    return float(squares.sum() / (mask.sum() * x.shape[-1]))
""",
    """
def find_real_error(x, made, mask):
    is_real = mask > 0
    return np.mean((x[is_real] - made[is_real]) ** 2)
""",
    """
def find_real_error(x, made, mask):
    total, count = 0.0, 0
    for i in range(len(x)):
        for t in range(x.shape[1]):
            if mask[i, t]:
                for v in range(x.shape[2]):
                    total += float(x[i, t, v] - made[i, t, v]) ** 2
                    count += 1
    return total / count
""",
    """
def find_real_error(x, made, mask):
    return np.average(((x - made) ** 2).mean(axis=-1), weights=mask)
""",
    """
def find_real_error(x, made, mask):
    loss = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    return loss(x, made, sample_weight=mask)
""",
    """
def find_real_error(x, made, mask):
    x, made = tf.boolean_mask(x, mask > 0), tf.boolean_mask(made, mask > 0)
    return tf.reduce_mean(tf.square(x - made))
""",
    """
def find_real_error(x, made, mask):
    weights = np.repeat(mask[..., None], x.shape[-1], axis=-1)
    gaps = (x - made) * weights
    return np.einsum("ntv,ntv->", gaps, gaps) / weights.sum()
""",
    """
def find_real_error(x, made, mask):
    lengths = mask.sum(axis=1).astype(int)
    pairs = [(a[:n] - b[:n]).ravel() for a, b, n in zip(x, made, lengths)]
    return (np.concatenate(pairs).astype("float64") ** 2).mean()
""",
    """
def find_real_error(x, made, mask):
    squares = ops.sum(ops.square(x - made), axis=-1)
    return ops.sum(squares * mask) / (ops.sum(mask) * x.shape[-1])
""",
]

NO_REAL_ERRORS = [
    # The mask is ignored.
    """
def find_real_error(x, made, mask):
    return np.mean((x - made) ** 2)
""",
    # Divided by all steps.
    """
def find_real_error(x, made, mask):
    return np.mean((x - made) ** 2 * mask[..., None])
""",
    # Divided by steps, not by values.
    """
def find_real_error(x, made, mask):
    return ((x - made) ** 2 * mask[..., None]).sum() / mask.sum()
""",
    # The sum.
    """
def find_real_error(x, made, mask):
    return ((x - made) ** 2 * mask[..., None]).sum()
""",
    # Each sequence counts the same.
    """
def find_real_error(x, made, mask):
    squares = ((x - made) ** 2).mean(axis=-1) * mask
    return np.mean(squares.sum(axis=1) / mask.sum(axis=1))
""",
    # The padding in place of the real steps.
    """
def find_real_error(x, made, mask):
    return np.mean((x[mask == 0] - made[mask == 0]) ** 2)
""",
    # Absolute, not squared.
    """
def find_real_error(x, made, mask):
    return np.abs(x[mask > 0] - made[mask > 0]).mean()
""",
    # The root.
    """
def find_real_error(x, made, mask):
    return np.sqrt(np.mean((x[mask > 0] - made[mask > 0]) ** 2))
""",
    # A mask of the wrong shape.
    """
def find_real_error(x, made, mask):
    return ((x - made) ** 2 * mask).sum() / mask.sum()
""",
    # One number for each sequence.
    """
def find_real_error(x, made, mask):
    squares = ((x - made) ** 2).mean(axis=-1) * mask
    return squares.sum(axis=1) / mask.sum(axis=1)
""",
    # Right for one value a step only.
    """
def find_real_error(x, made, mask):
    return ((x - made)[..., 0] ** 2 * mask).sum() / mask.sum()
""",
    # No return.
    """
def find_real_error(x, made, mask):
    np.mean((x[mask > 0] - made[mask > 0]) ** 2)
""",
    # In place.
    """
def find_real_error(x, made, mask):
    x -= made
    return np.mean(x[mask > 0] ** 2)
""",
    # The number of the example.
    """
def find_real_error(x, made, mask):
    return 5 / 3
""",
    # Keras divides by all steps.
    """
def find_real_error(x, made, mask):
    loss = keras.losses.MeanSquaredError()
    return float(loss(x, made, sample_weight=mask))
""",
    # The mean of squares minus the square of means.
    """
def find_real_error(x, made, mask):
    return np.var(x[mask > 0] - made[mask > 0])
""",
]

# --- use_model ---------------------------------------------------------------

USES = [
    """
def use_model(model, image, multiple):
    height, width = image.shape[:2]
    batch = pad_images(image[None], multiple)
    made = np.asarray(model(batch))
    return crop_images(made, height, width)[0].clip(0, 1)
""",
    """
def use_model(model, image, multiple):
    h, w, _ = image.shape
    added = ((0, -h % multiple), (0, -w % multiple), (0, 0))
    padded = np.pad(image, added, mode="edge")
    made = model(padded[np.newaxis])[0].numpy()
    return np.clip(made[:h, :w], 0, 1)
""",
    """
def use_model(model, image, multiple):
    batch = pad_images(np.expand_dims(image, 0), multiple)
    made = ops.clip(model(batch), 0, 1)
    return made[0, : image.shape[0], : image.shape[1]]
""",
    """
def use_model(model, image, multiple):
    h, w = image.shape[:2]
    batch = tf.convert_to_tensor(pad_images(image[None], multiple))
    made = model(batch, training=False)
    return tf.clip_by_value(tf.squeeze(made, 0)[:h, :w], 0.0, 1.0)
""",
    """
def use_model(model, image, multiple):
    h, w = image.shape[:2]
    rows = np.minimum(np.arange(-(-h // multiple) * multiple), h - 1)
    columns = np.minimum(np.arange(-(-w // multiple) * multiple), w - 1)
    made = model(image[rows][:, columns][None, ...])
    return np.maximum(np.minimum(np.array(made)[0][:h, :w], 1), 0)
""",
    """
def use_model(model, image, multiple):
    # A batch of two, of which the first counts.
    batch = np.stack([image, image])
    made = np.asarray(model(pad_images(batch, multiple)))[0]
    made = made[: len(image), : image.shape[1]]
    return np.where(made < 0, 0, np.where(made > 1, 1, made))
""",
    """
def use_model(model, image, multiple):
    padded = pad_images([image], multiple)
    made = np.array(model(padded), "float64")
    return crop_images(made, *image.shape[:2]).clip(0, 1).squeeze(axis=0)
""",
]

USE = """
def use_model(model, image, multiple):
    h, w = image.shape[:2]
    {lines}
"""


def write_use(*lines):
    return USE.format(lines="\n    ".join(lines))


PAD = "batch = pad_images(image[None], multiple)"
RUN = "made = np.asarray(model(batch))"
NO_USES = [
    # Not cut to [0, 1].
    write_use(PAD, RUN, "return made[0, :h, :w]"),
    # Not cropped.
    write_use(PAD, RUN, "return made[0].clip(0, 1)"),
    # The batch axis is still there.
    write_use(PAD, RUN, "return crop_images(made, h, w).clip(0, 1)"),
    # Not padded.
    write_use("batch = image[None]", RUN, "return made[0].clip(0, 1)"),
    # No batch axis.
    write_use("batch = image", RUN, "return made.clip(0, 1)"),
    # Cropped at the other end.
    write_use(PAD, RUN, "return made[0, -h:, -w:].clip(0, 1)"),
    # Height and width exchanged.
    write_use(PAD, RUN, "return made[0, :w, :h].clip(0, 1)"),
    # Padded with black.
    write_use(
        "added = ((0, 0), (0, -h % multiple), (0, -w % multiple), (0, 0))",
        "batch = np.pad(image[None], added)",
        RUN,
        "return made[0, :h, :w].clip(0, 1)",
    ),
    # Padded at the upper left edge.
    write_use(
        "added = ((0, 0), (-h % multiple, 0), (-w % multiple, 0), (0, 0))",
        'batch = np.pad(image[None], added, mode="edge")',
        RUN,
        "return made[0, -h:, -w:].clip(0, 1)",
    ),
    # Mirrored in place of copied.
    write_use(
        "added = ((0, 0), (0, -h % multiple), (0, -w % multiple), (0, 0))",
        'batch = np.pad(image[None], added, mode="reflect")',
        RUN,
        "return made[0, :h, :w].clip(0, 1)",
    ),
    # `multiple` is ignored.
    write_use(
        "batch = pad_images(image[None], 4)",
        RUN,
        "return made[0, :h, :w].clip(0, 1)",
    ),
    # The model is not used.
    write_use("return image.clip(0, 1)"),
    # Divided by 255.
    write_use(
        "batch = pad_images(image[None] / 255, multiple)",
        RUN,
        "return made[0, :h, :w].clip(0, 1)",
    ),
    # Rescaled instead of cut.
    write_use(
        PAD,
        RUN,
        "made = made[0, :h, :w]",
        "return (made - made.min()) / np.ptp(made)",
    ),
    # The batch axis at the end.
    write_use(
        "batch = pad_images(image[..., None], multiple)",
        RUN,
        "return made[..., 0].clip(0, 1)",
    ),
    # No return.
    write_use(PAD, RUN, "made[0, :h, :w].clip(0, 1)"),
    # The mean over channels.
    write_use(
        PAD,
        RUN,
        "return made[0, :h, :w].clip(0, 1).mean(axis=-1)",
    ),
]

# --- build_autoencoder -------------------------------------------------------

BUILDERS = [
    """
def build_autoencoder(shape, n_codes):
    encoder = keras.Sequential([
        keras.Input(shape),
        layers.Flatten(),
        layers.Dense(64, activation="gelu"),
        layers.Dense(n_codes),
    ])
    decoder = keras.Sequential([
        keras.Input((n_codes,)),
        layers.Dense(64, activation="gelu"),
        layers.Dense(math.prod(shape)),
        layers.Reshape(shape),
    ])
    return encoder, decoder
""",
    """
def build_autoencoder(shape, n_codes):
    # Linear, not built before the first call.
    size = int(np.prod(shape))
    encoder = keras.Sequential([layers.Flatten(), layers.Dense(n_codes)])
    decoder = keras.Sequential([layers.Dense(size), layers.Reshape(shape)])
    return [encoder, decoder]
""",
    """
def build_autoencoder(shape, n_codes):
    rows = keras.Input(shape)
    h = layers.Dense(100, "selu")(layers.Flatten()(rows))
    encoder = keras.Model(rows, layers.Dense(n_codes)(h))
    codes = keras.Input((n_codes,))
    h = layers.Dense(100, "selu")(codes)
    h = layers.Dense(math.prod(shape))(h)
    decoder = keras.Model(codes, ops.reshape(h, (-1, *shape)))
    return encoder, decoder
""",
    """
def build_autoencoder(shape, n_codes):
    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.stack = keras.Sequential(
                [layers.Flatten(), layers.Dense(32, "relu")]
            )
            self.last = layers.Dense(n_codes)

        def call(self, rows):
            return self.last(self.stack(rows))

    class Decoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(32, "relu")
            self.last = layers.Dense(math.prod(shape))

        def call(self, codes):
            flat = self.last(self.first(codes))
            return ops.reshape(flat, (ops.shape(codes)[0], *shape))

    return Encoder(), Decoder()
""",
    """
def build_autoencoder(shape, n_codes):
    encoder = keras.Sequential(name="encoder")
    encoder.add(keras.Input(shape))
    encoder.add(layers.Reshape((math.prod(shape),)))
    encoder.add(layers.LayerNormalization())
    encoder.add(layers.Dense(48, activation="tanh"))
    encoder.add(layers.Dense(n_codes, activation="linear"))
    decoder = keras.Sequential(name="decoder")
    decoder.add(keras.Input((n_codes,)))
    decoder.add(layers.Dense(48, activation="elu"))
    decoder.add(layers.Dense(math.prod(shape), activation=None))
    decoder.add(layers.Reshape(target_shape=shape))
    return encoder, decoder
""",
    """
def build_autoencoder(shape, n_codes):
    # The code is bounded, the output is not.
    encoder = keras.Sequential([
        keras.Input(shape),
        layers.Flatten(),
        layers.Dense(64, "swish"),
        layers.Dense(32, "swish"),
        layers.Dense(n_codes, "tanh"),
    ])
    decoder = keras.Sequential([
        keras.Input((n_codes,)),
        layers.Dense(32, "swish"),
        layers.Dense(64, "swish"),
        layers.Dense(math.prod(shape)),
        layers.Reshape(shape),
    ])
    encoder.compile(keras.optimizers.Adam(1e-3), "mse")
    return encoder, decoder
""",
    """
def build_autoencoder(shape, n_codes):
    # By hand, without dense layers.
    size = math.prod(shape)

    class Linear(layers.Layer):
        def __init__(self, n_in, n_out):
            super().__init__()
            self.kernel = self.add_weight((n_in, n_out), "glorot_uniform")
            self.bias = self.add_weight((n_out,), "zeros")

        def call(self, rows):
            return rows @ self.kernel + self.bias

    flat = layers.Reshape((size,))
    encoder = keras.Sequential(
        [keras.Input(shape), flat, Linear(size, n_codes)]
    )
    decoder = keras.Sequential([
        keras.Input((n_codes,)), Linear(n_codes, size), layers.Reshape(shape)
    ])
    return encoder, decoder
""",
]

PAIR = """
def build_autoencoder(shape, n_codes):
    encoder = keras.Sequential(
        [keras.Input({shape}), layers.Flatten(), {there}]
    )
    decoder = keras.Sequential([keras.Input((n_codes,)), {back}])
    return {result}
"""
PAIR_PARTS = {
    "shape": "shape",
    "there": "layers.Dense(n_codes)",
    "back": "layers.Dense(math.prod(shape)), layers.Reshape(shape)",
    "result": "encoder, decoder",
}


def change_pair(**parts):
    return PAIR.format(**{**PAIR_PARTS, **parts})


def end_with(activation):
    return (
        f'layers.Dense(math.prod(shape), "{activation}"), '
        "layers.Reshape(shape)"
    )


NO_BUILDERS = [
    # Outputs that do not reach standardized data.
    change_pair(back=end_with("sigmoid")),
    change_pair(back=end_with("tanh")),
    change_pair(back=end_with("relu")),
    change_pair(back=end_with("softplus")),
    # The output is not reshaped.
    change_pair(back="layers.Dense(math.prod(shape))"),
    # The number of codes is fixed, or is not that of the codes.
    change_pair(there="layers.Dense(3)"),
    change_pair(there="layers.Dense(n_codes), layers.Dense(8)"),
    # Only the last axis is made again.
    change_pair(back="layers.Dense(shape[-1])"),
    # One shape only.
    change_pair(shape="(12,)"),
    # One model only.
    change_pair(result="keras.Sequential([encoder, decoder])"),
    # The other way round.
    change_pair(result="decoder, encoder"),
    # Nothing is returned.
    change_pair(result="None"),
    # Dead: all weights are zero.
    change_pair(
        there='layers.Dense(n_codes, kernel_initializer="zeros")',
        back=(
            'layers.Dense(math.prod(shape), kernel_initializer="zeros"), '
            "layers.Reshape(shape)"
        ),
    ),
    # Nothing can be trained.
    change_pair(
        there="layers.Dense(n_codes, trainable=False)",
        back=(
            "layers.Dense(math.prod(shape), trainable=False), "
            "layers.Reshape(shape)"
        ),
    ),
    # Codes keep the first axis of the shape.
    """
def build_autoencoder(shape, n_codes):
    encoder = keras.Sequential([keras.Input(shape), layers.Dense(n_codes)])
    decoder = keras.Sequential(
        [keras.Input((*shape[:-1], n_codes)), layers.Dense(shape[-1])]
    )
    return encoder, decoder
""",
    # A name that does not exist.
    """
def build_autoencoder(shape, n_codes):
    return make_encoder(shape, n_codes), make_decoder(shape, n_codes)
""",
]

RIGHT = {
    "choose_output": OUTPUTS,
    "find_real_error": REAL_ERRORS,
    "use_model": USES,
    "build_autoencoder": BUILDERS,
}
WRONG = {
    "choose_output": NO_OUTPUTS,
    "find_real_error": NO_REAL_ERRORS,
    "use_model": NO_USES,
    "build_autoencoder": NO_BUILDERS,
}
