"""Answers to the exercises of lesson 07, right and wrong."""

KL_BETWEEN = (
    "def find_kl_between(mean, log_variance, other_mean, other_log_variance):"
)
ARC = "def find_arc(start, end, n_steps):"
WEIGHTED = (
    "from scipy.special import logsumexp\n\n"
    "def find_weighted_bound(log_weights):"
)
CONDITIONAL = (
    "def train_conditional_vae(images, classes, n_codes, epochs):\n"
    "    n_pixels, n_classes = images.shape[1], classes.shape[1]"
)


def fill(head, *bodies):
    """Return a function for each body, which is indented by four."""
    return [f"{head}\n{body.strip(chr(10))}\n" for body in bodies]


# A conditional VAE in pieces, of which wrong answers change one.
SUBCLASS = """
    encoder_input = keras.Input((n_pixels + n_classes,))
    features = layers.Dense(64, "relu")(encoder_input)
    encoder = keras.Model(
        encoder_input,
        [layers.Dense(n_codes)(features), layers.Dense(n_codes)(features)],
    )
    decoder = keras.Sequential(
        [
            keras.Input((n_codes + n_classes,)),
            layers.Dense(64, "relu"),
            layers.Dense(n_pixels),
        ]
    )

    class Conditional(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder
            self.sample = Sample()

        def call(self, inputs):
            mean, log_variance = self.encoder(inputs)
            kl = ops.sum(find_kl(mean, log_variance), axis=1)
            self.add_loss(ops.mean(kl))
            codes = self.sample(mean, log_variance)
            known = inputs[:, n_pixels:]
            return self.decoder(ops.concatenate([codes, known], axis=1))

    both = np.concatenate([images, classes], axis=1)
    model = Conditional()
    fit(model, both, images, epochs=epochs, loss=find_cost)
    return encoder, decoder
"""


def change(*pairs, source=SUBCLASS):
    """Return the source with pieces replaced, each of which is there."""
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


FUNCTIONAL = """
    inputs = keras.Input((n_pixels + n_classes,))
    features = inputs
    for width in (96, 48):
        features = layers.Dense(width, activation="gelu")(features)
    mean = layers.Dense(n_codes)(features)
    log_variance = layers.Dense(n_codes)(features)
    encoder = keras.Model(inputs, [mean, log_variance])
    decoder = build_stack(n_codes + n_classes, [48, 96], n_pixels, "decoder")
    codes = Sample()(*Penalty()(mean, log_variance))
    known = inputs[:, n_pixels:]
    logits = decoder(layers.Concatenate()([codes, known]))
    model = keras.Model(inputs, logits)
    fit(
        model,
        np.hstack([images, classes]),
        images,
        epochs=epochs,
        batch_size=32,
        learning_rate=5e-3,
        loss=find_cost,
    )
    return encoder, decoder
"""
TAPE = """
    import tensorflow as tf

    inputs = keras.Input((n_pixels + n_classes,))
    h = layers.Dense(64, activation="relu")(inputs)
    encoder = keras.Model(
        inputs, [layers.Dense(n_codes)(h), layers.Dense(n_codes)(h)]
    )
    decoder = build_stack(n_codes + n_classes, [64], n_pixels, "decoder")
    optimizer = keras.optimizers.Adam(3e-3)
    variables = encoder.trainable_variables + decoder.trainable_variables

    @tf.function
    def step(x, c):
        with tf.GradientTape() as tape:
            mean, log_variance = encoder(tf.concat([x, c], 1))
            epsilon = tf.random.normal(tf.shape(mean))
            z = mean + tf.exp(0.5 * log_variance) * epsilon
            logits = decoder(tf.concat([z, c], 1))
            cost = tf.reduce_sum(
                tf.nn.sigmoid_cross_entropy_with_logits(x, logits), 1
            )
            kl = -0.5 * tf.reduce_sum(
                1 + log_variance - mean**2 - tf.exp(log_variance), 1
            )
            loss = tf.reduce_mean(cost + kl)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables))

    data = tf.data.Dataset.from_tensor_slices((images, classes))
    for x, c in data.shuffle(1000).batch(50).repeat(epochs):
        step(x, c)
    return encoder, decoder
"""
TRAIN_STEP = """
    import tensorflow as tf

    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(100, activation="gelu")
            self.mean = layers.Dense(n_codes)
            self.log_variance = layers.Dense(n_codes)

        def call(self, inputs):
            h = self.hidden(inputs)
            return self.mean(h), self.log_variance(h)

    class CVAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = Encoder()
            self.decoder = keras.Sequential(
                [layers.Dense(100, activation="gelu"), layers.Dense(n_pixels)]
            )

        def train_step(self, data):
            both, x = data
            with tf.GradientTape() as tape:
                mean, log_variance = self.encoder(both)
                z = mean + tf.exp(log_variance / 2) * tf.random.normal(
                    tf.shape(mean)
                )
                z = tf.concat([z, both[:, n_pixels:]], axis=1)
                loss = tf.reduce_mean(
                    find_cost(x, self.decoder(z))
                    + tf.reduce_sum(find_kl(mean, log_variance), axis=1)
                )
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(
                zip(gradients, self.trainable_weights)
            )
            return {"loss": loss}

    model = CVAE()
    model.compile(optimizer=keras.optimizers.Adam(2e-3))
    both = np.concatenate([images, classes], axis=1)
    model.fit(both, images, epochs=epochs, batch_size=50, verbose=0)
    return model.encoder, model.decoder
"""
COMPUTE_LOSS = """
    class CVAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.trunk = layers.Dense(64, activation="relu")
            self.head = layers.Dense(2 * n_codes)
            self.net = keras.Sequential(
                [layers.Dense(64, activation="relu"), layers.Dense(n_pixels)]
            )
            self.random = keras.random.SeedGenerator(3)

        def encode(self, both):
            return ops.split(self.head(self.trunk(both)), 2, axis=1)

        def call(self, both):
            mean, log_variance = self.encode(both)
            noise = keras.random.normal(ops.shape(mean), seed=self.random)
            z = mean + noise * ops.exp(log_variance / 2)
            z = ops.concatenate([z, both[:, n_pixels:]], axis=1)
            return self.net(z), mean, log_variance

        def compute_loss(self, x, y, y_pred, sample_weight=None, **kwargs):
            logits, mean, log_variance = y_pred
            kl = ops.sum(find_kl(mean, log_variance), axis=1)
            return ops.mean(find_cost(y, logits) + kl)

    model = CVAE()
    model.compile(keras.optimizers.Adam(3e-3), loss=None)
    both = np.concatenate([images, classes], axis=1).astype("float32")
    model.fit(both, images, epochs=epochs, batch_size=64, verbose=0)
    return (lambda x: model.encode(x)), (lambda z: model.net(z))
"""

RIGHT = {
    "find_kl_between": fill(
        KL_BETWEEN,
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        """
    variance, other = ops.exp(log_variance), ops.exp(other_log_variance)
    distance = ops.square(mean - other_mean)
    ratio = variance / other
    return (ratio + distance / other - 1 - ops.log(ratio)) / 2
""",
        """
    import tensorflow as tf
    difference = (mean - other_mean) ** 2
    return 0.5 * (
        other_log_variance - log_variance - 1
        + (tf.exp(log_variance) + difference) / tf.exp(other_log_variance)
    )
""",
        """
    # In units of the second normal, it is the KL to a standard normal.
    scale = np.exp(other_log_variance / 2)
    return find_kl(
        (mean - other_mean) / scale, log_variance - other_log_variance
    )
""",
        """
    s, t = np.sqrt(np.exp(log_variance)), np.sqrt(np.exp(other_log_variance))
    return np.log(t / s) + (s**2 + (mean - other_mean)**2) / (2 * t**2) - 0.5
""",
        """
    result = np.empty(np.shape(mean))
    for i in np.ndindex(result.shape):
        a, b = float(log_variance[i]), float(other_log_variance[i])
        d = float(mean[i]) - float(other_mean[i])
        result[i] = (np.exp(a - b) + d * d / np.exp(b) - 1 - (a - b)) / 2
    return result
""",
        """
    import math
    flat = zip(
        np.ravel(mean), np.ravel(log_variance),
        np.ravel(other_mean), np.ravel(other_log_variance),
    )
    values = []
    for m, lv, om, olv in flat:
        values.append(
            0.5 * (math.exp(lv - olv) + (m - om) ** 2 * math.exp(-olv))
            - 0.5 * (1 + lv - olv)
        )
    return np.reshape(values, np.shape(mean)).tolist()
""",
        """
    m = keras.ops.convert_to_tensor(mean) - other_mean
    r = keras.ops.subtract(log_variance, other_log_variance)
    return (keras.ops.expm1(r) - r + m * m * ops.exp(-other_log_variance)) / 2
""",
    ),
    "find_arc": fill(
        ARC,
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1))
    share = np.linspace(0, 1, n_steps)[:, None]
    start_weight = np.sin((1 - share) * angle) / np.sin(angle)
    end_weight = np.sin(share * angle) / np.sin(angle)
    return start_weight * start + end_weight * end
""",
        """
    w = ops.arccos(ops.dot(start, end) / (ops.norm(start) * ops.norm(end)))
    t = ops.linspace(0.0, 1.0, n_steps)[:, None]
    return (ops.sin((1 - t) * w) * start + ops.sin(t * w) * end) / ops.sin(w)
""",
        """
    cosine = np.dot(start, end) / np.sqrt(np.sum(start**2) * np.sum(end**2))
    omega = np.arccos(cosine)
    codes = []
    for i in range(n_steps):
        t = i / (n_steps - 1)
        a = np.sin((1 - t) * omega) / np.sin(omega)
        b = np.sin(t * omega) / np.sin(omega)
        codes.append(a * start + b * end)
    return np.array(codes)
""",
        """
    import math
    dot = sum(float(x) * float(y) for x, y in zip(start, end))
    length = math.sqrt(sum(float(x) ** 2 for x in start))
    other = math.sqrt(sum(float(x) ** 2 for x in end))
    omega = math.acos(dot / length / other)
    for t in np.linspace(0, 1, n_steps):
        yield [
            (math.sin((1 - t) * omega) * x + math.sin(t * omega) * y)
            / math.sin(omega)
            for x, y in zip(start, end)
        ]
""",
        """
    u = start / np.linalg.norm(start)
    v = end / np.linalg.norm(end)
    # A formula for the angle without arccos.
    w = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    t = np.linspace(0, 1, n_steps)
    weights = np.stack([np.sin(w - t * w), np.sin(t * w)], axis=1) / np.sin(w)
    return weights @ np.stack([start, end])
""",
        """
    import tensorflow as tf
    a, b = tf.constant(start), tf.constant(end)
    w = tf.acos(tf.reduce_sum(a * b) / tf.norm(a) / tf.norm(b))
    t = tf.reshape(tf.linspace(0.0, 1.0, n_steps), (-1, 1))
    return tf.sin((1 - t) * w) / tf.sin(w) * a + tf.sin(t * w) / tf.sin(w) * b
""",
        """
    from scipy.spatial.distance import cosine
    angle = np.arccos(1 - cosine(start, end))
    t = np.linspace(0, 1, n_steps)
    return (
        np.outer(np.sin((1 - t) * angle), start)
        + np.outer(np.sin(t * angle), end)
    ) / np.sin(angle)
""",
    ),
    "find_weighted_bound": fill(
        WEIGHTED,
        """
    n_draws = np.shape(log_weights)[1]
    return np.log(n_draws) - logsumexp(log_weights, axis=1)
""",
        """
    return -ops.logsumexp(log_weights, axis=1) + np.log(log_weights.shape[1])
""",
        """
    largest = log_weights.max(axis=1)
    weights = np.exp(log_weights - largest[:, None])
    return -(largest + np.log(weights.mean(axis=1)))
""",
        """
    k = log_weights.shape[1]
    return -logsumexp(log_weights, axis=1, b=1 / k)
""",
        """
    import tensorflow as tf
    k = tf.cast(tf.shape(log_weights)[1], tf.float32)
    return tf.math.log(k) - tf.reduce_logsumexp(log_weights, axis=1)
""",
        """
    result = []
    for row in log_weights:
        m = max(row)
        mean = sum(np.exp(x - m) for x in row) / len(row)
        result.append(-m - np.log(mean))
    return result
""",
        """
    total = np.logaddexp.reduce(log_weights, axis=1)
    return np.log(len(log_weights[0])) - total
""",
        """
    return [
        float(np.log(len(row)) - logsumexp(row)) for row in log_weights
    ]
""",
    ),
    "train_conditional_vae": fill(
        CONDITIONAL,
        SUBCLASS,
        FUNCTIONAL,
        TAPE,
        TRAIN_STEP,
        COMPUTE_LOSS,
        change(
            (
                "fit(model, both, images, epochs=epochs, loss=find_cost)",
                "model.compile(keras.optimizers.Adam(1e-3), loss=find_cost)\n"
                "    model.fit(both, images, epochs=epochs, batch_size=32, "
                "verbose=0)",
            )
        ),
        change(
            # KL written out, and one head that is cut in two.
            ("find_kl(mean, log_variance)", "kl_of_codes"),
            (
                "            kl = ",
                "            kl_of_codes = -0.5 * (1 + log_variance - mean**2 "
                "- ops.exp(log_variance))\n            kl = ",
            ),
            ('Dense(64, "relu")', 'Dense(128, "tanh")'),
        ),
    ),
}

WRONG = {
    "find_kl_between": fill(
        KL_BETWEEN,
        # Divided by the first variance.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # The other direction.
        """
    log_ratio = other_log_variance - log_variance
    distance = (mean - other_mean) ** 2 / np.exp(log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # Without the half.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return np.exp(log_ratio) + distance - 1 - log_ratio
""",
        # The second is always the standard normal.
        """
    return find_kl(mean, log_variance)
""",
        # Not scaled.
        """
    return find_kl(mean - other_mean, log_variance - other_log_variance)
""",
        # Summed over the codes.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return np.sum((np.exp(log_ratio) + distance - 1 - log_ratio) / 2, axis=-1)
""",
        # The sign of the logarithm.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return (np.exp(log_ratio) + distance - 1 + log_ratio) / 2
""",
        # A deviation where a variance belongs.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance / 2)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # The distance is not squared.
        """
    log_ratio = log_variance - other_log_variance
    distance = np.abs(mean - other_mean) / np.exp(other_log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # Without the 1.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return (np.exp(log_ratio) + distance - log_ratio) / 2
""",
        # In place.
        """
    mean -= other_mean
    log_variance -= other_log_variance
    distance = mean**2 / np.exp(other_log_variance)
    return (np.exp(log_variance) + distance - 1 - log_variance) / 2
""",
        # Without a return.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # Only vectors of four.
        """
    result = []
    for i in range(4):
        r = log_variance[i] - other_log_variance[i]
        d = (mean[i] - other_mean[i]) ** 2 / np.exp(other_log_variance[i])
        result.append((np.exp(r) + d - 1 - r) / 2)
    return result
""",
        # In bits.
        """
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(other_log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2 / np.log(2)
""",
    ),
    "find_arc": fill(
        ARC,
        # A line.
        """
    return np.linspace(start, end, n_steps)
""",
        # Without the division.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = np.linspace(0, 1, n_steps)[:, None]
    return np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
""",
        # The length of the first for both.
        """
    angle = np.arccos(np.clip(start @ end / (start @ start), -1, 1))
    t = np.linspace(0, 1, n_steps)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # The end is left out.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = (np.arange(n_steps) / n_steps)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # The other way round.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = np.linspace(0, 1, n_steps)[:, None]
    return (
        np.sin(t * angle) * start + np.sin((1 - t) * angle) * end
    ) / np.sin(angle)
""",
        # Transposed.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = np.linspace(0, 1, n_steps)[None]
    return (
        np.sin((1 - t) * angle) * start[:, None]
        + np.sin(t * angle) * end[:, None]
    ) / np.sin(angle)
""",
        # A line that is stretched to the length of the start.
        """
    line = np.linspace(start, end, n_steps)
    lengths = np.linalg.norm(line, axis=1, keepdims=True)
    return line / lengths * np.linalg.norm(start)
""",
        # Unit vectors.
        """
    start = start / np.linalg.norm(start)
    end = end / np.linalg.norm(end)
    angle = np.arccos(start @ end)
    t = np.linspace(0, 1, n_steps)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # In place.
        """
    cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
    angle = np.arccos(cosine)
    t = np.linspace(0, 1, n_steps)[:, None]
    start /= np.sin(angle)
    end /= np.sin(angle)
    return np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
""",
        # Four steps, whatever is asked for.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = np.linspace(0, 1, 4)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # In degrees.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.degrees(np.arccos(start @ end / lengths))
    t = np.linspace(0, 1, n_steps)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # The angle of the example.
        """
    angle = np.radians(60)
    t = np.linspace(0, 1, n_steps)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
        # One step too many.
        """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(start @ end / lengths)
    t = np.linspace(0, 1, n_steps + 1)[:, None]
    return (
        np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    ) / np.sin(angle)
""",
    ),
    "find_weighted_bound": fill(
        WEIGHTED,
        # The mean of the logarithms: the bound of the lesson.
        """
    return -np.mean(log_weights, axis=1)
""",
        # Too small for a computer.
        """
    return -np.log(np.mean(np.exp(log_weights), axis=1))
""",
        # A sum, not a mean.
        """
    return -logsumexp(log_weights, axis=1)
""",
        # The sign.
        """
    n_draws = np.shape(log_weights)[1]
    return logsumexp(log_weights, axis=1) - np.log(n_draws)
""",
        # log n for log k.
        """
    return np.log(len(log_weights)) - logsumexp(log_weights, axis=1)
""",
        # Over the images.
        """
    n_images = len(log_weights)
    return np.log(n_images) - logsumexp(log_weights, axis=0)
""",
        # Over all.
        """
    return np.log(np.size(log_weights)) - logsumexp(log_weights)
""",
        # The log of three.
        """
    return np.log(3) - logsumexp(log_weights, axis=1)
""",
        # The largest weight only.
        """
    return -np.max(log_weights, axis=1)
""",
        # log k subtracted.
        """
    n_draws = np.shape(log_weights)[1]
    return -np.log(n_draws) - logsumexp(log_weights, axis=1)
""",
        # In place.
        """
    n_draws = log_weights.shape[1]
    largest = log_weights.max(axis=1)
    log_weights -= largest[:, None]
    total = np.exp(log_weights).sum(axis=1)
    return np.log(n_draws) - largest - np.log(total)
""",
        # The wrong shape.
        """
    n_draws = np.shape(log_weights)[1]
    return np.log(n_draws) - logsumexp(log_weights, axis=1, keepdims=True)
""",
        # A mean over the images as well.
        """
    n_draws = np.shape(log_weights)[1]
    return np.mean(np.log(n_draws) - logsumexp(log_weights, axis=1))
""",
    ),
    "train_conditional_vae": fill(
        CONDITIONAL,
        # Nothing is trained.
        change(
            (
                "fit(model, both, images, epochs=epochs, loss=find_cost)",
                "model(both)",
            )
        ),
        # The decoder does not know the class.
        change(
            (
                "return self.decoder(ops.concatenate([codes, known], axis=1))",
                "return self.decoder("
                "ops.concatenate([codes, 0 * known], axis=1))",
            )
        ),
        # Without the KL.
        change(("            self.add_loss(ops.mean(kl))\n", "")),
        # The KL with the wrong sign.
        change(
            ("self.add_loss(ops.mean(kl))", "self.add_loss(-ops.mean(kl))")
        ),
        # Nothing is drawn.
        change(("self.sample(mean, log_variance)", "mean")),
        # Pixels, not logits.
        change(
            ("layers.Dense(n_pixels),", 'layers.Dense(n_pixels, "sigmoid"),')
        ),
        # The KL a hundred times too heavy.
        change(("ops.mean(kl)", "100 * ops.mean(kl)")),
        # The decoder comes first.
        change(("return encoder, decoder", "return decoder, encoder")),
        # The whole model in place of the decoder.
        change(("return encoder, decoder", "return encoder, model")),
        # One code, whatever is asked for.
        change(
            ("    encoder_input =", "    n_codes = 1\n    encoder_input =")
        ),
        # The size of a digit.
        change(
            ("    encoder_input =", "    n_pixels = 784\n    encoder_input =")
        ),
        # Only the decoder is returned.
        change(("return encoder, decoder", "return decoder")),
        # The encoder takes the image alone.
        change(
            (
                "keras.Input((n_pixels + n_classes,))",
                "keras.Input((n_pixels,))",
            ),
            ("self.encoder(inputs)", "self.encoder(inputs[:, :n_pixels])"),
        ),
        # Forgotten return.
        change(("    return encoder, decoder\n", "")),
        # The cost is a mean over the pixels.
        change(
            (
                "loss=find_cost",
                "loss=keras.losses.BinaryCrossentropy(from_logits=True)",
            )
        ),
    ),
}
