"""Answers to the exercises of lesson 02, right and wrong."""

RIGHT = {
    "count_weights": [
        """
def count_weights(n_pixels, n_codes):
    return 2 * n_pixels * n_codes + n_pixels + n_codes
""",
        """
def count_weights(n_pixels, n_codes):
    return (n_pixels + 1) * n_codes + (n_codes + 1) * n_pixels
""",
        """
def count_weights(n_pixels, n_codes):
    sizes = [n_pixels, n_codes, n_pixels]
    total = 0
    for size, next_size in zip(sizes, sizes[1:]):
        total += size * next_size + next_size
    return total
""",
        """
def count_weights(n_pixels, n_codes):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_codes)(images)
    return keras.Model(images, layers.Dense(n_pixels)(codes)).count_params()
""",
        """
def count_weights(n_pixels, n_codes):
    kernels = [np.zeros((n_pixels, n_codes)), np.zeros((n_codes, n_pixels))]
    biases = [np.zeros(n_codes), np.zeros(n_pixels)]
    return sum(array.size for array in kernels + biases)
""",
        """
def count_weights(n_pixels, n_codes):
    return np.int64(2 * n_pixels * n_codes) + n_codes + n_pixels
""",
        """
count_weights = lambda n_pixels, n_codes: (
    n_pixels * (2 * n_codes + 1) + n_codes
)
count_weights.__name__ = "count_weights"
""",
        """
def count_weights(n_pixels, n_codes):
    weights = ops.convert_to_tensor([n_pixels, n_codes])
    return 2 * ops.prod(weights) + ops.sum(weights)
""",
    ],
    "find_path": [
        """
def find_path(start, end, n_steps):
    from scipy.interpolate import interp1d

    ends = np.vstack([start, end])
    return interp1d([0, n_steps - 1], ends, axis=0)(range(n_steps))
""",
        """
def find_path(start, end, n_steps):
    path = []
    for weight in np.linspace(0, 1, n_steps):
        path.append([a + (b - a) * weight for a, b in zip(start, end)])
    return path
""",
        """
def find_path(start, end, n_steps):
    return np.linspace(start, end, n_steps)
""",
        """
def find_path(start, end, n_steps):
    path = []
    for step in range(n_steps):
        weight = step / (n_steps - 1)
        path.append((1 - weight) * start + weight * end)
    return path
""",
        """
def find_path(start, end, n_steps):
    path = np.empty((n_steps, len(start)))
    for number in range(len(start)):
        path[:, number] = np.linspace(start[number], end[number], n_steps)
    return path
""",
        """
def find_path(start, end, n_steps):
    weight = ops.linspace(0.0, 1.0, n_steps)[:, None]
    return start + weight * (end - start)
""",
        """
def find_path(start, end, n_steps):
    start, end = tf.constant(start), tf.constant(end)
    weight = tf.reshape(tf.linspace(0.0, 1.0, n_steps), (-1, 1))
    return (1 - weight) * start[None] + weight * end[None]
""",
        """
def find_path(start, end, n_steps):
    for step in range(n_steps):
        yield start + (end - start) * step / (n_steps - 1)
""",
        """
def find_path(start, end, n_steps):
    weight = np.arange(n_steps) / (n_steps - 1)
    return np.outer(1 - weight, start) + np.outer(weight, end)
""",
        """
def find_path(start, end, n_steps):
    weights = np.stack(
        [np.linspace(1, 0, n_steps), np.linspace(0, 1, n_steps)], axis=1
    )
    return weights @ np.stack([start, end])
""",
        """
def find_path(start, end, n_steps):
    step = (end - start) / (n_steps - 1)
    path = np.tile(step, (n_steps, 1))
    path[0] = start
    return np.cumsum(path, axis=0)
""",
    ],
    "find_image_cost": [
        """
def find_image_cost(images, reconstructions):
    find_loss = keras.losses.BinaryCrossentropy(reduction=None)
    p = np.clip(reconstructions, 1e-7, 1 - 1e-7)
    return images.shape[-1] * find_loss(images, p)
""",
        """
def find_image_cost(images, made):
    p = ops.clip(made, 1e-7, 1 - 1e-7)
    costs = images * ops.log(p) + (1 - images) * ops.log(1 - p)
    return -ops.sum(costs, axis=1)
""",
        """
def find_image_cost(images, made):
    p = np.clip(made, 1e-7, 1 - 1e-7)
    costs = -images * np.log(p) - (1 - images) * np.log1p(-p)
    return costs.sum(axis=-1)
""",
        """
def find_image_cost(images, made):
    return [
        len(image) * float(find_cross_entropy(image, drawing))
        for image, drawing in zip(images, made)
    ]
""",
        """
def find_image_cost(images, made):
    costs = keras.losses.binary_crossentropy(images, made)
    return costs * images.shape[1]
""",
        """
def find_image_cost(images, made):
    p = tf.clip_by_value(tf.constant(made), 1e-7, 1 - 1e-7)
    x = tf.constant(images)
    costs = x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p)
    return -tf.reduce_sum(costs, axis=1)
""",
        """
def find_image_cost(images, made):
    costs = []
    for image, drawing in zip(images, made):
        p = np.minimum(np.maximum(drawing, 1e-7), 1 - 1e-7)
        costs.append(-image @ np.log(p) - (1 - image) @ np.log(1 - p))
    return np.array(costs)
""",
        """
def find_image_cost(images, made):
    p = made.astype("float64").clip(1e-7, 1 - 1e-7)
    white = np.einsum("np,np->n", images, np.log(p))
    black = np.einsum("np,np->n", 1 - images, np.log(1 - p))
    return -(white + black)
""",
        """
def find_image_cost(images, made):
    for image, drawing in zip(images, made):
        yield image.size * binary_cross_entropy(image, drawing)
""",
    ],
    "train_autoencoder": [
        """
def train_autoencoder(images, n_codes):
    n_pixels = images.shape[1]
    inputs, codes = keras.Input((n_pixels,)), keras.Input((n_codes,))
    encoder = keras.Model(inputs, layers.Dense(n_codes)(inputs))
    decoder = keras.Model(codes, layers.Dense(n_pixels, "sigmoid")(codes))
    autoencoder = keras.Model(inputs, decoder(encoder(inputs)))
    fit(autoencoder, images, epochs=30, batch_size=32, learning_rate=0.03)
    return encoder, decoder
""",
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=6, batch_size=32, verbose=0)
    return model.layers[0], model.layers[1]
""",
        """
def train_autoencoder(images, n_codes):
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = layers.Dense(n_codes, "tanh")
            self.decoder = layers.Dense(images.shape[1], "sigmoid")

        def call(self, x):
            return self.decoder(self.encoder(x))

    pair = Pair()
    pair.compile(keras.optimizers.Adam(0.05), "mse")
    pair.fit(images, images, epochs=10, batch_size=32, verbose=0)
    return [pair.encoder, pair.decoder]
""",
        """
def train_autoencoder(images, n_codes):
    encoder = layers.Dense(n_codes)
    decoder = layers.Dense(images.shape[1], "sigmoid")
    x = tf.constant(images)
    decoder(encoder(x))
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build(weights)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = find_cross_entropy(x, decoder(encoder(x)))
        optimizer.apply(tape.gradient(loss, weights), weights)

    for _ in range(400):
        step()
    return encoder, decoder
""",
        """
def train_autoencoder(images, n_codes):
    model = PCA(n_codes).fit(images)
    return model.transform, model.inverse_transform
""",
        """
def train_autoencoder(images, n_codes):
    mean = images.mean(axis=0)
    generator = np.random.default_rng(0)
    w = generator.normal(size=(images.shape[1], n_codes)) / 10
    x = images - mean
    for _ in range(300):
        codes = x @ w
        decode = np.linalg.lstsq(codes, x, rcond=None)[0]
        w = np.linalg.pinv(decode)
    return lambda new: (new - mean) @ w, lambda codes: codes @ decode + mean
""",
        """
def train_autoencoder(images, n_codes):
    n_pixels = images.shape[-1]
    encoder = keras.Sequential(
        [layers.Dense(32, "gelu"), layers.Dense(n_codes)]
    )
    decoder = keras.Sequential(
        [layers.Dense(32, "gelu"), layers.Dense(n_pixels, "sigmoid")]
    )
    autoencoder = keras.Sequential([encoder, decoder])
    autoencoder.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    data = batches(images, images, batch_size=32, seed=1)
    autoencoder.fit(data, epochs=10, shuffle=False, verbose=0)
    return encoder, decoder
""",
    ],
}

WRONG = {
    "count_weights": [
        # Biases forgotten, or those of one layer, or counted wrongly.
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * n_codes\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * n_codes + n_codes\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * n_codes + n_pixels\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * n_codes + 2 * n_pixels\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * n_codes + 2\n",
        # One layer.
        "def count_weights(n_pixels, n_codes):\n"
        "    return n_pixels * n_codes + n_codes\n",
        # Tied weights.
        "def count_weights(n_pixels, n_codes):\n"
        "    return n_pixels * n_codes + n_pixels + n_codes\n",
        # The number of the lesson, or of its model.
        "def count_weights(n_pixels, n_codes):\n    return 50_992\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return build_autoencoder('relu')[2].count_params()\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * 784 * n_codes + n_codes + 784\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return 2 * n_pixels * 32 + 32 + n_pixels\n",
        # Forgotten return, a text, a pair, an error.
        "def count_weights(n_pixels, n_codes):\n"
        "    total = 2 * n_pixels * n_codes + n_codes + n_pixels\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return str(2 * n_pixels * n_codes + n_codes + n_pixels)\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return (\n"
        "        n_pixels * n_codes + n_codes, n_pixels * n_codes + n_pixels\n"
        "    )\n",
        "def count_weights(n_pixels, n_codes):\n"
        "    return n_pixel * n_codes\n",
        "def count_weights(n_pixels):\n    return 2 * n_pixels\n",
    ],
    "find_path": [
        # On an arc, not on a line.
        """
def find_path(start, end, n_steps):
    angle = np.linspace(0, np.pi / 2, n_steps)[:, None]
    return np.cos(angle) * start + np.sin(angle) * end
""",
        # Equal ratios, not equal steps.
        """
def find_path(start, end, n_steps):
    return np.geomspace(start, end, n_steps)
""",
        # The end left out, the start left out, one step too many.
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps, endpoint=False)\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps + 1)[1:]\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps + 1)\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps + 2)\n",
        # Turned round, transposed.
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(end, start, n_steps)\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps).T\n",
        # An argument that counts for nothing.
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, 5)\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.tile(start, (n_steps, 1))\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(0 * start, end, n_steps)\n",
        # Whole numbers only.
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps).round()\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start, end, n_steps).astype(int)\n",
        # No straight line, or not equally spaced.
        "def find_path(start, end, n_steps):\n"
        "    weight = np.linspace(0, 1, n_steps)[:, None] ** 2\n"
        "    return (1 - weight) * start + weight * end\n",
        # In place.
        "def find_path(start, end, n_steps):\n"
        "    path = np.linspace(start, end, n_steps)\n"
        "    start -= end\n"
        "    return path\n",
        # Forgotten return, random points, the middle alone, too many axes.
        "def find_path(start, end, n_steps):\n"
        "    path = np.linspace(start, end, n_steps)\n",
        "def find_path(start, end, n_steps):\n"
        "    weight = np.random.rand(n_steps, 1)\n"
        "    return (1 - weight) * start + weight * end\n",
        "def find_path(start, end, n_steps):\n    return (start + end) / 2\n",
        "def find_path(start, end, n_steps):\n"
        "    return np.linspace(start[None], end[None], n_steps)\n",
        "def find_path(start, end, n_steps):\n"
        "    path = np.zeros((n_steps, 2))\n"
        "    path[:] = np.linspace(start, end, n_steps)\n"
        "    return path\n",
    ],
    "find_image_cost": [
        # Brackets left out.
        """
def find_image_cost(images, made):
    p = np.clip(made, 1e-7, 1 - 1e-7)
    costs = images * np.log(p) + 1 - images * np.log(1 - p)
    return -costs.sum(axis=1)
""",
        # The mean, the sum over all, the wrong axis.
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.mean(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.sum()\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.sum(axis=0)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs\n",
        "def find_image_cost(images, made):\n"
        "    return find_cross_entropy(images, made)\n",
        # 784 as a habit.
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -784 * costs.mean(axis=1)\n",
        # The sign, the clip, half of the formula, another logarithm.
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return costs.sum(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = ops.convert_to_tensor(made)\n"
        "    costs = images * ops.log(p) + (1 - images) * ops.log(1 - p)\n"
        "    return -ops.sum(costs, axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    return -(images * np.log(p)).sum(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log2(p) + (1 - images) * np.log2(1 - p)\n"
        "    return -costs.sum(axis=1)\n",
        # A clip far too coarse.
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 0.01, 0.99)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.sum(axis=1)\n",
        # Arguments exchanged, one ignored, black and white images only.
        "def find_image_cost(images, made):\n"
        "    p = np.clip(images, 1e-7, 1 - 1e-7)\n"
        "    costs = made * np.log(p) + (1 - made) * np.log(1 - p)\n"
        "    return -costs.sum(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(images, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.sum(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = np.where(images > 0.5, np.log(p), np.log(1 - p))\n"
        "    return -costs.sum(axis=1)\n",
        # Another loss.
        "def find_image_cost(images, made):\n"
        "    return ((images - made) ** 2).sum(axis=1)\n",
        # In place, with an axis too many, without a return.
        "def find_image_cost(images, made):\n"
        "    np.clip(made, 1e-7, 1 - 1e-7, out=made)\n"
        "    costs = images * np.log(made) + (1 - images) * np.log(1 - made)\n"
        "    return -costs.sum(axis=1)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    return -costs.sum(axis=1, keepdims=True)\n",
        "def find_image_cost(images, made):\n"
        "    p = np.clip(made, 1e-7, 1 - 1e-7)\n"
        "    costs = images * np.log(p) + (1 - images) * np.log(1 - p)\n"
        "    total = -costs.sum(axis=1)\n",
    ],
    "train_autoencoder": [
        # One code, repeated.
        """
def train_autoencoder(images, n_codes):
    encoder = layers.Dense(1)
    decoder = layers.Dense(images.shape[1], "sigmoid")
    model = keras.Sequential([encoder, decoder])
    fit(model, images, epochs=20, batch_size=32, learning_rate=0.03)
    return (
        lambda x: np.repeat(encoder(x), n_codes, axis=1),
        lambda codes: decoder(codes[:, :1]),
    )
""",
        # Built and not trained.
        """
def train_autoencoder(images, n_codes):
    n_pixels = images.shape[1]
    encoder = keras.Sequential([layers.Dense(n_codes)])
    decoder = keras.Sequential([layers.Dense(n_pixels, "sigmoid")])
    return encoder, decoder
""",
        # The trained layers are others than those that are returned.
        """
def train_autoencoder(images, n_codes):
    n_pixels = images.shape[1]
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(n_pixels, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    encoder = keras.Sequential([layers.Dense(n_codes)])
    decoder = keras.Sequential([layers.Dense(n_pixels, "sigmoid")])
    return encoder, decoder
""",
        # The number of codes, or of pixels, of the lesson.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(32), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model.layers[0], model.layers[1]
""",
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(784, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model.layers[0], model.layers[1]
""",
        # The encoder returns the reconstruction.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model, model.layers[1]
""",
        # Decoder first.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model.layers[1], model.layers[0]
""",
        # A rate of nearly nothing.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(1e-7), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model.layers[0], model.layers[1]
""",
        # Only the decoder learns.
        """
def train_autoencoder(images, n_codes):
    n_pixels = images.shape[1]
    encoder = layers.Dense(n_codes, trainable=False)
    decoder = layers.Dense(n_pixels, "sigmoid")
    model = keras.Sequential([encoder, decoder])
    fit(model, images, epochs=5, batch_size=32, learning_rate=0.03)
    return encoder, decoder
""",
        # Trained towards other images.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images[::-1], epochs=5, verbose=0)
    return model.layers[0], model.layers[1]
""",
        # The mean image, whatever the code.
        """
def train_autoencoder(images, n_codes):
    mean = images.mean(axis=0)
    return (
        lambda x: np.zeros((len(x), n_codes)),
        lambda codes: np.tile(mean, (len(codes), 1)),
    )
""",
        # The image passes the encoder by.
        """
def train_autoencoder(images, n_codes):
    return lambda x: x, lambda codes: codes
""",
        # It remembers the images that it was trained on, in their order.
        """
def train_autoencoder(images, n_codes):
    return lambda x: x[:, :n_codes], lambda codes: images[: len(codes)]
""",
        # The model alone, three models, nothing.
        """
def train_autoencoder(images, n_codes):
    model = keras.Sequential(
        [layers.Dense(n_codes), layers.Dense(images.shape[1], "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(images, images, epochs=5, verbose=0)
    return model
""",
        """
def train_autoencoder(images, n_codes):
    return build_autoencoder("linear", n_codes)
""",
        """
def train_autoencoder(images, n_codes):
    model = PCA(n_codes).fit(images)
""",
        # The images are changed in place.
        """
def train_autoencoder(images, n_codes):
    mean = images.mean(axis=0)
    images -= mean
    _, _, rows = np.linalg.svd(images, full_matrices=False)
    rows = rows[:n_codes]
    return lambda x: (x - mean) @ rows.T, lambda codes: codes @ rows + mean
""",
    ],
}
