"""How good a reconstruction is, and the baselines to compare it with.

Data have any shape (n, ...); a score is a float. What is written of images
holds for rows of a table and windows of a series, too. Binary cross-entropy
is defined for values in [0, 1] only; the rest takes any range.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

# Keras clips predictions by the same amount, and so the scores agree.
EPSILON = 1e-7


def mse(images, reconstructions) -> float:
    """Return the mean squared error per pixel.

    Parameters
    ----------
    images : array, shape (n, ...)
    reconstructions : array of a shape that broadcasts to that of `images`

    Returns
    -------
    float
        In [0, 1] if all pixels are.

    Raises
    ------
    ValueError
        If there is no image, or a pixel is NaN, or shapes do not match.

    Examples
    --------
    >>> mse([[0.0, 1.0]], [[0.5, 0.5]])
    0.25
    """
    return _mean_squared_error(*_check_pair(images, reconstructions))


def binary_cross_entropy(images, reconstructions) -> float:
    """Return the binary cross-entropy per pixel, in nats.

    For a gray pixel t and its reconstruction p it is
    -t log p - (1 - t) log(1 - p), as in Goodfellow, Bengio and Courville,
    Deep Learning (2016), section 6.2.2.2. Its least value is not 0 but the
    entropy of the pixel, `binary_cross_entropy(images, images)`.

    Parameters
    ----------
    images : array, shape (n, ...), in [0, 1]
    reconstructions : array of a shape that broadcasts to that of `images`
        Clipped to [1e-7, 1 - 1e-7], as Keras does.

    Raises
    ------
    ValueError
        If there is no image, a pixel of `images` is outside [0, 1], a pixel
        is NaN, or shapes do not match.

    Examples
    --------
    A gray level of one half says nothing about a pixel: it costs log 2.

    >>> round(binary_cross_entropy([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """
    return _cross_entropy(*_check_pair(images, reconstructions))


def print_scores(images, reconstructions: dict) -> dict:
    """Print one row a model: BCE and MSE per pixel on `images`.

    Parameters
    ----------
    images : array, shape (n, ...)
        If a value is outside [0, 1], there is no BCE, and a line says so.
    reconstructions : dict of str to array
        What each model made of `images`; a shape that broadcasts.

    Returns
    -------
    dict of str to dict
        For each model `{"bce": float, "mse": float}`, or `{"mse": float}`.

    Raises
    ------
    ValueError
        If `reconstructions` is empty, or as `mse` says.

    Examples
    --------
    >>> images = np.array([[0.0, 1.0]])
    >>> _ = print_scores(images, {"gray": 0 * images + 0.5})
           BCE (nats)      MSE
    gray       0.6931   0.2500
    """
    if not reconstructions:
        raise ValueError("reconstructions is empty: no model to score")
    scores = {}
    for name, made in reconstructions.items():
        # The copies in float64 are made once for both scores, and the one of
        # `images` once for all models.
        images, made = _check_pair(images, made)
        scores[name] = {"mse": _mean_squared_error(images, made)}
        if _is_in_unit_range(images):
            scores[name] = {"bce": _cross_entropy(images, made)} | scores[name]
    width = max(map(len, scores))
    if _is_in_unit_range(images):
        print(f"{'':{width}}   BCE (nats)      MSE")
        for name, row in scores.items():
            print(f"{name:{width}}   {row['bce']:10.4f}   {row['mse']:.4f}")
        return scores
    print(
        f"MSE only: the data span [{images.min():.3g}, {images.max():.3g}], "
        "and binary cross-entropy needs [0, 1]"
    )
    print(f"{'':{width}}          MSE")
    for name, row in scores.items():
        print(f"{name:{width}}   {row['mse']:10.4g}")
    return scores


def reconstruct_with_pca(x_train, images, n_codes: int):
    """Code images by the first principal components and decode them.

    Parameters
    ----------
    x_train : array, shape (n, ...)
        Where the components come from.
    images : array, shape (m, ...)
    n_codes : int
        Components kept, at most min(n, pixels).

    Returns
    -------
    array, shape of `images`
        Cut to the range of `x_train`, because PCA goes beyond it at edges. An
        image that itself goes beyond is cut to its own range there, so that
        all components give it back exactly. float32.

    Raises
    ------
    ValueError
        If there is no image, one holds NaN, shapes do not match, or `n_codes`
        is not in 1 ... min(n, pixels).

    Examples
    --------
    Images that differ in brightness alone need one component.

    >>> images = np.array([[0.1, 0.1], [0.2, 0.2], [0.6, 0.6]])
    >>> reconstructed = reconstruct_with_pca(images, images, n_codes=1)
    >>> bool(np.allclose(reconstructed, images))
    True
    """
    x_train, images = np.asarray(x_train), np.asarray(images)
    for name, array in (("x_train", x_train), ("images", images)):
        if array.size == 0:
            raise ValueError(f"{name} is empty: there is nothing to code")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} hold NaN or infinity: PCA takes neither")
    if images.size * len(x_train) != x_train.size * len(images):
        raise ValueError(
            f"images have shape {images.shape} and x_train {x_train.shape}: "
            "an image needs as many pixels in both; for one image write "
            "image[None]"
        )
    flat = x_train.reshape(len(x_train), -1)
    if not 1 <= n_codes <= min(flat.shape):
        raise ValueError(
            f"n_codes is {n_codes}: {flat.shape[0]} images of "
            f"{flat.shape[1]} pixels allow 1 to {min(flat.shape)}"
        )
    # The share of the variance, which nobody reads here, is 0 / 0 where all
    # images are the same.
    with np.errstate(invalid="ignore", divide="ignore"):
        pca = PCA(n_codes, random_state=0).fit(flat)
    rows = images.reshape(len(images), -1)
    decoded = pca.inverse_transform(pca.transform(rows))
    low = np.minimum(flat.min(), rows.min(axis=1, keepdims=True))
    high = np.maximum(flat.max(), rows.max(axis=1, keepdims=True))
    return decoded.clip(low, high).reshape(images.shape).astype("float32")


def score_neighbors(codes, labels, codes_test, labels_test, k=5) -> float:
    """Return the accuracy of a k-nearest-neighbors vote among codes.

    Parameters
    ----------
    codes, codes_test : array, shape (n, d) and (m, d)
    labels, labels_test : array, shape (n,) and (m,)
        Classes, as many as you like: numbers or names.
    k : int
        Neighbors that vote, at most n.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `k` is not in 1 ... n, there are no labels, or lengths differ.

    Examples
    --------
    >>> codes = [[0.0], [0.1], [5.0], [5.1]]
    >>> score_neighbors(codes, [0, 0, 1, 1], [[0.2], [4.0]], [0, 1], k=1)
    1.0
    """
    if not 1 <= k <= len(codes):
        raise ValueError(
            f"k is {k}: {len(codes)} codes allow 1 to {len(codes)}"
        )
    for points, classes in ((codes, labels), (codes_test, labels_test)):
        if classes is None or np.shape(classes) != (len(points),):
            raise ValueError(
                f"there are {len(points)} codes and labels of shape "
                f"{np.shape(classes)}: each code needs a class to vote for"
            )
    model = KNeighborsClassifier(k).fit(codes, labels)
    return float(model.score(codes_test, labels_test))


def _check_pair(images, reconstructions):
    images = np.asarray(images, dtype="float64")
    reconstructions = np.asarray(reconstructions, dtype="float64")
    if images.size == 0:
        raise ValueError("there is no image to score")
    try:
        fits = (
            np.broadcast_shapes(images.shape, reconstructions.shape)
            == images.shape
        )
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"reconstructions of shape {reconstructions.shape} do not fit "
            f"images of shape {images.shape}"
        )
    for name, array in (
        ("images", images),
        ("reconstructions", reconstructions),
    ):
        if np.isnan(array).any():
            raise ValueError(f"{name} hold NaN: the model has diverged")
    return images, reconstructions


def _mean_squared_error(images, reconstructions):
    return float(np.mean((images - reconstructions) ** 2))


def _is_in_unit_range(images):
    return images.min() >= 0 and images.max() <= 1


def _cross_entropy(images, reconstructions):
    if not _is_in_unit_range(images):
        raise ValueError(
            f"images span [{images.min():.3g}, {images.max():.3g}]: "
            "binary cross-entropy needs targets in [0, 1]; divide by 255?"
        )
    p = np.clip(reconstructions, EPSILON, 1 - EPSILON)
    # Grouped so that only one product is as large as `images`, although the
    # reconstruction may be a single image.
    black = np.log1p(-p)
    return float(-np.mean(images * (np.log(p) - black)) - np.mean(black))
