"""Answers to the exercises of lesson 05, right and wrong."""

RIGHT = {
    "add_specks": [
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    specks = generator.integers(0, 2, images.shape)
    return np.where(is_hit, specks, images).astype(images.dtype)
""",
        """
def add_specks(images, share, seed):
    np.random.seed(seed)
    specked = images.copy()
    is_hit = np.random.rand(*images.shape) < share
    specked[is_hit] = np.random.randint(0, 2, is_hit.sum())
    return specked
""",
        """
def add_specks(images, share, seed):
    # One draw for both: the lower half of the share is pepper.
    draws = np.random.default_rng(seed).random(images.shape)
    pepper = np.where(draws < share / 2, 0, images)
    return np.where((draws >= share / 2) & (draws < share), 1, pepper)
""",
        """
def add_specks(images, share, seed):
    shape = ops.shape(images)
    draws = keras.random.uniform(shape, seed=seed)
    coins = keras.random.uniform(shape, seed=seed + 12345)
    specks = ops.cast(coins < 0.5, "float32")
    return ops.where(draws < share, specks, images)
""",
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    flat = images.flatten()
    n_hits = round(share * flat.size)
    places = generator.choice(flat.size, n_hits, replace=False)
    flat[places] = generator.choice([0.0, 1.0], n_hits)
    return flat.reshape(images.shape)
""",
        """
def add_specks(images, share, seed):
    generator = np.random.RandomState(seed)
    result = []
    for image in images:
        mask = generator.binomial(1, share, image.shape)
        coin = generator.binomial(1, 0.5, image.shape)
        result.append(image * (1 - mask) + coin * mask)
    return result
""",
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    made = np.array(images, dtype="float64")
    for index in np.ndindex(images.shape):
        if generator.random() < share:
            made[index] = generator.random() > 0.5
    return made
""",
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    for image in images:
        is_hit = generator.uniform(size=image.shape) < share
        specks = (generator.normal(size=image.shape) > 0).astype("float32")
        yield np.where(is_hit, specks, image)
""",
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    codes = generator.choice(
        3, size=images.shape, p=[1 - share, share / 2, share / 2]
    )
    return np.select([codes == 1, codes == 2], [0.0, 1.0], images)
""",
    ],
    "find_side": [
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else -(-side // stride)
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        return stride * side
    return np.ceil(side / stride)
""",
        """
def find_side(side, stride, is_transposed):
    if not is_transposed:
        return (side + stride - 1) // stride
    return side * stride
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        return np.multiply(side, stride)
    whole, rest = np.divmod(side, stride)
    return whole + (rest > 0)
""",
        """
def find_side(side, stride, is_transposed):
    side = ops.convert_to_tensor(side, "float32")
    return side * stride if is_transposed else ops.ceil(side / stride)
""",
        """
def find_side(side, stride, is_transposed):
    return {
        True: side * stride,
        False: (side - 1) // stride + 1,
    }[is_transposed]
""",
        """
def find_side(side, stride, is_transposed):
    def find_one(n):
        return n * stride if is_transposed else len(range(0, n, stride))

    return np.vectorize(find_one)(side)
""",
        """
def find_side(side, stride, is_transposed):
    sides = []
    for n in np.ravel(side):
        if is_transposed:
            sides.append(int(n) * stride)
        else:
            sides.append(math.ceil(n / stride))
    return np.reshape(sides, np.shape(side))
""",
        """
def find_side(side, stride, is_transposed):
    def find_by_keras(n):
        kind = layers.Conv2DTranspose if is_transposed else layers.Conv2D
        layer = kind(1, 3, strides=stride, padding="same")
        return layer.compute_output_shape((1, int(n), int(n), 1))[1]

    return np.vectorize(find_by_keras)(side)
""",
    ],
    "build_autoencoder": [
        """
def build_autoencoder(side, channels):
    same = {"padding": "same", "activation": "gelu"}
    code_side = math.ceil(side / 4)
    extra = 4 * code_side - side
    encoder = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Conv2D(32, 6, strides=4, **same),
            layers.Conv2D(32, 3, **same),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_side, code_side, 32)),
            layers.Conv2D(32, 3, **same),
            layers.Conv2DTranspose(
                channels, 6, strides=4, padding="same", activation="sigmoid"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        """
def build_autoencoder(side, channels):
    # Pooled and upsampled, functional.
    images = keras.Input((side, side, channels))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(images)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    codes = layers.MaxPooling2D(2, padding="same")(x)
    encoder = keras.Model(images, codes)
    given = keras.Input(codes.shape[1:])
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(given)
    x = layers.UpSampling2D(4)(x)
    x = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")(x)
    over = x.shape[1] - side
    x = layers.Cropping2D(((over // 2, over - over // 2),) * 2)(x)
    return encoder, keras.Model(given, x)
""",
        """
def build_autoencoder(side, channels):
    # Padded in front, cropped at the end.
    pad = -side % 4
    encoder = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.ZeroPadding2D(((0, pad), (0, pad))),
            layers.Conv2D(12, 2, 2, activation="elu"),
            layers.Conv2D(6, 2, 2),
        ]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(12, 2, 2, activation="elu"),
            layers.Conv2DTranspose(channels, 2, 2, activation="sigmoid"),
            layers.Cropping2D(((0, pad), (0, pad))),
        ]
    )
    decoder.build((None, (side + pad) // 4, (side + pad) // 4, 6))
    return encoder, decoder
""",
        """
def build_autoencoder(side, channels):
    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(24, 5, 4, "same", activation="tanh")

        def call(self, images):
            return self.conv(images)

    class Decoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2DTranspose(channels, 5, 4, "same")

        def call(self, codes):
            return ops.sigmoid(self.conv(codes)[:, :side, :side])

    encoder, decoder = Encoder(), Decoder()
    decoder(encoder(np.zeros((1, side, side, channels), "float32")))
    return encoder, decoder
""",
        """
def build_autoencoder(side, channels):
    # Resized in place of cropped; returned as a list.
    n = -(-side // 4)
    encoder = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Resizing(n, n),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((n, n, 16)),
            layers.Resizing(side, side),
            layers.Conv2D(channels, 3, padding="same", activation="sigmoid"),
        ]
    )
    return [encoder, decoder]
""",
        """
def build_autoencoder(side, channels):
    # Hand-written convolution in a layer of its own; not built before.
    class Patches(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(
                shape=(4, 4, channels, 20), initializer="glorot_uniform"
            )

        def call(self, images):
            return ops.conv(images, self.kernel, strides=4, padding="same")

    extra = 4 * math.ceil(side / 4) - side
    encoder = keras.Sequential([Patches()])
    decoder = keras.Sequential(
        [
            layers.UpSampling2D(4),
            layers.Conv2D(channels, 3, padding="same"),
            layers.Activation("sigmoid"),
            layers.Cropping2D(((extra, 0), (extra, 0))),
        ]
    )
    return encoder, decoder
""",
        """
def build_autoencoder(side, channels):
    # Sizes left open, average pooling, pixels cut to [0, 1].
    encoder = keras.Sequential(
        [
            keras.Input((None, None, channels)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.AveragePooling2D(4, padding="same"),
        ]
    )
    codes = keras.Input((None, None, 16))
    x = layers.Conv2DTranspose(channels, 4, 4)(codes)
    images = ops.clip(x + 0.5, 0, 1)[:, :side, :side]
    return encoder, keras.Model(codes, images)
""",
    ],
    "make_noisy_pairs": [
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    shape = (2, *images.shape)
    return images + generator.normal(0, sigma, shape).astype("float32")
""",
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    inputs = images + generator.normal(0, sigma, images.shape)
    targets = images + generator.normal(0, sigma, images.shape)
    return inputs, targets
""",
        """
def make_noisy_pairs(images, sigma, seed):
    np.random.seed(seed)
    inputs = images + sigma * np.random.randn(*images.shape)
    targets = images + sigma * np.random.randn(*images.shape)
    return [inputs.astype("float32"), targets.astype("float32")]
""",
        """
def make_noisy_pairs(images, sigma, seed):
    shape = (2, *images.shape)
    noise = keras.random.normal(shape, stddev=sigma, seed=seed)
    return images + noise
""",
        """
def make_noisy_pairs(images, sigma, seed):
    seeds = keras.random.SeedGenerator(seed)
    for _ in range(2):
        noise = keras.random.normal(images.shape, 0, sigma, seed=seeds)
        yield ops.add(images, noise)
""",
        """
def make_noisy_pairs(images, sigma, seed):
    pair = []
    for one_seed in (2 * seed, 2 * seed + 1):
        noise = np.random.RandomState(one_seed).normal(size=images.shape)
        pair.append(images + sigma * noise)
    return np.stack(pair)
""",
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    inputs, targets = images.copy(), images.copy()
    for i in range(len(images)):
        inputs[i] += generator.normal(0, sigma, images[i].shape)
        targets[i] += generator.normal(0, sigma, images[i].shape)
    return inputs, targets
""",
        """
def make_noisy_pairs(images, sigma, seed):
    first, second = np.random.SeedSequence(seed).spawn(2)

    def add(sequence):
        noise = np.random.default_rng(sequence).standard_normal(images.shape)
        return images + noise * sigma

    return add(first), add(second)
""",
    ],
}

WRONG = {
    "add_specks": [
        # Changed in place.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    images[is_hit] = generator.integers(0, 2, is_hit.sum())
    return images
""",
        # No seed.
        """
def add_specks(images, share, seed):
    is_hit = np.random.random(images.shape) < share
    return np.where(is_hit, np.random.randint(0, 2, images.shape), images)
""",
        # Another seed is ignored.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(0)
    is_hit = generator.random(images.shape) < share
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # The share of the example.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < 0.3
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # The share stays, the others are hit.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) > share
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # integers(0, 1) is always 0.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    return np.where(is_hit, generator.integers(0, 1, images.shape), images)
""",
        # Any gray in place of black or white.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    return np.where(is_hit, generator.random(images.shape), images)
""",
        # All images are hit at the same places.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape[1:]) < share
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # Whole rows.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape[:2])[..., None, None] < share
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # One color for each image.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    color = generator.integers(0, 2, (len(images), 1, 1, 1))
    return np.where(is_hit, color, images)
""",
        # The share of salt and again of pepper.
        """
def add_specks(images, share, seed):
    draws = np.random.default_rng(seed).random(images.shape)
    made = np.where(draws < share, 0, images)
    return np.where(draws > 1 - share, 1, made)
""",
        # The same draw for place and color: all hits are black.
        """
def add_specks(images, share, seed):
    draws = np.random.default_rng(seed).random(images.shape)
    return np.where(draws < share, draws > 0.5, images)
""",
        # The others become black.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    return is_hit * generator.integers(0, 2, images.shape)
""",
        # The channel axis is lost.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    made = np.where(is_hit, generator.integers(0, 2, images.shape), images)
    return made[..., 0]
""",
        # Bytes: 255 for white.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    return np.where(is_hit, 255 * generator.integers(0, 2, images.shape), images)
""",
        # Without a return.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    made = np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
        # The first pixels and not random ones.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    flat = images.flatten()
    n_hits = int(share * flat.size)
    flat[:n_hits] = generator.integers(0, 2, n_hits)
    return flat.reshape(images.shape)
""",
        # Squared: a pixel must be hit twice.
        """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    is_hit &= generator.random(images.shape) < share
    return np.where(is_hit, generator.integers(0, 2, images.shape), images)
""",
    ],
    "find_side": [
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else side // stride
""",
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else np.round(side / stride)
""",
        """
def find_side(side, stride, is_transposed):
    return side * 4 if is_transposed else -(-side // 4)
""",
        """
def find_side(side, stride, is_transposed):
    return -(-side // stride) if is_transposed else side * stride
""",
        """
def find_side(side, stride, is_transposed):
    return -(-side // stride)
""",
        """
def find_side(side, stride, is_transposed):
    return side * stride
""",
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else side // stride + 1
""",
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else side / stride
""",
        """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else (side + 2) // stride
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        return side * stride
    return np.floor(side / stride + 0.5)
""",
        """
def find_side(side, stride, is_transposed):
    # Without padding, for a window of 6.
    if is_transposed:
        return (side - 1) * stride + 6
    return (side - 6) // stride + 1
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        return (side - 1) * stride + 1
    return -(-side // stride)
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        return side * stride
    return math.ceil(side / stride)
""",
        """
def find_side(side, stride, is_transposed):
    if is_transposed:
        side * stride
    else:
        -(-side // stride)
""",
        """
def find_side(side, stride, is_transposed):
    return (side + stride // 2) // stride if not is_transposed else side * stride
""",
        """
def find_side(side, stride, is_transposed):
    side *= stride if is_transposed else 1
    return side if is_transposed else -(-side // stride)
""",
    ],
    "build_autoencoder": [
        # Dense layers: weights depend on the side.
        """
def build_autoencoder(side, channels):
    n = math.ceil(side / 4)
    encoder = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Flatten(),
            layers.Dense(n * n * 2, activation="relu"),
            layers.Reshape((n, n, 2)),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((n, n, 2)),
            layers.Flatten(),
            layers.Dense(side * side * channels, activation="sigmoid"),
            layers.Reshape((side, side, channels)),
        ]
    )
    return encoder, decoder
""",
        # Not cropped.
        """
def build_autoencoder(side, channels):
    encoder = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Conv2D(8, 6, 4, "same", activation="gelu"),
        ]
    )
    decoder = keras.Sequential(
        [layers.Conv2DTranspose(channels, 6, 4, "same", activation="sigmoid")]
    )
    return encoder, decoder
""",
        # For digits only.
        """
def build_autoencoder(side, channels):
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 6, 4, "same", activation="gelu"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((7, 7, 8)),
            layers.Conv2DTranspose(1, 6, 4, "same", activation="sigmoid"),
        ]
    )
    return encoder, decoder
""",
        # One channel, whatever is asked for.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(1, 6, 4, "same", activation="sigmoid"),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # No sigmoid: pixels leave [0, 1].
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(channels, 6, 4, "same"),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # relu at the end: pixels may exceed 1.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="relu"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # tanh: pixels from -1 to 1.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="tanh"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # One model in place of two.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    return keras.Sequential(
        [
            layers.Conv2D(8, 6, 4, "same", activation="gelu"),
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="sigmoid"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
""",
        # Half the side, not a quarter.
        """
def build_autoencoder(side, channels):
    extra = -side % 2
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 2, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 2, "same", activation="sigmoid"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # Padding "valid": a quarter rounded down.
        """
def build_autoencoder(side, channels):
    encoder = keras.Sequential([layers.Conv2D(8, 4, 4, activation="gelu")])
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(channels, 4, 4, activation="sigmoid"),
            layers.Resizing(side, side),
        ]
    )
    return encoder, decoder
""",
        # The other way round.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="sigmoid"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return decoder, encoder
""",
        # Never trained: its weights are frozen.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="sigmoid"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    encoder.trainable = decoder.trainable = False
    return encoder, decoder
""",
        # Softmax over one channel is always 1.
        """
def build_autoencoder(side, channels):
    extra = -side % 4
    encoder = keras.Sequential(
        [layers.Conv2D(8, 6, 4, "same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [
            layers.Conv2DTranspose(
                channels, 6, 4, "same", activation="softmax"
            ),
            layers.Cropping2D(((0, extra), (0, extra))),
        ]
    )
    return encoder, decoder
""",
        # Without a return.
        """
def build_autoencoder(side, channels):
    encoder = keras.Sequential([layers.Conv2D(8, 6, 4, "same")])
    decoder = keras.Sequential([layers.Conv2DTranspose(channels, 6, 4)])
""",
    ],
    "make_noisy_pairs": [
        # The same noise twice.
        """
def make_noisy_pairs(images, sigma, seed):
    noise = np.random.default_rng(seed).normal(0, sigma, images.shape)
    return images + noise, images + noise
""",
        # The same seed twice.
        """
def make_noisy_pairs(images, sigma, seed):
    return [
        images + np.random.default_rng(seed).normal(0, sigma, images.shape)
        for _ in range(2)
    ]
""",
        # Cut off.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, sigma, (2, *images.shape))
    return (images + noise).clip(0, 1)
""",
        # Clean targets.
        """
def make_noisy_pairs(images, sigma, seed):
    noise = np.random.default_rng(seed).normal(0, sigma, images.shape)
    return images + noise, images
""",
        # sigma is a variance.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    return images + generator.normal(
        0, sigma**0.5, (2, *images.shape)
    )
""",
        # sigma of the example.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    return images + generator.normal(0, 0.5, (2, *images.shape))
""",
        # No seed.
        """
def make_noisy_pairs(images, sigma, seed):
    return images + np.random.normal(0, sigma, (2, *images.shape))
""",
        # Another seed is ignored.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(42)
    return images + generator.normal(0, sigma, (2, *images.shape))
""",
        # All images share one noise.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    shape = (2, 1, *images.shape[1:])
    return images + generator.normal(0, sigma, shape)
""",
        # Uniform noise of the right deviation.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    half = sigma * 3**0.5
    return images + generator.uniform(-half, half, (2, *images.shape))
""",
        # Coins.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    return images + sigma * generator.choice([-1, 1], (2, *images.shape))
""",
        # The images are lost.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    return images.mean() + generator.normal(0, sigma, (2, *images.shape))
""",
        # Targets of other images.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    pair = images + generator.normal(0, sigma, (2, *images.shape))
    return pair[0], np.roll(pair[1], 1, axis=0)
""",
        # In place.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    targets = images + generator.normal(0, sigma, images.shape)
    images += generator.normal(0, sigma, images.shape).astype("float32")
    return images, targets
""",
        # Pairs along the wrong axis.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    shape = (len(images), 2, *images.shape[1:])
    return images[:, None] + generator.normal(0, sigma, shape)
""",
        # The targets are the inputs with more noise.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    inputs = images + generator.normal(0, sigma, images.shape)
    return inputs, inputs + generator.normal(0, sigma, images.shape)
""",
        # Only the inputs.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    return images + generator.normal(0, sigma, images.shape)
""",
        # Nothing.
        """
def make_noisy_pairs(images, sigma, seed):
    generator = np.random.default_rng(seed)
    images + generator.normal(0, sigma, (2, *images.shape))
""",
    ],
}
