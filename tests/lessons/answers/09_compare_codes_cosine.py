"""Answers to the exercises of lesson 09, right and wrong."""

RIGHT = {
    "find_nearest_mean": [
        """
def find_nearest_mean(codes, labels, queries):
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    classes, place = np.unique(labels, return_inverse=True)
    one_hot = np.eye(len(classes))[place]
    means = one_hot.T @ unit / one_hot.sum(axis=0)[:, None]
    return classes[find_cosines(queries, means).argmax(axis=1)]
""",
        """
def find_nearest_mean(codes, labels, queries):
    found = []
    for query in queries:
        best, best_label = -2, None
        for label in set(labels.tolist()):
            rows = [c / np.sqrt((c**2).sum()) for c in codes[labels == label]]
            mean = np.mean(rows, axis=0)
            cosine = query @ mean / np.linalg.norm(mean)
            if cosine > best:
                best, best_label = cosine, label
        found.append(best_label)
    return found
""",
        """
def find_nearest_mean(codes, labels, queries):
    unit = ops.normalize(codes, axis=1)
    classes = np.unique(labels)
    means = ops.stack([ops.mean(unit[labels == k], axis=0) for k in classes])
    cosines = ops.matmul(ops.normalize(queries, axis=1),
                         ops.transpose(ops.normalize(means, axis=1)))
    best = ops.argmax(cosines, axis=1)
    return ops.take(ops.convert_to_tensor(classes), best)
""",
        """
def find_nearest_mean(codes, labels, queries):
    # The sum has the same direction as the mean.
    directions = find_directions(codes)
    classes = sorted(set(labels))
    sums = np.array([directions[labels == k].sum(axis=0) for k in classes])
    best = find_cosines(sums, queries).argmax(axis=0)
    return tuple(classes[i] for i in best)
""",
        """
def find_nearest_mean(codes, labels, queries):
    from sklearn.preprocessing import normalize
    unit = normalize(codes)
    classes = np.unique(labels)
    means = normalize([unit[labels == k].mean(0) for k in classes])
    distances = ((normalize(queries)[:, None] - means[None]) ** 2).sum(axis=2)
    return classes[distances.argmin(axis=1)]
""",
        """
def find_nearest_mean(codes, labels, queries):
    from scipy.spatial.distance import cdist
    classes = np.unique(labels)
    unit = find_directions(codes.astype("float64"))
    means = np.stack([unit[labels == k].mean(axis=0) for k in classes])
    return classes[cdist(queries, means, "cosine").argmin(axis=1)]
""",
        """
def find_nearest_mean(codes, labels, queries):
    classes = np.unique(labels)
    unit = find_directions(codes)
    means = np.array([unit[labels == k].mean(0) for k in classes])
    means = find_directions(means)
    # The length of a query does not change which cosine is largest.
    for query in queries:
        yield classes[np.argmax(means @ query)]
""",
    ],
    "make_heavier": [
        """
def make_heavier(codes, ink, code):
    median = np.median(ink)
    heavy = [c for c, i in zip(codes, ink) if i > median]
    light = [c for c, i in zip(codes, ink) if i <= median]
    return code + np.mean(heavy, axis=0) - np.mean(light, axis=0)
""",
        """
def make_heavier(codes, ink, code):
    is_heavy = ink > np.quantile(ink, 0.5)
    is_light = np.logical_not(is_heavy)
    difference = codes[is_heavy].mean(0) - codes[is_light].mean(0)
    return np.add(code, difference)
""",
        """
def make_heavier(codes, ink, code):
    w = (ink > np.percentile(ink, 50)).astype("float32")
    heavy = w @ codes / w.sum()
    light = (1 - w) @ codes / (1 - w).sum()
    return (code + heavy - light).tolist()
""",
        """
def make_heavier(codes, ink, code):
    heavy = ops.convert_to_tensor(codes[ink > np.median(ink)])
    light = ops.convert_to_tensor(codes[ink <= np.median(ink)])
    return ops.add(code, ops.mean(heavy, axis=0) - ops.mean(light, axis=0))
""",
        """
def make_heavier(codes, ink, code):
    mask = ink > np.median(ink)
    moved = code.copy()
    moved += codes[mask].mean(axis=0)
    moved -= codes[~mask].mean(axis=0)
    return moved
""",
        """
def make_heavier(codes, ink, code):
    ordered = np.sort(ink)
    n = len(ordered)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    heavy, light = np.where(ink > median)[0], np.where(ink <= median)[0]
    return [
        code[j] + codes[heavy, j].mean() - codes[light, j].mean()
        for j in range(len(code))
    ]
""",
    ],
    "find_hamming": [
        """
def find_hamming(queries, collection):
    return np.bitwise_count(queries[:, None] ^ collection).sum(axis=2)
""",
        """
def find_hamming(queries, collection):
    a = np.unpackbits(queries, axis=1).astype(int)
    b = np.unpackbits(collection, axis=1).astype(int)
    return a @ (1 - b).T + (1 - a) @ b.T
""",
        """
def find_hamming(queries, collection):
    a = np.unpackbits(queries, axis=1)
    b = np.unpackbits(collection, axis=1)
    return (a[:, None] != b[None]).sum(axis=-1)
""",
        """
def find_hamming(queries, collection):
    return [
        [sum(bin(int(x) ^ int(y)).count("1") for x, y in zip(a, b))
         for b in collection]
        for a in queries
    ]
""",
        """
def find_hamming(queries, collection):
    table = np.array([bin(byte).count("1") for byte in range(256)])
    return table[np.bitwise_xor(queries[:, None], collection[None])].sum(-1)
""",
        """
def find_hamming(queries, collection):
    a = 2.0 * np.unpackbits(queries, axis=1) - 1
    b = 2.0 * np.unpackbits(collection, axis=1) - 1
    n_bits = a.shape[1]
    return np.round((n_bits - a @ b.T) / 2)
""",
        """
def find_hamming(queries, collection):
    from scipy.spatial.distance import cdist
    a = np.unpackbits(queries, axis=1)
    b = np.unpackbits(collection, axis=1)
    return np.rint(cdist(a, b, "hamming") * a.shape[1]).astype(int)
""",
        """
def find_hamming(queries, collection):
    for query in queries:
        yield np.bitwise_count(query ^ collection).sum(axis=1)
""",
    ],
    "train_encoder": [
        """
def train_encoder(inputs, targets, n_codes):
    n_pixels = inputs.shape[1]
    encoder = keras.Sequential([layers.Dense(n_codes)])
    decoder = keras.Sequential([layers.Dense(n_pixels, "sigmoid")])
    images = keras.Input((n_pixels,))
    model = keras.Model(images, decoder(encoder(images)))
    fit(model, inputs, targets, epochs=30, batch_size=32, learning_rate=0.01)
    return encoder
""",
        """
def train_encoder(inputs, targets, n_codes):
    model = keras.Sequential([
        keras.Input((inputs.shape[1],)),
        layers.Dense(64, "gelu"),
        layers.Dense(n_codes),
        layers.Dense(targets.shape[1], "sigmoid"),
    ])
    fit(model, inputs, targets, epochs=40, batch_size=32, learning_rate=0.005)
    return lambda images: model.layers[1](model.layers[0](images))
""",
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    model = keras.Model(images, layers.Dense(inputs.shape[1])(codes))
    recipe = {"epochs": 40, "batch_size": 32, "loss": "mse"}
    fit(model, inputs, targets, learning_rate=0.01, **recipe)
    return keras.Model(images, codes)
""",
        """
def train_encoder(inputs, targets, n_codes):
    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encode = layers.Dense(n_codes)
            self.decode = layers.Dense(targets.shape[1], "sigmoid")

        def call(self, images):
            return self.decode(self.encode(images))

    model = Autoencoder()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(inputs, targets, epochs=12, batch_size=15, verbose=0)
    return model.encode
""",
        """
def train_encoder(inputs, targets, n_codes):
    # Reduced-rank regression: the best linear autoencoder, without steps.
    mean = inputs.mean(axis=0)
    weights, *_ = np.linalg.lstsq(
        inputs - mean, targets - targets.mean(axis=0), rcond=None
    )
    fitted = (inputs - mean) @ weights
    _, _, vt = np.linalg.svd(fitted, full_matrices=False)
    return lambda images: (images - mean) @ weights @ vt[:n_codes].T
""",
        """
def train_encoder(inputs, targets, n_codes):
    encoder, model = None, None
    images = keras.Input((inputs.shape[1],))
    hidden = layers.Dense(100, "selu")(images)
    codes = layers.Dense(n_codes, "tanh")(hidden)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, targets, epochs=40, batch_size=32)
    encoder = keras.Model(images, codes)
    return encoder.predict
""",
    ],
}

WRONG = {
    "find_nearest_mean": [
        # The codes keep their lengths.
        """
def find_nearest_mean(codes, labels, queries):
    classes = np.unique(labels)
    means = np.array([codes[labels == k].mean(axis=0) for k in classes])
    return classes[find_cosines(queries, means).argmax(axis=1)]
""",
        # The mean keeps its length.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    return classes[(queries @ means.T).argmax(axis=1)]
""",
        # A place, not a label.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    return find_cosines(queries, means).argmax(axis=1)
""",
        # The least similar.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    return classes[find_cosines(queries, means).argmin(axis=1)]
""",
        # Best query of each class.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    return classes[find_cosines(queries, means).argmax(axis=0)]
""",
        # The nearest code, no mean.
        """
def find_nearest_mean(codes, labels, queries):
    return labels[find_cosines(queries, codes).argmax(axis=1)]
""",
        # Ten classes, always.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    means = np.array([directions[labels == k].mean(axis=0) for k in range(10)])
    return find_cosines(queries, means).argmax(axis=1)
""",
        # In the order of appearance, but read as if sorted.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    order = list(dict.fromkeys(labels.tolist()))
    means = np.array([directions[labels == k].mean(axis=0) for k in order])
    return np.unique(labels)[find_cosines(queries, means).argmax(axis=1)]
""",
        # Changes its argument.
        """
def find_nearest_mean(codes, labels, queries):
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    classes = np.unique(labels)
    means = np.array([codes[labels == k].mean(axis=0) for k in classes])
    return classes[find_cosines(queries, means).argmax(axis=1)]
""",
        """
def find_nearest_mean(codes, labels, queries):
    return np.array([3, 5, 3])
""",
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    classes[find_cosines(queries, means).argmax(axis=1)]
""",
        # Euclidean distance to queries of any length.
        """
def find_nearest_mean(codes, labels, queries):
    directions = find_directions(codes)
    classes = np.unique(labels)
    means = np.array([directions[labels == k].mean(axis=0) for k in classes])
    return classes[((queries[:, None] - means) ** 2).sum(2).argmin(axis=1)]
""",
        # Normalized along the wrong axis.
        """
def find_nearest_mean(codes, labels, queries):
    unit = codes / np.linalg.norm(codes, axis=0, keepdims=True)
    classes = np.unique(labels)
    means = np.array([unit[labels == k].mean(axis=0) for k in classes])
    return classes[find_cosines(queries, means).argmax(axis=1)]
""",
    ],
    "make_heavier": [
        # The mean in place of the median.
        """
def make_heavier(codes, ink, code):
    heavy = ink > ink.mean()
    return code + codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
        # Those at the median are heavy.
        """
def make_heavier(codes, ink, code):
    heavy = ink >= np.median(ink)
    return code + codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
        # The sign.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code - codes[heavy].mean(axis=0) + codes[~heavy].mean(axis=0)
""",
        # The code is ignored.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    difference = codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
    return code * (1 + difference)
""",
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return 1 + codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
        # One number for all units.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code + codes[heavy].mean() - codes[~heavy].mean()
""",
        # Sums in place of means.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code + codes[heavy].sum(axis=0) - codes[~heavy].sum(axis=0)
""",
        # Changes the code in place.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    code += codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
    return code
""",
        # Heavy against all.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code + codes[heavy].mean(axis=0) - codes.mean(axis=0)
""",
        # The median of the codes.
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code + np.median(codes[heavy], 0) - np.median(codes[~heavy], 0)
""",
        # The first half and the last, unsorted.
        """
def make_heavier(codes, ink, code):
    half = len(codes) // 2
    return code + codes[half:].mean(axis=0) - codes[:half].mean(axis=0)
""",
        """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    code + codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
        # A threshold of the example.
        """
def make_heavier(codes, ink, code):
    heavy = ink > 0.2
    return code + codes[heavy].mean(axis=0) - codes[~heavy].mean(axis=0)
""",
    ],
    "find_hamming": [
        # Bytes that differ, not bits.
        """
def find_hamming(queries, collection):
    return (queries[:, None] != collection[None]).sum(axis=-1)
""",
        # Bits that agree.
        """
def find_hamming(queries, collection):
    same = ~(queries[:, None] ^ collection[None])
    return np.bitwise_count(same).sum(axis=-1)
""",
        # Above 255 it starts again at 0.
        """
def find_hamming(queries, collection):
    differing = np.bitwise_count(queries[:, None] ^ collection[None])
    return differing.sum(axis=-1, dtype="uint8")
""",
        # A share in place of a count.
        """
def find_hamming(queries, collection):
    differing = np.bitwise_count(queries[:, None] ^ collection[None])
    return differing.mean(axis=-1) / 8
""",
        # Transposed.
        """
def find_hamming(queries, collection):
    differing = collection[:, None] ^ queries[None]
    return np.bitwise_count(differing).sum(axis=-1)
""",
        # Bits that both have.
        """
def find_hamming(queries, collection):
    return np.bitwise_count(queries[:, None] & collection[None]).sum(axis=-1)
""",
        # Bits that one of the two has.
        """
def find_hamming(queries, collection):
    return np.bitwise_count(queries[:, None] | collection[None]).sum(axis=-1)
""",
        # Not summed.
        """
def find_hamming(queries, collection):
    return np.bitwise_count(queries[:, None] ^ collection[None])
""",
        # Summed over the wrong axis.
        """
def find_hamming(queries, collection):
    differing = np.bitwise_count(queries[:, None] ^ collection[None])
    return differing.sum(axis=1)
""",
        # The marked bits read as numbers.
        """
def find_hamming(queries, collection):
    return (queries[:, None] ^ collection[None]).sum(axis=-1)
""",
        # Row by row, not each pair.
        """
def find_hamming(queries, collection):
    n = min(len(queries), len(collection))
    return np.bitwise_count(queries[:n] ^ collection[:n]).sum(axis=-1)
""",
        # Two bytes only.
        """
def find_hamming(queries, collection):
    differing = queries[:, None, :2] ^ collection[None, :, :2]
    return np.bitwise_count(differing).sum(axis=-1)
""",
        # Numbers of bits differ, not bits.
        """
def find_hamming(queries, collection):
    a = np.bitwise_count(queries).sum(axis=1).astype(int)
    b = np.bitwise_count(collection).sum(axis=1).astype(int)
    return np.abs(a[:, None] - b[None])
""",
        """
def find_hamming(queries, collection):
    differing = queries[:, None] ^ collection[None]
    np.bitwise_count(differing).sum(axis=-1)
""",
    ],
    "train_encoder": [
        # Never trained.
        """
def train_encoder(inputs, targets, n_codes):
    return keras.Sequential([layers.Dense(n_codes)])
""",
        # Draws its inputs.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, epochs=30, batch_size=32, learning_rate=0.01)
    return keras.Model(images, codes)
""",
        # Sees only targets, which are not disturbed.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, targets, epochs=30, batch_size=32, learning_rate=0.01)
    return keras.Model(images, codes)
""",
        # Inputs and targets exchanged.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, targets, inputs, epochs=30, batch_size=32, learning_rate=0.01)
    return keras.Model(images, codes)
""",
        # The whole autoencoder.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, targets, epochs=5, batch_size=32, learning_rate=0.01)
    return model
""",
        # The decoder.
        """
def train_encoder(inputs, targets, n_codes):
    encoder = keras.Sequential([keras.Input((inputs.shape[1],)),
                                layers.Dense(n_codes)])
    decoder = keras.Sequential([layers.Dense(inputs.shape[1], "sigmoid")])
    model = keras.Sequential([encoder, decoder])
    fit(model, inputs, targets, epochs=5, batch_size=32, learning_rate=0.01)
    return decoder
""",
        # The number of codes of the lesson.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(32)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, targets, epochs=5, batch_size=32, learning_rate=0.01)
    return keras.Model(images, codes)
""",
        # 784 pixels, always.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((784,))
    codes = layers.Dense(n_codes)(images)
    model = keras.Model(images, layers.Dense(784, "sigmoid")(codes))
    fit(model, inputs, targets, epochs=5, batch_size=32, learning_rate=0.01)
    return keras.Model(images, codes)
""",
        # Codes, not an encoder.
        """
def train_encoder(inputs, targets, n_codes):
    return PCA(n_codes).fit_transform(inputs)
""",
        # PCA of the inputs keeps the disturbance.
        """
def train_encoder(inputs, targets, n_codes):
    return PCA(n_codes).fit(inputs).transform
""",
        # Other weights than those that were trained.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, targets, epochs=5, batch_size=32, learning_rate=0.01)
    return keras.Model(images, layers.Dense(n_codes)(images))
""",
        # Forgotten return.
        """
def train_encoder(inputs, targets, n_codes):
    images = keras.Input((inputs.shape[1],))
    codes = layers.Dense(n_codes)(images)
    drawings = layers.Dense(inputs.shape[1], "sigmoid")(codes)
    model = keras.Model(images, drawings)
    fit(model, inputs, targets, epochs=2, batch_size=32, learning_rate=0.01)
""",
    ],
}
