"""Right and wrong answers to the exercises of lesson 08."""

RIGHT = {
    "score_continuity": [
        """
def score_continuity(near, map_ranks):
    return score_trust(map_ranks, near)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    total = 0
    for i in range(n):
        for j in near[i]:
            if map_ranks[i, j] > k:
                total += map_ranks[i, j] - k
    return 1 - 2 * total / (n * k * (2 * n - 3 * k - 1))
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - k
    worst = n * k * (2 * n - 3 * k - 1) / 2
    return 1 - np.maximum(excess, 0).sum() / worst
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    rows = np.arange(n)[:, None]
    excess = (map_ranks[rows, near] - k).clip(min=0)
    return np.float32(1 - excess.sum() * 2 / (n * k * (2 * n - 3 * k - 1)))
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    ranks = keras.ops.take_along_axis(map_ranks, near, axis=1)
    excess = keras.ops.cast(keras.ops.relu(ranks - k), "float32")
    return 1 - 2 * keras.ops.sum(excess) / (n * k * (2 * n - 3 * k - 1))
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    factor = 2 / (n * k * (2 * n - 3 * k - 1))
    penalties = [
        max(0, rank - k)
        for i, row in enumerate(near)
        for rank in map_ranks[i][row]
    ]
    return 1 - factor * sum(penalties)
""",
    ],
    "score_purity": [
        """
def score_purity(clusters, labels):
    n_named = 0
    for cluster in np.unique(clusters):
        n_named += np.bincount(labels[clusters == cluster]).max()
    return n_named / len(labels)
""",
        """
def score_purity(clusters, labels):
    table = np.zeros((clusters.max() + 1, labels.max() + 1))
    np.add.at(table, (clusters, labels), 1)
    return table.max(axis=1).sum() / len(labels)
""",
        """
def score_purity(clusters, labels):
    from collections import Counter

    right = 0
    for cluster in set(clusters.tolist()):
        members = [l for c, l in zip(clusters, labels) if c == cluster]
        right += Counter(members).most_common(1)[0][1]
    return right / len(clusters)
""",
        """
def score_purity(clusters, labels):
    from sklearn.metrics.cluster import contingency_matrix

    return contingency_matrix(clusters, labels).max(axis=1).sum() / len(labels)
""",
        """
def score_purity(clusters, labels):
    named = np.empty_like(labels)
    for cluster in np.unique(clusters):
        here = clusters == cluster
        named[here] = np.argmax(np.bincount(labels[here]))
    return np.mean(named == labels)
""",
        """
def score_purity(clusters, labels):
    in_cluster = np.eye(clusters.max() + 1)[clusters]
    in_class = np.eye(labels.max() + 1)[labels]
    counts = in_cluster.T @ in_class
    return float(counts.max(1).sum() / counts.sum())
""",
    ],
    "find_aligned": [
        """
def find_aligned(points, target):
    center = target.mean(axis=0)
    centered = points - points.mean(axis=0)
    u, _, vt = np.linalg.svd(centered.T @ (target - center))
    return centered @ u @ vt + center
""",
        """
def find_aligned(points, target):
    from scipy.linalg import orthogonal_procrustes

    centered = points - points.mean(0)
    turn, _ = orthogonal_procrustes(centered, target - target.mean(0))
    return centered @ turn + target.mean(0)
""",
        """
def find_aligned(points, target):
    x, y = points.T
    p = complex(0, 0) + (x - x.mean()) + 1j * (y - y.mean())
    t = target[:, 0] + 1j * target[:, 1]
    c = t.mean()
    best = None
    for q in (p, p.conj()):
        turned = q * np.exp(-1j * np.angle(np.sum(q * (t - c).conj())))
        error = np.sum(np.abs(turned - (t - c)) ** 2)
        if best is None or error < best[0]:
            best = error, turned + c
    return np.stack([best[1].real, best[1].imag], axis=1)
""",
        """
def find_aligned(points, target):
    points, target = points.astype(float), target.astype(float)
    p = points - np.mean(points, axis=0, keepdims=True)
    c = np.mean(target, axis=0, keepdims=True)
    u, s, vt = np.linalg.svd(np.dot(np.transpose(p), target - c))
    return np.dot(p, np.dot(u, vt)) + c
""",
        """
def find_aligned(points, target):
    p = points - points.mean(axis=0)
    t = target - target.mean(axis=0)
    m = (p.T @ t).astype(float)
    values, vectors = np.linalg.eigh(m.T @ m)
    root = vectors @ np.diag(1 / np.sqrt(values)) @ vectors.T
    return p @ (m @ root) + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    ops = keras.ops
    p = points - ops.mean(points, axis=0)
    t = target - ops.mean(target, axis=0)
    u, _, vt = ops.linalg.svd(ops.matmul(ops.transpose(p), t))
    return ops.matmul(p, ops.matmul(u, vt)) + ops.mean(target, axis=0)
""",
    ],
    "find_new_places": [
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    _, rows = KDTree(codes).query(new_codes, range(1, k + 1))
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    places = []
    for code in new_codes:
        distances = ((codes - code) ** 2).sum(axis=1)
        nearest = np.argsort(distances)[:k]
        places.append(points[nearest].mean(axis=0))
    return places
""",
        """
def find_new_places(codes, points, new_codes, k):
    neighbors = NearestNeighbors(n_neighbors=k).fit(codes)
    rows = neighbors.kneighbors(new_codes, return_distance=False)
    return np.mean(points[rows], axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(k).fit(codes, points).predict(new_codes)
""",
        """
def find_new_places(codes, points, new_codes, k):
    squared = keras.ops.sum(
        (new_codes[:, None] - codes[None]) ** 2, axis=-1
    )
    _, rows = keras.ops.top_k(-squared, k)
    return keras.ops.mean(keras.ops.take(points, rows, axis=0), axis=1)
""",
    ],
    "train_placer": [
        """
def train_placer(codes, points):
    terms = np.column_stack([codes, np.ones(len(codes))])
    weights, *_ = np.linalg.lstsq(terms, points, rcond=None)
    return lambda new: np.column_stack([new, np.ones(len(new))]) @ weights
""",
        """
def train_placer(codes, points):
    mean, deviation = points.mean(axis=0), points.std()
    model = keras.Sequential(
        [
            keras.Input((codes.shape[1],)),
            layers.Dense(64, "relu"),
            layers.Dense(64, "relu"),
            layers.Dense(2),
            layers.Rescaling(deviation, offset=mean),
        ]
    )
    fit(
        model, codes, points, epochs=100, batch_size=32, learning_rate=0.01,
        loss="mse",
    )
    return model
""",
        """
def train_placer(codes, points):
    scale = points.std()
    model = keras.Sequential(
        [layers.Dense(64, "tanh"), layers.Dense(2)]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points / scale, epochs=16, batch_size=8, verbose=0)
    return lambda new: model(new) * scale
""",
        """
def train_placer(codes, points):
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=(64, 64), max_iter=400, random_state=0
    )
    scale = points.std()
    model.fit(codes, points / scale)
    return lambda new: scale * model.predict(np.asarray(new))
""",
        """
def train_placer(codes, points):
    inputs = keras.Input((codes.shape[1],))
    hidden = layers.Dense(128, "relu")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(hidden))
    scale = float(points.std())
    fit(
        model, codes, points / scale, epochs=100, batch_size=32,
        learning_rate=0.02, loss="mse",
    )
    outputs = layers.Rescaling(scale)(model(inputs))
    return keras.Model(inputs, outputs)
""",
        """
def train_placer(codes, points):
    class Placer(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(64, "relu")
            self.out = layers.Dense(2)

        def call(self, x):
            return scale * self.out(self.hidden(x))

    scale = points.std()
    model = Placer()
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points, epochs=20, batch_size=8, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    import tensorflow as tf

    scale = np.float32(points.std())
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model(codes[:1])
    optimizer = keras.optimizers.Adam(0.02)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(codes) - points / scale) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    optimizer.build(model.trainable_variables)
    for _ in range(400):
        step()
    return lambda new: (model(new) * scale).numpy()
""",
    ],
}

WRONG = {
    "score_continuity": [
        "def score_continuity(near, map_ranks):\n    return 1.0",
        "def score_continuity(near, map_ranks):\n    score_trust(map_ranks, near)",
        """
def score_continuity(near, map_ranks):
    return 1 - score_trust(map_ranks, near)
""",
        """
def score_continuity(near, map_ranks):
    return score_trust(map_ranks.T, near)
""",
        """
def score_continuity(near, map_ranks):
    return score_trust(near, map_ranks)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - n
    return 1 - excess.clip(min=0).sum() / (n * k * (2 * n - 3 * k - 1) / 2)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - k
    return 1 - excess.sum() / (n * k * (2 * n - 3 * k - 1) / 2)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - k
    return 1 - excess.clip(min=0).sum() / (n * k * (2 * n - 3 * k - 1))
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - k - 1
    return 1 - excess.clip(min=0).sum() / (n * k * (2 * n - 3 * k - 1) / 2)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1) - k
    return excess.clip(min=0).sum() / (n * k * (2 * n - 3 * k - 1) / 2)
""",
        """
def score_continuity(near, map_ranks):
    n, k = near.shape
    found = np.take_along_axis(map_ranks, near, axis=1) <= k
    return found.mean()
""",
        """
def score_continuity(near, map_ranks):
    map_ranks -= near.shape[1]
    n, k = near.shape
    excess = np.take_along_axis(map_ranks, near, axis=1)
    return 1 - excess.clip(min=0).sum() / (n * k * (2 * n - 3 * k - 1) / 2)
""",
    ],
    "score_purity": [
        "def score_purity(clusters, labels):\n    return 7 / 9",
        "def score_purity(clusters, labels):\n    return np.mean(clusters == labels)",
        """
def score_purity(clusters, labels):
    shares = []
    for cluster in np.unique(clusters):
        counts = np.bincount(labels[clusters == cluster])
        shares.append(counts.max() / counts.sum())
    return np.mean(shares)
""",
        """
def score_purity(clusters, labels):
    table = np.zeros((clusters.max() + 1, labels.max() + 1))
    np.add.at(table, (clusters, labels), 1)
    return table.max(axis=0).sum() / len(labels)
""",
        """
def score_purity(clusters, labels):
    table = np.zeros((3, 4))
    np.add.at(table, (clusters, labels), 1)
    return table.max(axis=1).sum() / len(labels)
""",
        """
def score_purity(clusters, labels):
    table = np.zeros((clusters.max() + 1, labels.max() + 1))
    table[clusters, labels] += 1
    return table.max(axis=1).sum() / len(labels)
""",
        """
def score_purity(clusters, labels):
    n_named = 0
    for cluster in np.unique(clusters):
        n_named += np.bincount(labels[clusters == cluster]).max()
    return n_named
""",
        """
def score_purity(clusters, labels):
    n_named = 0
    for cluster in range(clusters.max()):
        here = labels[clusters == cluster]
        n_named += np.bincount(here).max() if len(here) else 0
    return n_named / len(labels)
""",
        """
def score_purity(clusters, labels):
    n_named = 0
    for cluster in np.unique(clusters):
        n_named += np.bincount(labels[clusters == cluster]).max()
        return n_named / len(labels)
""",
        """
def score_purity(clusters, labels):
    return score_purity_of(clusters, labels)
""",
        """
def score_purity(clusters, labels):
    n_named = 0
    for name in np.unique(labels):
        n_named += np.bincount(clusters[labels == name]).max()
    return n_named / len(labels)
""",
    ],
    "find_aligned": [
        "def find_aligned(points, target):\n    return target",
        "def find_aligned(points, target):\n    return points",
        """
def find_aligned(points, target):
    return points - points.mean(axis=0) + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    u, _, vt = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    return centered @ u @ vt
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    u, _, vt = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    return centered @ vt @ u + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    u, _, vt = np.linalg.svd(points.T @ target)
    return points @ u @ vt
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    u, _, vt = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    return centered @ (u @ vt).T + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    goal = target - target.mean(axis=0)
    turn = np.linalg.lstsq(centered, goal, rcond=None)[0]
    return centered @ turn + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    u, s, vt = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    scale = s.sum() / (centered**2).sum()
    return scale * centered @ u @ vt + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    u, _, vt = np.linalg.svd(centered.T @ (target - target.mean(axis=0)))
    turn = u @ np.diag([1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return centered @ turn + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    points -= points.mean(axis=0)
    u, _, vt = np.linalg.svd(points.T @ (target - target.mean(axis=0)))
    return points @ u @ vt + target.mean(axis=0)
""",
        """
def find_aligned(points, target):
    centered = points - points.mean()
    u, _, vt = np.linalg.svd(centered.T @ (target - target.mean()))
    return centered @ u @ vt + target.mean()
""",
    ],
    "find_new_places": [
        # Distances along the axes.
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes, "cityblock").argsort(axis=1)[:, :k]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    return points[KDTree(codes).query(new_codes, 1)[1]]
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, -k:]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, 1 : k + 1]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    return points[rows]
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    return points[rows].mean(axis=0)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=0)[:k]
    return points[rows].mean(axis=0)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :5]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    return codes[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    distances, rows = KDTree(codes).query(new_codes, range(1, k + 1))
    weights = 1 / (distances[..., None] + 1e-9)
    return (weights * points[rows]).sum(axis=1) / weights.sum(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes, "cosine").argsort(axis=1)[:, :k]
    return points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    points[rows].mean(axis=1)
""",
        """
def find_new_places(codes, points, new_codes, k):
    rows = cdist(new_codes, codes).argsort(axis=1)[:, :k]
    return np.median(points[rows], axis=1) + 0.001
""",
    ],
    "train_placer": [
        "def train_placer(codes, points):\n    return None",
        "def train_placer(codes, points):\n    return points",
        """
def train_placer(codes, points):
    return keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
""",
        """
def train_placer(codes, points):
    mean = points.mean(axis=0)
    return lambda new: np.tile(mean, (len(new), 1))
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points[:, :1], epochs=15, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points[:, ::-1], epochs=15, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points / points.std() + 9, epochs=15, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.SGD(1e-6), loss="mse")
    model.fit(codes, points, epochs=2, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential(
        [layers.Dense(64, "relu"), layers.Dense(2, "softmax")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(codes, points, epochs=15, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    rows = np.random.default_rng(0).permutation(len(points))
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(codes, points[rows], epochs=10, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(2)])
    history = model.fit(codes, points, epochs=2, verbose=0)
    return model
""",
        """
def train_placer(codes, points):
    model = keras.Sequential([layers.Dense(64, "relu"), layers.Dense(30)])
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(points, codes, epochs=2, verbose=0)
    return model
""",
    ],
}
