"""Answers to the exercises of lesson 10, right and wrong, in any style."""

SAFE_RIGHT = [
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return np.sort(normal_scores)[-k] if k else np.inf
""",
    """
def find_safe_threshold(normal_scores, budget):
    ordered = sorted(normal_scores, reverse=True)
    k = int(np.floor(budget * (len(ordered) + 1)))
    if k < 1:
        return float("inf")
    return float(ordered[k - 1])
""",
    """
def find_safe_threshold(normal_scores, budget):
    n = len(normal_scores)
    best = np.inf
    for k in range(1, n + 1):
        if k / (n + 1) <= budget:
            best = np.sort(normal_scores)[n - k]
    return best
""",
    """
def find_safe_threshold(normal_scores, budget):
    padded = np.append(normal_scores, np.inf)
    k = int(budget * len(padded))
    return np.partition(padded, len(padded) - 1 - k)[len(padded) - 1 - k]
""",
    """
def find_safe_threshold(normal_scores, budget):
    scores = ops.sort(ops.convert_to_tensor(normal_scores))
    k = int(budget * (scores.shape[0] + 1))
    if k == 0:
        return ops.convert_to_tensor(np.inf)
    return scores[scores.shape[0] - k]
""",
    """
def find_safe_threshold(normal_scores, budget):
    n = len(normal_scores)
    allowed = [
        s
        for s in normal_scores
        if (np.asarray(normal_scores) >= s).sum() / (n + 1) <= budget
    ]
    return min(allowed, default=np.inf)
""",
    """
def find_safe_threshold(normal_scores, budget):
    scores = np.concatenate([[np.inf], np.sort(normal_scores)[::-1]])
    return scores[int(budget * len(scores))]
""",
    """
import math

def find_safe_threshold(normal_scores, budget):
    import heapq
    k = math.floor(budget * (len(normal_scores) + 1))
    return min(heapq.nlargest(k, normal_scores)) if k > 0 else math.inf
""",
    """
def find_safe_threshold(normal_scores, budget):
    n = len(normal_scores)
    ranks = np.arange(1, n + 1)
    descending = -np.sort(-np.asarray(normal_scores))
    allowed = descending[ranks / (n + 1) <= budget]
    return allowed[-1] if allowed.size else np.inf
""",
    """
def find_safe_threshold(normal_scores, budget):
    padded = np.append(normal_scores, np.inf)
    return np.quantile(padded, 1 - budget, method="inverted_cdf")
""",
]
SAFE_WRONG = [
    # Between two scores, and no infinity.
    """
def find_safe_threshold(normal_scores, budget):
    return np.quantile(normal_scores, 1 - budget)
""",
    # n in place of n + 1.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * len(normal_scores))
    return np.sort(normal_scores)[-k] if k else np.inf
""",
    # Rounded up.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(np.ceil(budget * (len(normal_scores) + 1)))
    return np.sort(normal_scores)[-k] if k else np.inf
""",
    # Rounded to the nearest.
    """
def find_safe_threshold(normal_scores, budget):
    k = round(budget * (len(normal_scores) + 1))
    return np.sort(normal_scores)[-k] if k else np.inf
""",
    # One too far.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return np.sort(normal_scores)[-k - 1] if k else np.inf
""",
    # k == 0 takes the lowest score.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return np.sort(normal_scores)[-k]
""",
    # The k-th smallest.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return np.sort(normal_scores)[k - 1] if k else np.inf
""",
    # Not sorted.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return normal_scores[-k] if k else np.inf
""",
    # Sorts the argument itself.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    normal_scores.sort()
    return normal_scores[-k] if k else np.inf
""",
    # The highest score where infinity is needed.
    """
def find_safe_threshold(normal_scores, budget):
    k = max(1, int(budget * (len(normal_scores) + 1)))
    return np.sort(normal_scores)[-k]
""",
    # Mean and standard deviations.
    """
def find_safe_threshold(normal_scores, budget):
    return normal_scores.mean() + 3 * normal_scores.std()
""",
    # The numbers of the example.
    """
def find_safe_threshold(normal_scores, budget):
    return 8
""",
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    threshold = np.sort(normal_scores)[-k] if k else np.inf
""",
    # The lesson's threshold.
    """
def find_safe_threshold(normal_scores, budget):
    return np.quantile(normal_scores, 1 - budget, method="higher")
""",
    # The signs are dropped.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(budget * (len(normal_scores) + 1))
    return np.unique(np.abs(normal_scores))[-k] if k else np.inf
""",
    # Below the budget, where equal to it is allowed.
    """
def find_safe_threshold(normal_scores, budget):
    k = int(np.ceil(budget * (len(normal_scores) + 1))) - 1
    return np.sort(normal_scores)[-k] if k else np.inf
""",
]

RATE_RIGHT = [
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * (1 - precision) / precision
    return np.minimum(wrong / (1 - prevalence), 1)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    odds = prevalence / (1 - prevalence)
    return np.clip(odds * recall * (1 / precision - 1), 0, 1)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    right = np.asarray(prevalence) * np.asarray(recall)
    alarms = right / np.asarray(precision)
    rate = (alarms - right) / (1 - np.asarray(prevalence))
    return np.where(rate > 1, 1.0, rate)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    p, r, q = (ops.convert_to_tensor(x, "float32")
               for x in (precision, recall, prevalence))
    return ops.minimum(q * r * (1 - p) / (p * (1 - q)), 1.0)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    precision, recall, prevalence = np.broadcast_arrays(
        precision, recall, prevalence
    )
    rates = []
    for p, r, q in zip(precision.flat, recall.flat, prevalence.flat):
        rates.append(min(1.0, q * r * (1 - p) / (p * (1 - q))))
    return np.reshape(rates, precision.shape)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    normal = 1000 * (1 - prevalence)
    found = 1000 * prevalence * recall
    false_alarms = found / precision - found
    return np.fmin(1, false_alarms / normal)
""",
    """
@np.vectorize
def find_needed_rate(precision, recall, prevalence):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if find_precision(recall, middle, prevalence) >= precision:
            low = middle
        else:
            high = middle
    return low
""",
    """
def find_needed_rate(precision, recall, prevalence):
    odds = lambda share: share / (1.0 - share)
    return np.clip(recall * odds(prevalence) / odds(precision), None, 1.0)
""",
]
RATE_WRONG = [
    # Above 1.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * (1 - precision) / precision
    return wrong / (1 - prevalence)
""",
    # The share of normal things is forgotten.
    """
def find_needed_rate(precision, recall, prevalence):
    return np.minimum(prevalence * recall * (1 - precision) / precision, 1)
""",
    # Upside down.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * precision / (1 - precision)
    return np.minimum(wrong / (1 - prevalence), 1)
""",
    # All alarms.
    """
def find_needed_rate(precision, recall, prevalence):
    return np.minimum(
        prevalence * recall / precision / (1 - prevalence), 1
    )
""",
    # The recall is ignored.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * (1 - precision) / precision
    return np.minimum(wrong / (1 - prevalence), 1)
""",
    # The prevalence is ignored.
    """
def find_needed_rate(precision, recall, prevalence):
    return np.minimum(recall * (1 - precision) / precision, 1)
""",
    # The precision, not the rate.
    """
def find_needed_rate(precision, recall, prevalence):
    return find_precision(recall, precision, prevalence)
""",
    # Only for numbers.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * (1 - precision) / precision
    return min(wrong / (1 - prevalence), 1)
""",
    # In percent.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * (1 - precision) / precision
    return np.minimum(100 * wrong / (1 - prevalence), 100)
""",
    # Rounded.
    """
def find_needed_rate(precision, recall, prevalence):
    wrong = prevalence * recall * (1 - precision) / precision
    return np.round(np.minimum(wrong / (1 - prevalence), 1), 2)
""",
    """
def find_needed_rate(precision, recall, prevalence):
    return 1
""",
    """
def find_needed_rate(precision, recall, prevalence):
    np.minimum(prevalence * recall * (1 - precision) / precision, 1)
""",
    # Normal things are all that were not found.
    """
def find_needed_rate(precision, recall, prevalence):
    right = prevalence * recall
    return np.minimum(right * (1 - precision) / precision / (1 - right), 1)
""",
    # As if each alarm came from normal things.
    """
def find_needed_rate(precision, recall, prevalence):
    return np.minimum(1 - precision, 1)
""",
]

PUT_RIGHT = [
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
        count[i * stride : i * stride + len(square)] += 1
    return total / np.maximum(count, 1)
""",
    """
def put_back(squares, stride, n_samples):
    n, length = squares.shape
    places = stride * np.arange(n)[:, None] + np.arange(length)
    total = np.bincount(places.ravel(), squares.ravel(), n_samples)
    count = np.bincount(places.ravel(), minlength=n_samples)
    return np.where(count > 0, total / np.maximum(count, 1), 0)
""",
    """
def put_back(squares, stride, n_samples):
    table = np.full((len(squares), n_samples), np.nan)
    for i in range(len(squares)):
        table[i, i * stride : i * stride + squares.shape[1]] = squares[i]
    held = ~np.isnan(table)
    return np.nansum(table, axis=0) / np.maximum(held.sum(axis=0), 1)
""",
    """
def put_back(squares, stride, n_samples):
    result = []
    for t in range(n_samples):
        values = [
            squares[i, t - i * stride]
            for i in range(len(squares))
            if 0 <= t - i * stride < squares.shape[1]
        ]
        result.append(sum(values) / len(values) if values else 0.0)
    return result
""",
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros((2, n_samples))
    rows = np.arange(len(squares)) * stride
    for j in range(squares.shape[1]):
        np.add.at(total, rows + j, squares[:, j])
        np.add.at(count, rows + j, 1)
    return np.divide(total, count, out=np.zeros(n_samples), where=count > 0)
""",
    """
def put_back(squares, stride, n_samples):
    n, length = squares.shape
    places = ops.reshape(
        stride * ops.arange(n)[:, None] + ops.arange(length), (-1,)
    )
    total = ops.segment_sum(ops.reshape(squares, (-1,)), places, n_samples)
    count = ops.segment_sum(
        ops.ones(n * length), places, n_samples
    )
    return total / ops.maximum(count, 1)
""",
    """
def put_back(squares, stride, n_samples):
    n_windows, length = squares.shape
    holds = np.zeros((n_windows, n_samples))
    spread = np.zeros((n_windows, n_samples))
    for i in range(n_windows):
        holds[i, i * stride:][:length] = 1
        spread[i, i * stride:][:length] = squares[i]
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(spread.sum(axis=0) / holds.sum(axis=0))
""",
    """
def put_back(squares, stride, n_samples):
    from collections import defaultdict
    held = defaultdict(list)
    for (i, j), value in np.ndenumerate(squares):
        held[i * stride + j].append(float(value))
    means = np.zeros(n_samples)
    for t, values in held.items():
        means[t] = np.mean(values)
    return means
""",
]
PUT_WRONG = [
    # The sum.
    """
def put_back(squares, stride, n_samples):
    total = np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
    return total
""",
    # Divided by a constant number of windows.
    """
def put_back(squares, stride, n_samples):
    total = np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
    return total / (squares.shape[1] / stride)
""",
    # The last window wins.
    """
def put_back(squares, stride, n_samples):
    result = np.zeros(n_samples)
    for i, square in enumerate(squares):
        result[i * stride : i * stride + len(square)] = square
    return result
""",
    # The largest.
    """
def put_back(squares, stride, n_samples):
    result = np.zeros(n_samples)
    for i, square in enumerate(squares):
        part = slice(i * stride, i * stride + len(square))
        result[part] = np.maximum(result[part], square)
    return result
""",
    # NaN where there is no window.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
        count[i * stride : i * stride + len(square)] += 1
    return total / np.where(count > 0, count, np.nan)
""",
    # The stride is ignored.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i : i + len(square)] += square
        count[i : i + len(square)] += 1
    return total / np.maximum(count, 1)
""",
    # One score for a window, spread over its samples.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square.mean()
        count[i * stride : i * stride + len(square)] += 1
    return total / np.maximum(count, 1)
""",
    # Too short.
    """
def put_back(squares, stride, n_samples):
    n_samples = (len(squares) - 1) * stride + squares.shape[1]
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
        count[i * stride : i * stride + len(square)] += 1
    return total / np.maximum(count, 1)
""",
    # Shifted by one sample.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples + 1), np.zeros(n_samples + 1)
    for i, square in enumerate(squares):
        total[i * stride + 1 : i * stride + 1 + len(square)] += square
        count[i * stride + 1 : i * stride + 1 + len(square)] += 1
    return (total / np.maximum(count, 1))[:n_samples]
""",
    # The mean over windows.
    """
def put_back(squares, stride, n_samples):
    return np.resize(squares.mean(axis=0), n_samples)
""",
    # Roots.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
        count[i * stride : i * stride + len(square)] += 1
    return np.sqrt(total / np.maximum(count, 1))
""",
    # The mean with the last mean, so late windows count more.
    """
def put_back(squares, stride, n_samples):
    mean = np.zeros(n_samples)
    for i, square in enumerate(squares):
        part = slice(i * stride, i * stride + len(square))
        old = mean[part]
        mean[part] = np.where(old == 0, square, (old + square) / 2)
    return mean
""",
    # One window too many.
    """
def put_back(squares, stride, n_samples):
    total, count = np.zeros(n_samples), np.zeros(n_samples)
    for i, square in enumerate(squares):
        total[i * stride : i * stride + len(square)] += square
        count[i * stride : i * stride + len(square)] += 1
    return total / (count + 1)
""",
]

DETECTOR_RIGHT = [
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0) + 1e-9
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)

    def detect(rows):
        return neighbors.kneighbors((rows - mean) / spread)[0][:, 0]

    return detect
""",
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    pca = PCA(3).fit((normal - mean) / spread)

    def detect(rows):
        scaled = (rows - mean) / spread
        drawn = pca.inverse_transform(pca.transform(scaled))
        return ((scaled - drawn) ** 2).mean(axis=1)

    return detect
""",
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    scaled = (normal - mean) / spread
    model = build_autoencoder(normal.shape[1], 3, 32, "detector")
    model.compile(keras.optimizers.Adam(1e-2), "mse")
    model.fit(scaled, scaled, epochs=10, batch_size=10, verbose=0)
    return lambda rows: find_errors(model, (rows - mean) / spread)
""",
    """
def build_detector(normal):
    low, high = normal.min(axis=0), normal.max(axis=0)
    forest = IsolationForest(random_state=0).fit((normal - low) / (high - low))
    return lambda rows: -forest.score_samples((rows - low) / (high - low))
""",
    """
class Detector:
    def __init__(self, normal):
        self.mean, self.spread = normal.mean(0), normal.std(0)
        self.known = (normal - self.mean) / self.spread

    def __call__(self, rows):
        rows = (rows - self.mean) / self.spread
        gaps = rows[:, None] - self.known[None]
        return np.sort((gaps ** 2).sum(axis=2), axis=1)[:, :5].mean(axis=1)


def build_detector(normal):
    return Detector(normal)
""",
    """
def build_detector(normal):
    mean = ops.mean(normal, axis=0)
    spread = ops.std(normal, axis=0)
    known = (normal - mean) / spread

    def detect(rows):
        rows = (rows - mean) / spread
        gaps = ops.sum((rows[:, None] - known[None]) ** 2, axis=2)
        return ops.sqrt(ops.min(gaps, axis=1))

    return detect
""",
    """
def build_detector(normal):
    from sklearn.neighbors import KernelDensity
    from sklearn.preprocessing import StandardScaler
    scaler = StandardScaler().fit(normal)
    density = KernelDensity(bandwidth=0.5).fit(scaler.transform(normal))
    return lambda rows: -density.score_samples(scaler.transform(rows))
""",
    """
def build_detector(normal):
    from sklearn.svm import OneClassSVM
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler
    model = make_pipeline(RobustScaler(), OneClassSVM(nu=0.05)).fit(normal)
    return lambda rows: -model.decision_function(rows)
""",
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    scaled = (normal - mean) / spread
    inverse = np.linalg.pinv(np.cov(scaled.T))
    def detect(rows):
        z = (rows - mean) / spread
        return np.einsum("ij,jk,ik->i", z, inverse, z)
    return detect
""",
]
DETECTOR_WRONG = [
    # Without scaling, one column decides.
    """
def build_detector(normal):
    neighbors = NearestNeighbors(n_neighbors=1).fit(normal)
    return lambda rows: neighbors.kneighbors(rows)[0][:, 0]
""",
    # Each column for itself.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    return lambda rows: (((rows - mean) / spread) ** 2).mean(axis=1)
""",
    # The largest z-score.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    return lambda rows: np.abs((rows - mean) / spread).max(axis=1)
""",
    # The sign is turned.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)
    return lambda rows: -neighbors.kneighbors((rows - mean) / spread)[0][:, 0]
""",
    # All components: a copy.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    pca = PCA().fit((normal - mean) / spread)

    def detect(rows):
        scaled = (rows - mean) / spread
        drawn = pca.inverse_transform(pca.transform(scaled))
        return ((scaled - drawn) ** 2).mean(axis=1)

    return detect
""",
    # Scaled with the rows that are scored.
    """
def build_detector(normal):
    scaled = (normal - normal.mean(axis=0)) / normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit(scaled)

    def detect(rows):
        rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
        return neighbors.kneighbors(rows)[0][:, 0]

    return detect
""",
    # Ranks among the rows that are scored.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)

    def detect(rows):
        scores = neighbors.kneighbors((rows - mean) / spread)[0][:, 0]
        return scores.argsort().argsort() / 1.0

    return detect
""",
    # A column of scores.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)
    return lambda rows: neighbors.kneighbors((rows - mean) / spread)[0]
""",
    # The scores of the normal rows.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    return (((normal - mean) / spread) ** 2).mean(axis=1)
""",
    # Alarms of a forest: nearly all rows get the same.
    """
def build_detector(normal):
    forest = IsolationForest(random_state=0).fit(normal[:, :1])
    return lambda rows: -forest.score_samples(rows[:, :1])
""",
    # A constant.
    """
def build_detector(normal):
    return lambda rows: np.zeros(len(rows))
""",
    # One number for all rows.
    """
def build_detector(normal):
    return lambda rows: float(((rows - normal.mean(axis=0)) ** 2).mean())
""",
    # Only values that no normal row has.
    """
def build_detector(normal):
    low, high = normal.min(axis=0), normal.max(axis=0)
    return lambda rows: ((rows < low) | (rows > high)).sum(axis=1)
""",
    # Alarms, with a threshold from the rows that are scored.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)
    def detect(rows):
        distances = neighbors.kneighbors((rows - mean) / spread)[0][:, 0]
        return distances > np.quantile(distances, 0.95)
    return detect
""",
    # Centered by the rows that are scored.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)
    def detect(rows):
        distances = neighbors.kneighbors((rows - mean) / spread)[0][:, 0]
        return distances - distances.mean()
    return detect
""",
    # Divided by the largest of the rows that are scored.
    """
def build_detector(normal):
    mean, spread = normal.mean(axis=0), normal.std(axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit((normal - mean) / spread)
    def detect(rows):
        distances = neighbors.kneighbors((rows - mean) / spread)[0][:, 0]
        return distances / distances.max()
    return detect
""",
]

RIGHT = {
    "find_safe_threshold": SAFE_RIGHT,
    "find_needed_rate": RATE_RIGHT,
    "put_back": PUT_RIGHT,
    "build_detector": DETECTOR_RIGHT,
}
WRONG = {
    "find_safe_threshold": SAFE_WRONG,
    "find_needed_rate": RATE_WRONG,
    "put_back": PUT_WRONG,
    "build_detector": DETECTOR_WRONG,
}
