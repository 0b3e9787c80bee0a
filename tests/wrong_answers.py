"""For each exercise an answer that a learner could give, and that is wrong.

WRONG[lesson][function] is source that stands in place of the stub.
"""

WRONG = {
    "01_prepare_data": {
        # Takes channels-first rows for channels-last ones.
        "make_gray": """
def make_gray(rows):
    return rows.reshape(-1, 32, 32, 3).mean(axis=-1) / 255
""",
        # The factor of amplitudes, on a squared error.
        "score_psnr": """
def score_psnr(images, noisy):
    return 20 * np.log10(1 / mse(images, noisy))
""",
        # The right share of all, whatever the class.
        "find_valid": """
def find_valid(labels, share):
    rows = np.random.default_rng(0).permutation(len(labels))
    mask = np.zeros(len(labels), dtype=bool)
    mask[rows[: int(share * len(labels))]] = True
    return mask
""",
    },
    "02_simple_autoencoder": {
        # Without the biases.
        "count_weights": """
def count_weights(n_pixels, n_codes):
    return 2 * n_pixels * n_codes
""",
        # Stops a step before the end.
        "find_path": """
def find_path(start, end, n_steps):
    share = np.linspace(0, 1, n_steps, endpoint=False)[:, None]
    return (1 - share) * start + share * end
""",
        # The mean over the pixels, not the sum.
        "find_image_cost": """
def find_image_cost(images, made):
    p = ops.clip(made, 1e-7, 1 - 1e-7)
    costs = -images * ops.log(p) - (1 - images) * ops.log(1 - p)
    return ops.mean(costs, axis=1)
""",
    },
    "03_stacked_autoencoder": {
        # Without the sigmoid.
        "decode_tied": """
def decode_tied(codes, kernel, bias):
    return ops.matmul(codes, ops.transpose(kernel)) + bias
""",
        # With the output of the last encoder.
        "find_layer_inputs": """
def find_layer_inputs(images, encoders):
    inputs = [images]
    for encode in encoders:
        inputs.append(encode(inputs[-1]))
    return inputs
""",
        # The encoder in place of the whole model.
        "build_bottleneck": """
def build_bottleneck(n_codes):
    return build_stack([784, 64, n_codes], "linear", "bottleneck")[0]
""",
    },
    "04_sparse_autoencoder": {
        # The ratio upside down.
        "find_hoyer": """
def find_hoyer(codes):
    root = np.sqrt(codes.shape[1])
    ratio = np.linalg.norm(codes, axis=1) / np.linalg.norm(codes, 1, axis=1)
    return (root - ratio) / (root - 1)
""",
        # Cuts small codes off, but does not move the others.
        "find_shrunk": """
def find_shrunk(codes, t):
    return np.where(np.abs(codes) > t, codes, 0)
""",
        # Chooses in each row.
        "keep_largest_of_batch": """
def keep_largest_of_batch(codes, k):
    return keep_largest(codes, k)
""",
    },
    "05_convolutional_denoising": {
        # Changes what it was given.
        "add_specks": """
def add_specks(images, share, seed):
    generator = np.random.default_rng(seed)
    is_hit = generator.random(images.shape) < share
    images[is_hit] = generator.integers(0, 2, is_hit.sum())
    return images
""",
        # Leaves out the window that hangs over the edge.
        "find_side": """
def find_side(side, stride, is_transposed):
    return side * stride if is_transposed else side // stride
""",
        # The same noise twice: the network learns to keep it.
        "make_noisy_pairs": """
def make_noisy_pairs(images, sigma, seed):
    noise = np.random.default_rng(seed).normal(0, sigma, images.shape)
    return images + noise, images + noise
""",
    },
    "06_sequence_to_sequence": {
        # One bias for each block, as in the LSTM.
        "count_gru_weights": """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (n_inputs + n_units + 1)
""",
        # The step itself, not the one before it.
        "make_mixed_inputs": """
def make_mixed_inputs(truth, drawn, own):
    return np.where(own[:, :, None], drawn, truth)
""",
        # The threshold comes from the scores that it is to judge.
        "find_alarms": """
def find_alarms(whole_scores, scores, share):
    return scores > np.quantile(scores, 1 - share)
""",
    },
    "07_variational_autoencoder": {
        # Divides by the first variance, not the second.
        "find_kl_between": """
def find_kl_between(mean, log_variance, other_mean, other_log_variance):
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) ** 2 / np.exp(log_variance)
    return (np.exp(log_ratio) + distance - 1 - log_ratio) / 2
""",
        # A straight line.
        "find_arc": """
def find_arc(start, end, n_steps):
    share = np.linspace(0, 1, n_steps)[:, None]
    return (1 - share) * start + share * end
""",
        # The mean of the log weights: the plain bound again.
        "find_weighted_bound": """
def find_weighted_bound(log_weights):
    return -np.mean(log_weights, axis=1)
""",
    },
    "08_visualize_codes_tsne": {
        # Takes as many ranks off as there are points, not as neighbors.
        "score_continuity": """
def score_continuity(near, map_ranks):
    excess = np.take_along_axis(map_ranks, near, axis=1) - len(near)
    n, k = near.shape
    worst = n * k * (2 * n - 3 * k - 1) / 2
    return float(1 - excess.clip(min=0).sum() / worst)
""",
        # The mean of the clusters' shares: a small cluster weighs as much as a
        # large one.
        "score_purity": """
def score_purity(clusters, labels):
    table = np.zeros((clusters.max() + 1, labels.max() + 1))
    np.add.at(table, (clusters, labels), 1)
    return float(np.mean(table.max(axis=1) / table.sum(axis=1)))
""",
        # Forgets the second half of the turn.
        "find_aligned": """
def find_aligned(points, target):
    centered = points - points.mean(axis=0)
    shifted = target - target.mean(axis=0)
    matrix = np.linalg.svd(centered.T @ shifted)[0]
    return centered @ matrix + target.mean(axis=0)
""",
        # The nearest only, not the mean of k.
        "find_new_places": """
def find_new_places(codes, points, new_codes, k=5):
    return points[KDTree(codes).query(new_codes, 1)[1]]
""",
    },
    "09_compare_codes_cosine": {
        # Long codes outvote short ones.
        "find_nearest_mean": """
def find_nearest_mean(codes, labels, queries):
    classes = np.unique(labels)
    means = [codes[labels == k].mean(axis=0) for k in classes]
    return classes[find_cosines(queries, np.array(means)).argmax(axis=1)]
""",
        # From heavy to light.
        "make_heavier": """
def make_heavier(codes, ink, code):
    heavy = ink > np.median(ink)
    return code + codes[~heavy].mean(axis=0) - codes[heavy].mean(axis=0)
""",
        # Counts the bytes that differ, not the bits.
        "find_hamming": """
def find_hamming(queries, collection):
    return (queries[:, None] != collection[None]).sum(axis=-1)
""",
    },
}
