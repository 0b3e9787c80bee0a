"""Answers to the exercises of lesson 01, right and wrong."""

RIGHT = {
    "make_gray": [
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=1) / 255
""",
        """
def make_gray(rows):
    pixels = rows.astype("float32") / 255
    return np.mean(pixels.reshape(len(rows), 3, 32, 32), axis=1)
""",
        """
def make_gray(rows):
    red = rows[:, :1024].astype(float)
    green = rows[:, 1024:2048].astype(float)
    blue = rows[:, 2048:].astype(float)
    return ((red + green + blue) / 3 / 255).reshape(-1, 32, 32)
""",
        """
def make_gray(rows):
    images = []
    for row in rows:
        channels = row.reshape(3, 32, 32)
        images.append(channels.mean(axis=0) / 255)
    return images
""",
        """
def make_gray(rows):
    pixels = tf.cast(tf.reshape(rows, (-1, 3, 32, 32)), "float32") / 255
    return tf.reduce_mean(pixels, axis=1)
""",
        """
def make_gray(rows):
    pixels = keras.ops.cast(rows, "float32")
    pixels = keras.ops.reshape(pixels, (-1, 3, 1024))
    return keras.ops.reshape(keras.ops.mean(pixels, 1), (-1, 32, 32)) / 255
""",
        """
def make_gray(rows):
    for row in rows:
        yield row.reshape(3, 32, 32).mean(axis=0) / 255
""",
        """
def make_gray(rows):
    channels_last = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return channels_last.mean(axis=-1) / 255
""",
        """
def make_gray(rows):
    red, green, blue = np.split(rows / 255, 3, axis=1)
    return ((red + green + blue) / 3).reshape(len(rows), 32, 32)
""",
        """
def make_gray(rows):
    return np.einsum("nchw->nhw", rows.reshape(-1, 3, 32, 32) / 765)
""",
    ],
    "score_psnr": [
        """
def score_psnr(images, noisy):
    return 10 * np.log10(1 / mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return -10 * np.log10(np.mean((images - noisy) ** 2))
""",
        """
def score_psnr(images, noisy):
    return peak_signal_noise_ratio(images, noisy, data_range=1)
""",
        """
def score_psnr(images, noisy):
    error = tf.reduce_mean(tf.square(images - noisy))
    return -10 * tf.math.log(error) / tf.math.log(10.0)
""",
        """
def score_psnr(images, noisy):
    root = np.sqrt(np.mean(np.square(images - noisy)))
    return 20 * np.log10(1 / root)
""",
        """
def score_psnr(images, noisy):
    difference = (np.asarray(images) - np.asarray(noisy)).ravel()
    total = 0.0
    for value in difference:
        total += float(value) ** 2
    return -10 * np.log(total / len(difference)) / np.log(10)
""",
        """
def score_psnr(images, noisy):
    error = keras.ops.mean(keras.ops.square(images - noisy))
    return -10 * keras.ops.log10(error)
""",
        """
def score_psnr(images, noisy):
    return np.float32(10) * np.log10(1 / mse(images, noisy), dtype="float32")
""",
    ],
    "find_valid": [
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = True
    return mask
""",
        """
def find_valid(labels, share):
    mask = np.full(labels.shape, False)
    for label in set(labels.tolist()):
        rows = np.where(labels == label)[0]
        n = int(np.floor(share * len(rows)))
        mask[np.random.choice(rows, size=n, replace=False)] = True
    return mask
""",
        """
def find_valid(labels, share):
    import random

    result = [False] * len(labels)
    for label in set(labels):
        rows = [i for i in range(len(labels)) if labels[i] == label]
        for i in random.sample(rows, int(share * len(rows))):
            result[i] = True
    return result
""",
        """
def find_valid(labels, share):
    draws = np.random.default_rng().random(len(labels))
    mask = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        order = rows[draws[rows].argsort()]
        mask[order[: int(len(rows) * share)]] = True
    return mask
""",
        """
def find_valid(labels, share):
    order = np.random.permutation(len(labels))
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        mask[rows[: int(share * rows.size)]] = True
    return tuple(mask)
""",
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        np.random.default_rng(3).shuffle(rows)
        n_train = len(rows) - int(share * len(rows))
        mask[rows[n_train:]] = True
    return mask
""",
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen = np.arange(len(rows)) < int(share * len(rows))
        mask[rows] = np.random.default_rng(label).permutation(chosen)
    return tf.constant(mask)
""",
        """
def find_valid(labels, share):
    mask = labels != labels
    for label in range(labels.max() + 1):
        rows = np.argwhere(labels == label).ravel()
        if len(rows):
            rows = np.random.permutation(rows)
            mask[rows[: int(share * len(rows))]] = True
    return mask
""",
    ],
    "build_pca": [
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, _, rows = np.linalg.svd(images - mean, full_matrices=False)
    components = rows[:n_codes]

    def encode(new_images):
        return (new_images - mean) @ components.T

    def decode(codes):
        return mean + codes @ components

    return encode, decode
""",
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    covariance = np.cov(images, rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, np.argsort(values)[::-1][:n_codes]]
    return (lambda x: (x - mean) @ basis), (lambda h: h @ basis.T + mean)
""",
        """
def build_pca(images, n_codes):
    pca = PCA(n_codes).fit(images)
    return pca.transform, pca.inverse_transform
""",
        """
def build_pca(images, n_codes):
    mean, components = fit_pca(images)
    kept = components[:n_codes]

    def encode(new):
        return np.einsum("ij,kj->ik", new - mean, kept)

    def decode(codes):
        return np.einsum("ik,kj->ij", codes, kept) + mean

    return [encode, decode]
""",
        """
def build_pca(images, n_codes):
    mean = tf.reduce_mean(images, axis=0)
    _, _, v = tf.linalg.svd(images - mean)
    kept = v[:, :n_codes]

    def encode(new):
        return tf.matmul(new - mean, kept)

    def decode(codes):
        return tf.matmul(codes, kept, transpose_b=True) + mean

    return encode, decode
""",
        """
def build_pca(images, n_codes):
    # Whitened codes, of standard deviation 1 each.
    pca = PCA(n_codes, whiten=True).fit(images)
    return pca.transform, pca.inverse_transform
""",
        """
class Pca:
    def __init__(self, images, n_codes):
        self.mean = images.mean(axis=0)
        centered = (images - self.mean).astype("float64")
        values, vectors = np.linalg.eigh(centered.T @ centered)
        self.rows = -vectors.T[::-1][:n_codes]

    def encode(self, new):
        return (new - self.mean).dot(self.rows.T)

    def decode(self, codes):
        return codes.dot(self.rows) + self.mean


def build_pca(images, n_codes):
    model = Pca(images, n_codes)
    return model.encode, model.decode
""",
        """
def build_pca(images, n_codes):
    # Power iteration, one component after the other.
    mean = images.mean(axis=0)
    rest = (images - mean).astype("float64")
    rows = []
    for _ in range(n_codes):
        v = np.random.default_rng(0).normal(size=images.shape[1])
        for _ in range(500):
            v = rest.T @ (rest @ v)
            v /= np.linalg.norm(v)
        rows.append(v)
        rest = rest - np.outer(rest @ v, v)
    rows = np.array(rows)

    def encode(new):
        return [rows @ (image - mean) for image in new]

    def decode(codes):
        return [mean + code @ rows for code in codes]

    return encode, decode
""",
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, _, rows = np.linalg.svd(images - mean)
    kernel = rows[:n_codes].T
    encoder = keras.layers.Dense(n_codes)
    decoder = keras.layers.Dense(images.shape[1])
    encoder.build((None, images.shape[1]))
    decoder.build((None, n_codes))
    encoder.set_weights([kernel, -mean @ kernel])
    decoder.set_weights([kernel.T, mean])
    return encoder, decoder
""",
    ],
}

WRONG = {
    "make_gray": [
        # The channels last: torn images.
        """
def make_gray(rows):
    return rows.reshape(-1, 32, 32, 3).mean(axis=-1) / 255
""",
        # Not divided.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=1)
""",
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=1) / 256
""",
        # The sum for the mean.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).sum(axis=1) / 255
""",
        # Bytes overflow.
        """
def make_gray(rows):
    red, green, blue = rows[:, :1024], rows[:, 1024:2048], rows[:, 2048:]
    return ((red + green + blue) / 3).reshape(-1, 32, 32) / 255
""",
        # For the example only.
        """
def make_gray(rows):
    return rows.reshape(8, 3, 32, 32).mean(axis=1) / 255
""",
        # Stretched to its own brightest pixel.
        """
def make_gray(rows):
    gray = rows.reshape(-1, 3, 32, 32).mean(axis=1)
    return gray / gray.max()
""",
        # As bright as the eye sees it, which is another gray.
        """
def make_gray(rows):
    weights = np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    return (rows.reshape(-1, 3, 32, 32) * weights).sum(axis=1) / 255
""",
        # The wrong axis.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=2) / 255
""",
        # Flat.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 1024).mean(axis=1) / 255
""",
        # Transposed.
        """
def make_gray(rows):
    gray = rows.reshape(-1, 3, 32, 32).mean(axis=1) / 255
    return gray.transpose(0, 2, 1)
""",
        """
def make_gray(rows):
    gray = rows.reshape(-1, 3, 32, 32).mean(axis=1) / 255
""",
        # One image loses its axis.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=1).squeeze() / 255
""",
        # Only red.
        """
def make_gray(rows):
    return rows[:, :1024].reshape(-1, 32, 32) / 255
""",
        # Whole numbers.
        """
def make_gray(rows):
    return rows.reshape(-1, 3, 32, 32).mean(axis=1) // 255
""",
        # TensorFlow's mean of bytes is a byte.
        """
def make_gray(rows):
    return tf.reduce_mean(tf.reshape(rows, (-1, 3, 32, 32)), axis=1) / 255
""",
        """
def make_gray(rows):
    rows //= 3
    return rows.reshape(-1, 3, 32, 32).sum(axis=1) / 255
""",
    ],
    "score_psnr": [
        """
def score_psnr(images, noisy):
    return 10 * np.log(1 / mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return 10 * np.log10(mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return 20 * np.log10(1 / mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return np.log10(1 / mse(images, noisy))
""",
        # The root is forgotten in this form.
        """
def score_psnr(images, noisy):
    return 10 * np.log10(1 / np.sqrt(mse(images, noisy)))
""",
        """
def score_psnr(images, noisy):
    10 * np.log10(1 / mse(images, noisy))
""",
        # The mean over images of the PSNR of each.
        """
def score_psnr(images, noisy):
    errors = [mse(a, b) for a, b in zip(images, noisy)]
    return np.mean([10 * np.log10(1 / error) for error in errors])
""",
        # The PSNR of each image.
        """
def score_psnr(images, noisy):
    return [10 * np.log10(1 / mse(a, b)) for a, b in zip(images, noisy)]
""",
        # The peak of these images.
        """
def score_psnr(images, noisy):
    return 10 * np.log10(images.max() ** 2 / mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return 10 * np.log10(255**2 / mse(images, noisy))
""",
        # The absolute error.
        """
def score_psnr(images, noisy):
    return -20 * np.log10(np.abs(images - noisy).mean())
""",
        # The sum for the mean.
        """
def score_psnr(images, noisy):
    return -10 * np.log10(np.sum((images - noisy) ** 2))
""",
        # The variance of the noise, without its mean.
        """
def score_psnr(images, noisy):
    return -10 * np.log10(np.var(images - noisy))
""",
        # The damage to what comes later.
        """
def score_psnr(images, noisy):
    images -= noisy
    return -10 * np.log10(np.mean(images**2))
""",
        """
def score_psnr(images, noisy):
    return 9.37
""",
        # The signal, not its peak.
        """
def score_psnr(images, noisy):
    return 10 * np.log10(np.mean(images**2) / mse(images, noisy))
""",
        """
def score_psnr(images, noisy):
    return round(10 * np.log10(1 / mse(images, noisy)))
""",
    ],
    "find_valid": [
        # The first of each class.
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        mask[rows[: int(share * len(rows))]] = True
    return mask
""",
        # The last of each class.
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        mask[rows[len(rows) - int(share * len(rows)) :]] = True
    return mask
""",
        # Every so many.
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        n = int(share * len(rows))
        mask[rows[:: round(1 / share)][:n]] = True
    return mask
""",
        # Random, but not stratified.
        """
def find_valid(labels, share):
    rows = np.random.default_rng(0).permutation(len(labels))
    mask = np.zeros(len(labels), dtype=bool)
    mask[rows[: int(share * len(rows))]] = True
    return mask
""",
        # About the share, by chance.
        """
def find_valid(labels, share):
    return np.random.default_rng(0).random(len(labels)) < share
""",
        # Row numbers for a mask.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    chosen = []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        chosen.extend(rows[: int(share * len(rows))])
    return np.array(chosen)
""",
        # The train part.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.ones(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = False
    return mask
""",
        # Rounded up.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(np.ceil(share * len(rows)))]] = True
    return mask
""",
        # With replacement, so fewer.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        mask[generator.choice(rows, int(share * len(rows)))] = True
    return mask
""",
        # The share ignored.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(0.2 * len(rows))]] = True
    return mask
""",
        # Right only for a sorted file.
        """
def find_valid(labels, share):
    mask, start = [], 0
    for count in np.bincount(labels):
        one = np.arange(count) < int(share * count)
        mask.extend(np.random.default_rng(0).permutation(one))
    return np.array(mask)
""",
        # Numbers 0 and 1, which select rows 0 and 1.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=int)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = 1
    return mask
""",
        # As many of each class as of the smallest.
        """
def find_valid(labels, share):
    generator = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    classes, counts = np.unique(labels, return_counts=True)
    for label in classes:
        rows = generator.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * counts.min())]] = True
    return mask
""",
        # Nothing is returned.
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.random.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = True
""",
        # Only the last class survives.
        """
def find_valid(labels, share):
    for label in np.unique(labels):
        mask = np.zeros(len(labels), dtype=bool)
        rows = np.random.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = True
    return mask
""",
        # The labels are sorted in place.
        """
def find_valid(labels, share):
    labels.sort()
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.random.permutation(np.flatnonzero(labels == label))
        mask[rows[: int(share * len(rows))]] = True
    return mask
""",
        # A block at a random place.
        """
def find_valid(labels, share):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        n = int(share * len(rows))
        start = np.random.randint(0, len(rows) - n)
        mask[rows[start : start + n]] = True
    return mask
""",
    ],
    "build_pca": [
        # The mean forgotten.
        """
def build_pca(images, n_codes):
    _, _, rows = np.linalg.svd(images, full_matrices=False)
    kept = rows[:n_codes]
    return (lambda x: x @ kept.T), (lambda h: h @ kept)
""",
        # The mean is not added again.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, _, rows = np.linalg.svd(images - mean, full_matrices=False)
    kept = rows[:n_codes]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept)
""",
        # The mean of the new images.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, _, rows = np.linalg.svd(images - mean, full_matrices=False)
    kept = rows[:n_codes]

    def encode(new):
        return (new - new.mean(axis=0)) @ kept.T

    return encode, (lambda h: h @ kept + mean)
""",
        # The least important components: eigh sorts upwards.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(images.T))
    kept = vectors[:, :n_codes]
    return (lambda x: (x - mean) @ kept), (lambda h: h @ kept.T + mean)
""",
        # Rows of the eigenvectors for their columns.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(images.T))
    kept = vectors[::-1][:n_codes]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        # Columns of Vt for its rows.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    _, _, vt = np.linalg.svd(images - mean)
    kept = vt[:, :n_codes]
    return (lambda x: (x - mean) @ kept), (lambda h: h @ kept.T + mean)
""",
        # n_codes ignored.
        """
def build_pca(images, n_codes):
    pca = PCA(3).fit(images)
    return pca.transform, pca.inverse_transform
""",
        # All components: nothing is coded.
        """
def build_pca(images, n_codes):
    pca = PCA().fit(images)
    return pca.transform, pca.inverse_transform
""",
        # One code more.
        """
def build_pca(images, n_codes):
    mean, components = fit_pca(images)
    kept = components[: n_codes + 1]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        # The first component is left out.
        """
def build_pca(images, n_codes):
    mean, components = fit_pca(images)
    kept = components[1 : n_codes + 1]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        # The mean over all pixels.
        """
def build_pca(images, n_codes):
    mean = images.mean()
    _, _, rows = np.linalg.svd(images - mean, full_matrices=False)
    kept = rows[:n_codes]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        # The mean of each image.
        """
def build_pca(images, n_codes):
    centered = images - images.mean(axis=1, keepdims=True)
    _, _, rows = np.linalg.svd(centered, full_matrices=False)
    kept = rows[:n_codes]
    mean = images.mean(axis=0)
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        # Codes, not functions.
        """
def build_pca(images, n_codes):
    pca = PCA(n_codes).fit(images)
    return pca.transform(images), pca.inverse_transform
""",
        # The two exchanged.
        """
def build_pca(images, n_codes):
    pca = PCA(n_codes).fit(images)
    return pca.inverse_transform, pca.transform
""",
        # Whitened, and not undone.
        """
def build_pca(images, n_codes):
    pca = PCA(n_codes).fit(images)
    spread = np.sqrt(pca.explained_variance_)
    return (lambda x: pca.transform(x) / spread), pca.inverse_transform
""",
        # Random directions.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    noise = np.random.default_rng(0).normal(size=(images.shape[1], n_codes))
    kept, _ = np.linalg.qr(noise)
    return (lambda x: (x - mean) @ kept), (lambda h: h @ kept.T + mean)
""",
        # Only encode.
        """
def build_pca(images, n_codes):
    return PCA(n_codes).fit(images).transform
""",
        # The images are centered in place.
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    images -= mean
    _, _, rows = np.linalg.svd(images, full_matrices=False)
    kept = rows[:n_codes]
    return (lambda x: (x - mean) @ kept.T), (lambda h: h @ kept + mean)
""",
        """
def build_pca(images, n_codes):
    mean = images.mean(axis=0)
    return (lambda x: x[:, :n_codes]), (lambda h: mean + 0 * h[:, :1])
""",
    ],
}
