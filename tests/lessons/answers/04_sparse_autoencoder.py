"""Answers to the exercises of lesson 04: what is right, and what is not."""

RIGHT = {
    "find_hoyer": [
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return (root - ratio) / (root - 1)
""",
        """
def find_hoyer(codes):
    codes = np.asarray(codes, dtype="float64")
    m = codes.shape[-1]
    l1 = np.abs(codes).sum(axis=-1)
    l2 = np.sqrt((codes**2).sum(axis=-1))
    return (m**0.5 - l1 / l2) / (m**0.5 - 1)
""",
        """
def find_hoyer(codes):
    root = math.sqrt(codes.shape[-1])
    l1 = ops.sum(ops.abs(codes), axis=1)
    l2 = ops.sqrt(ops.sum(ops.square(codes), axis=1))
    return (root - l1 / l2) / (root - 1)
""",
        """
def find_hoyer(codes):
    root = ops.sqrt(ops.cast(ops.shape(codes)[1], "float32"))
    return (root - ops.norm(codes, 1, 1) / ops.norm(codes, 2, 1)) / (root - 1)
""",
        """
def find_hoyer(codes):
    result = []
    for row in codes:
        l1 = sum(abs(x) for x in row)
        l2 = sum(x * x for x in row) ** 0.5
        root = len(row) ** 0.5
        result.append((root - l1 / l2) / (root - 1))
    return result
""",
        """
def find_hoyer(codes):
    for row in codes:
        root = np.sqrt(row.size)
        yield (root - np.abs(row).sum() / np.sqrt(row @ row)) / (root - 1)
""",
        """
def find_hoyer(codes):
    m = codes.shape[1]
    ratio = np.sum(np.abs(codes), 1) / np.sqrt(np.einsum(
        "ij,ij->i", codes, codes))
    return 1 - (ratio - 1) / (np.sqrt(m) - 1)
""",
        """
def find_hoyer(codes):
    def find_one(row):
        root = np.sqrt(len(row))
        return (root - np.linalg.norm(row, 1) / np.linalg.norm(row)) / (
            root - 1)
    return np.apply_along_axis(find_one, 1, codes)
""",
    ],
    "find_shrunk": [
        """
def find_shrunk(codes, t):
    return np.sign(codes) * np.maximum(np.abs(codes) - t, 0)
""",
        """
def find_shrunk(codes, t):
    return np.maximum(codes - t, 0) + np.minimum(codes + t, 0)
""",
        """
def find_shrunk(codes, t):
    return codes - np.clip(codes, -t, t)
""",
        """
def find_shrunk(codes, t):
    return ops.sign(codes) * ops.relu(ops.abs(codes) - t)
""",
        """
def find_shrunk(codes, t):
    return ops.soft_shrink(codes, t)
""",
        """
def find_shrunk(codes, t):
    return keras.activations.relu(codes - t) - keras.activations.relu(
        -codes - t)
""",
        """
def find_shrunk(codes, t):
    shrunk = codes.copy()
    shrunk[codes > t] -= t
    shrunk[codes < -t] += t
    shrunk[np.abs(codes) <= t] = 0
    return shrunk
""",
        """
def find_shrunk(codes, t):
    return np.where(codes > t, codes - t, np.where(codes < -t, codes + t, 0))
""",
        """
def find_shrunk(codes, t):
    result = []
    for row in codes:
        result.append([])
        for x in row:
            size = max(abs(float(x)) - t, 0)
            result[-1].append(math.copysign(size, x))
    return result
""",
    ],
    "keep_largest_of_batch": [
        """
def keep_largest_of_batch(codes, k):
    sizes = ops.reshape(ops.abs(codes), (-1,))
    n = ops.shape(codes)[0]
    least = ops.sort(sizes)[-n * k]
    return ops.where(ops.abs(codes) >= least, codes, 0.0)
""",
        """
def keep_largest_of_batch(codes, k):
    sizes = ops.abs(codes)
    flat = ops.reshape(sizes, (1, -1))
    least = ops.top_k(flat, codes.shape[0] * k)[0][0, -1]
    return codes * ops.cast(sizes >= least, codes.dtype)
""",
        """
def keep_largest_of_batch(codes, k):
    codes = np.asarray(codes)
    n_kept = len(codes) * k
    order = np.argsort(np.abs(codes), axis=None)[::-1]
    kept = np.zeros(codes.size, codes.dtype)
    kept[order[:n_kept]] = codes.ravel()[order[:n_kept]]
    return kept.reshape(codes.shape)
""",
        """
def keep_largest_of_batch(codes, k):
    row = ops.reshape(codes, (1, -1))
    kept = keep_largest(row, codes.shape[0] * k)
    return ops.reshape(kept, codes.shape)
""",
        """
def keep_largest_of_batch(codes, k):
    kept = np.array(codes)
    n_dropped = kept.size - len(kept) * k
    if n_dropped:
        least = np.partition(np.abs(kept).ravel(), n_dropped)[n_dropped]
        kept[np.abs(kept) < least] = 0
    return kept
""",
        """
def keep_largest_of_batch(codes, k):
    sizes = sorted(
        (abs(float(x)) for row in codes for x in row), reverse=True)
    least = sizes[len(codes) * k - 1]
    return [[x if abs(x) >= least else 0.0 for x in row] for row in codes]
""",
        """
def keep_largest_of_batch(codes, k):
    codes = ops.convert_to_tensor(codes)
    sizes = ops.reshape(ops.abs(codes), [-1])
    ranks = ops.argsort(ops.argsort(-sizes))
    mask = ops.reshape(ranks < codes.shape[0] * k, codes.shape)
    return ops.where(mask, codes, ops.zeros_like(codes))
""",
    ],
    "build_sparse": [
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_units, "relu", use_bias=False)(images)
    codes = KeepLargest(k)(codes)
    drawn = layers.Dense(n_pixels, "sigmoid", use_bias=False)(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_units, "relu")(images)
    codes = KeepLargest(k)(codes)
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        """
def build_sparse(n_pixels, n_units, k):
    encoder = keras.Sequential([
        keras.Input((n_pixels,)),
        layers.Dense(n_units, activation="relu"),
        KeepLargest(k),
    ])
    decoder = keras.Sequential([
        keras.Input((n_units,)), layers.Dense(n_pixels, "sigmoid")])
    return encoder, keras.Sequential([encoder, decoder])
""",
        """
def build_sparse(n_pixels, n_units, k):
    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(n_units)

        def call(self, images):
            return keep_largest(ops.relu(self.dense(images)), k)

    class Autoencoder(keras.Model):
        def __init__(self, encoder):
            super().__init__()
            self.encoder = encoder
            self.dense = layers.Dense(n_pixels, "sigmoid")

        def call(self, images):
            return self.dense(self.encoder(images))

    encoder = Encoder()
    return encoder, Autoencoder(encoder)
""",
        """
def build_sparse(n_pixels, n_units, k):
    class Own(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(
                shape=(shape[-1], n_units), initializer="he_normal")
            self.b = self.add_weight(shape=(n_units,), initializer="zeros")

        def call(self, x):
            codes = ops.maximum(ops.matmul(x, self.w) + self.b, 0)
            least = ops.sort(codes, axis=1)[:, -k][:, None]
            return ops.where(codes >= least, codes, ops.zeros_like(codes))

    images = keras.Input((n_pixels,))
    codes = Own()(images)
    drawn = layers.Activation("sigmoid")(layers.Dense(n_pixels)(codes))
    encoder = keras.Model(images, codes)
    return encoder, keras.Model(images, drawn)
""",
        """
def build_sparse(n_pixels, n_units, k):
    def choose_largest(codes):
        _, places = ops.top_k(codes, k)
        mask = ops.sum(ops.one_hot(places, n_units), axis=1)
        return codes * mask

    images = keras.Input((n_pixels,))
    hidden = layers.Dense(n_units, "relu", name="hidden")(images)
    codes = layers.Lambda(choose_largest, output_shape=(n_units,))(hidden)
    drawn = layers.Dense(n_pixels, activation=keras.ops.sigmoid)(codes)
    return [keras.Model(images, codes), keras.Model(images, drawn)]
""",
        """
def build_sparse(n_pixels, n_units, k):
    model = keras.Sequential([
        keras.Input((n_pixels,)),
        layers.Dense(n_units, "relu", kernel_initializer="he_uniform"),
        KeepLargest(k),
        layers.Dense(n_pixels, "sigmoid"),
    ])
    return keras.Model(model.inputs, model.layers[1].output), model
""",
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input(shape=(n_pixels,))
    x = layers.Dense(n_units)(images)
    x = layers.ReLU()(x)
    x = KeepLargest(k)(x)
    encoder = keras.Model(images, x, name="encoder")
    z = keras.Input(shape=(n_units,))
    decoder = keras.Model(z, layers.Dense(n_pixels, "sigmoid")(z))
    return encoder, keras.Model(images, decoder(encoder(images)))
""",
    ],
}

WRONG = {
    "find_hoyer": [
        # the m of an example
        """
def find_hoyer(codes):
    root = np.sqrt(9)
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return (root - ratio) / (root - 1)
""",
        # rows for columns
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[0])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return (root - ratio) / (root - 1)
""",
        # the other axis
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=0) / np.linalg.norm(codes, axis=0)
    return (root - ratio) / (root - 1)
""",
        # one number for all rows
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return ((root - ratio) / (root - 1)).mean()
""",
        # no root of m
        """
def find_hoyer(codes):
    m = codes.shape[1]
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return (m - ratio) / (m - 1)
""",
        # the norms exchanged
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, axis=1) / np.linalg.norm(codes, 1, axis=1)
    return (root - ratio) / (root - 1)
""",
        # no root of the sum of squares
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.abs(codes).sum(axis=1) / (codes**2).sum(axis=1)
    return (root - ratio) / (root - 1)
""",
        # no absolute value
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = codes.sum(axis=1) / np.linalg.norm(codes, axis=1)
    return (root - ratio) / (root - 1)
""",
        # the range turned
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return (ratio - 1) / (root - 1)
""",
        # rounded
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return np.round((root - ratio) / (root - 1), 1)
""",
        # the argument changed in place
        """
def find_hoyer(codes):
    np.abs(codes, out=codes)
    root = np.sqrt(codes.shape[1])
    ratio = codes.sum(axis=1) / np.linalg.norm(codes, axis=1)
    return (root - ratio) / (root - 1)
""",
        # a column
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    l1 = np.linalg.norm(codes, 1, axis=1, keepdims=True)
    ratio = l1 / np.linalg.norm(codes, axis=1, keepdims=True)
    return (root - ratio) / (root - 1)
""",
        # the share of zeros
        """
def find_hoyer(codes):
    return (codes == 0).mean(axis=1)
""",
        # no return
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    (root - ratio) / (root - 1)
""",
        # the largest value for the length
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.abs(codes).sum(axis=1) / np.abs(codes).max(axis=1)
    return (root - ratio) / (root - 1)
""",
        # a norm of the whole array
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes)
    return (root - ratio) / (root - 1)
""",
        # not divided
        """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, 1, axis=1) / np.linalg.norm(codes, axis=1)
    return root - ratio
""",
    ],
    "find_shrunk": [
        # A factor in place of a difference.
        """
def find_shrunk(codes, t):
    return codes * max(1 - t, 0)
""",
        # t ignored
        """
def find_shrunk(codes, t):
    return np.sign(codes) * np.maximum(np.abs(codes) - 1, 0)
""",
        # hard threshold
        """
def find_shrunk(codes, t):
    return np.where(np.abs(codes) > t, codes, 0)
""",
        # crosses zero
        """
def find_shrunk(codes, t):
    return codes - t * np.sign(codes)
""",
        # positive ones only
        """
def find_shrunk(codes, t):
    return np.maximum(codes - t, 0)
""",
        # sign lost
        """
def find_shrunk(codes, t):
    return np.maximum(np.abs(codes) - t, 0)
""",
        # scaled
        """
def find_shrunk(codes, t):
    return codes * max(0, 1 - t)
""",
        # grown
        """
def find_shrunk(codes, t):
    return np.sign(codes) * (np.abs(codes) + t)
""",
        # in place
        """
def find_shrunk(codes, t):
    signs = np.sign(codes)
    codes[:] = np.maximum(np.abs(codes) - t, 0)
    codes *= signs
    return codes
""",
        # clipped
        """
def find_shrunk(codes, t):
    return np.clip(codes, -t, t)
""",
        # a whole number of steps
        """
def find_shrunk(codes, t):
    return np.sign(codes) * np.maximum(np.abs(codes) - int(t), 0)
""",
        # the sign turned
        """
def find_shrunk(codes, t):
    return -np.sign(codes) * np.maximum(np.abs(codes) - t, 0)
""",
        # halves
        """
def find_shrunk(codes, t):
    return np.sign(codes) * np.maximum(np.abs(codes) - t / 2, 0)
""",
        # one row
        """
def find_shrunk(codes, t):
    return np.sign(codes[0]) * np.maximum(np.abs(codes[0]) - t, 0)
""",
        # transposed
        """
def find_shrunk(codes, t):
    return (np.sign(codes) * np.maximum(np.abs(codes) - t, 0)).T
""",
        # no return
        """
def find_shrunk(codes, t):
    np.sign(codes) * np.maximum(np.abs(codes) - t, 0)
""",
        # an error
        """
def find_shrunk(codes, t):
    return np.sign(codes) * max(np.abs(codes) - t, 0)
""",
        # rounded to whole numbers
        """
def find_shrunk(codes, t):
    return np.sign(codes) * np.maximum(np.abs(codes) - t, 0).astype(int)
""",
    ],
    "keep_largest_of_batch": [
        # k of each row
        """
def keep_largest_of_batch(codes, k):
    return keep_largest(codes, k)
""",
        # k of the whole batch
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-k]
    return np.where(np.abs(codes) >= least, codes, 0)
""",
        # the largest with their sign
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(codes.ravel())[-len(codes) * k]
    return np.where(codes >= least, codes, 0)
""",
        # one too few
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-len(codes) * k]
    return np.where(np.abs(codes) > least, codes, 0)
""",
        # one too many
        """
def keep_largest_of_batch(codes, k):
    sizes = np.sort(np.abs(codes).ravel())
    least = sizes[max(-len(codes) * k - 1, -codes.size)]
    return np.where(np.abs(codes) >= least, codes, 0)
""",
        # units for images
        """
def keep_largest_of_batch(codes, k):
    n_kept = min(codes.shape[1] * k, codes.size)
    least = np.sort(np.abs(codes).ravel())[-n_kept]
    return np.where(np.abs(codes) >= least, codes, 0)
""",
        # the two rows of the example
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-2 * k]
    return np.where(np.abs(codes) >= least, codes, 0)
""",
        # the smallest
        """
def keep_largest_of_batch(codes, k):
    most = np.sort(np.abs(codes).ravel())[len(codes) * k - 1]
    return np.where(np.abs(codes) <= most, codes, 0)
""",
        # sizes in place of codes
        """
def keep_largest_of_batch(codes, k):
    sizes = np.abs(codes)
    least = np.sort(sizes.ravel())[-len(codes) * k]
    return np.where(sizes >= least, sizes, 0)
""",
        # in place
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-len(codes) * k]
    codes[np.abs(codes) < least] = 0
    return codes
""",
        # flat
        """
def keep_largest_of_batch(codes, k):
    flat = codes.ravel()
    least = np.sort(np.abs(flat))[-len(codes) * k]
    return np.where(np.abs(flat) >= least, flat, 0)
""",
        # the kept ones alone
        """
def keep_largest_of_batch(codes, k):
    sizes = np.abs(codes)
    least = np.sort(sizes.ravel())[-len(codes) * k]
    return codes[sizes >= least]
""",
        # a mask
        """
def keep_largest_of_batch(codes, k):
    sizes = np.abs(codes)
    least = np.sort(sizes.ravel())[-len(codes) * k]
    return (sizes >= least).astype("float32")
""",
        # columns
        """
def keep_largest_of_batch(codes, k):
    sizes = np.abs(codes)
    least = np.sort(sizes, axis=0)[-min(k, len(codes))]
    return np.where(sizes >= least, codes, 0)
""",
        # k ignored
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-2 * len(codes)]
    return np.where(np.abs(codes) >= least, codes, 0)
""",
        # nothing dropped
        """
def keep_largest_of_batch(codes, k):
    return codes
""",
        # no return
        """
def keep_largest_of_batch(codes, k):
    least = np.sort(np.abs(codes).ravel())[-len(codes) * k]
    kept = np.where(np.abs(codes) >= least, codes, 0)
""",
    ],
    "build_sparse": [
        # dense
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_units, "relu")(images)
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # k of the first case
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(4)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # codes with a sign
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units)(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # chosen by size, then cut off: half of k
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.ReLU()(KeepLargest(k)(layers.Dense(n_units)(images)))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # the decoder sees all codes
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_units, "relu")(images)
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    chosen = KeepLargest(k)(codes)
    return keras.Model(images, chosen), keras.Model(images, drawn)
""",
        # nothing shared
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    other = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, other), keras.Model(images, drawn)
""",
        # the pair turned
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, drawn), keras.Model(images, codes)
""",
        # one model
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    return keras.Model(images, layers.Dense(n_pixels, "sigmoid")(codes))
""",
        # the output has no sigmoid
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(n_pixels)(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # sigmoid units
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "sigmoid")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # the pixels of a digit
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((784,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(784, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # k units in place of n_units
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(k, "relu")(images)
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # units and k exchanged
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(n_units)(layers.Dense(k, "relu")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # a decoder that cannot learn
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    model = keras.Model(images, drawn)
    model.trainable = False
    return keras.Model(images, codes), model
""",
        # always the same k units
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    mask = np.float32(np.arange(n_units) < 2 * k)
    codes = layers.Dense(n_units, "relu")(images) * mask
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # the k of a batch, not of an image
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = layers.Dense(n_units, "relu")(images)

    def keep(codes):
        flat = ops.reshape(codes, (-1,))
        least = ops.sort(flat)[-ops.shape(codes)[0] * k]
        return ops.where(codes >= least, codes, 0.0)

    codes = layers.Lambda(keep, output_shape=(n_units,))(codes)
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # two layers in the encoder
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    hidden = layers.Dense(64, "relu")(images)
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(hidden))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # softplus for relu
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "softplus")(images))
    drawn = layers.Dense(n_pixels, "sigmoid")(codes)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
        # two layers in the decoder
        """
def build_sparse(n_pixels, n_units, k):
    images = keras.Input((n_pixels,))
    codes = KeepLargest(k)(layers.Dense(n_units, "relu")(images))
    hidden = layers.Dense(64, "relu")(codes)
    drawn = layers.Dense(n_pixels, "sigmoid")(hidden)
    return keras.Model(images, codes), keras.Model(images, drawn)
""",
    ],
}
