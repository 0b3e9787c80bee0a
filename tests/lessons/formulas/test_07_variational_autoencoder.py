"""The formulas that lesson 07 teaches, held against other ways to get them."""

import keras
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logsumexp
from scipy.stats import norm
from take import take

LESSON = "07_variational_autoencoder"
REGIONS = [(0.0, 0.0), (1.0, -1.0), (-2.0, 0.5), (0.5, -6.0), (3.0, 2.0)]


@pytest.mark.parametrize(("mean", "log_variance"), REGIONS)
def test_kl_is_the_integral(mean, log_variance):
    find_kl = take(LESSON, "find_kl").find_kl
    deviation = np.exp(log_variance / 2)

    def find_density(z):
        log_q = norm.logpdf(z, mean, deviation)
        return np.exp(log_q) * (log_q - norm.logpdf(z))

    ends = mean - 12 * deviation, mean + 12 * deviation
    integral = quad(find_density, *ends, points=[mean])[0]
    exact = float(find_kl(np.float64(mean), np.float64(log_variance)))
    assert exact == pytest.approx(integral, abs=1e-5)


def test_kl_by_draws_agrees_and_keeps_codes_apart():
    lesson = take(LESSON, "find_kl", "find_kl_by_draws")
    means, log_variances = np.array(REGIONS, dtype="float32").T
    exact = np.asarray(lesson.find_kl(means, log_variances))
    drawn = lesson.find_kl_by_draws(means, log_variances)
    assert exact.shape == drawn.shape == (len(REGIONS),)
    assert np.allclose(exact, drawn, atol=0.05)


def test_cost_is_the_cross_entropy_summed_over_pixels():
    find_cost = take(LESSON, "find_cost").find_cost
    generator = np.random.default_rng(0)
    images = generator.random((3, 11)).astype("float32")
    logits = generator.normal(0, 4, (3, 11)).astype("float32")
    p = expit(logits.astype("float64"))
    expected = -images * np.log(p) - (1 - images) * np.log1p(-p)
    found = np.asarray(find_cost(images, logits))
    assert np.allclose(found, expected.sum(axis=1), rtol=1e-4)
    # No pixel is so wrong that the cost is not finite.
    assert float(find_cost(np.ones((1, 1)), np.array([[-200.0]]))[0]) == 200


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
def test_draws_have_mean_and_deviation(noise):
    keras.utils.set_random_seed(7)
    sample = take(LESSON, "Sample").Sample(noise)
    mean = np.tile(np.float32([-1, 2]), (50_000, 1))
    log_variance = np.tile(np.log(np.float32([4, 0.25])), (50_000, 1))
    draws = np.asarray(sample(mean, log_variance))
    assert np.allclose(draws.mean(axis=0), [-1, 2], atol=0.05)
    wanted = noise * np.array([2, 0.5])
    assert np.allclose(draws.std(axis=0), wanted, rtol=0.02, atol=1e-5)
    # Each code has noise of its own, and each call new noise.
    if noise:
        assert abs(np.corrcoef(draws.T)[0, 1]) < 0.05
        assert not np.allclose(draws, np.asarray(sample(mean, log_variance)))


class Toy:
    """A decoder of one code, so that log p(x) is an integral over a line."""

    weight = np.float32([[2.0, -1.0, 0.5]])

    def __init__(self, mean, log_variance):
        self.region = np.float32([[mean]]), np.float32([[log_variance]])

    def encoder(self, images):
        return [np.repeat(x, len(images), axis=0) for x in self.region]

    def decoder(self, codes):
        return codes @ self.weight


@pytest.mark.parametrize("region", [(0.7, -0.5), (0.0, 0.0), (-1.0, -2.0)])
def test_bound_lies_above_by_the_kl_to_the_posterior(region):
    score_bound = take(
        LESSON, "find_kl", "find_cost", "score_bound", N_DRAWS=1
    ).score_bound
    image = np.float32([[1, 0, 1]])
    z = np.linspace(-9, 9, 20_001)
    step = z[1] - z[0]
    logits = z[:, None] * Toy.weight
    log_joint = norm.logpdf(z) + (
        image * logits - np.logaddexp(0, logits)
    ).sum(axis=1)
    log_evidence = logsumexp(log_joint) + np.log(step)
    log_q = norm.logpdf(z, region[0], np.exp(region[1] / 2))
    log_posterior = log_joint - log_evidence
    gap = np.sum(np.exp(log_q) * (log_q - log_posterior)) * step
    # Many copies of the image with one draw each: the mean is over both.
    copies = np.repeat(image, 20_000, axis=0)
    toy = Toy(*region)
    terms = score_bound(toy.encoder, toy.decoder, copies, n_draws=1)
    assert terms["bound"] == pytest.approx(terms["cost"] + terms["kl"])
    assert terms["bound"] == pytest.approx(gap - log_evidence, abs=0.05)
    assert terms["bound"] >= -log_evidence - 0.05


@pytest.mark.parametrize(("beta", "free_nats"), [(1, 0), (0.5, 0), (4, 0.7)])
def test_penalty_is_summed_over_codes_and_averaged_over_images(
    beta, free_nats
):
    lesson = take(LESSON, "find_kl", "Penalty")
    generator = np.random.default_rng(3)
    mean = generator.normal(size=(5, 3)).astype("float32")
    log_variance = generator.normal(size=(5, 3)).astype("float32")
    penalty = lesson.Penalty(beta, free_nats)
    penalty(mean, log_variance)
    kl = (mean**2 + np.exp(log_variance) - log_variance - 1) / 2
    of_codes = [max(code.mean(), free_nats) for code in kl.T]
    (added,) = penalty.losses
    assert float(added) == pytest.approx(beta * sum(of_codes), rel=1e-5)


NAMES = (
    "find_kl",
    "find_cost",
    "build_hidden",
    "build_stack",
    "build_encoder",
    "Sample",
    "Penalty",
    "build_vae",
)


def test_model_is_the_same_after_saving(tmp_path):
    lesson = take(LESSON, *NAMES, seed=1)
    images = np.random.default_rng(0).random((6, 784)).astype("float32")
    encoder, decoder, model = lesson.build_vae(
        3, [8], "vae", beta=4.0, free_nats=0.1
    )
    model.compile(keras.optimizers.Adam(1e-3), loss=lesson.find_cost)
    model.fit(images, images, epochs=1, verbose=0)
    model.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    for ours, its in zip(
        encoder(images), loaded.get_layer("encoder")(images), strict=True
    ):
        np.testing.assert_array_equal(ours, its)
    codes = np.eye(3, dtype="float32")
    np.testing.assert_array_equal(
        decoder(codes), loaded.get_layer("decoder")(codes)
    )
    penalty = loaded.get_layer("penalty")
    assert float(penalty.beta) == 4 and penalty.free_nats == 0.1
    assert loaded.evaluate(images, images, verbose=0) > 0
    loaded.fit(images, images, epochs=1, verbose=0)


def test_no_gradient_goes_into_the_noise_and_one_into_mean_and_variance():
    import tensorflow as tf

    sample = take(LESSON, "Sample").Sample()
    mean, log_variance = tf.zeros((4, 2)), tf.ones((4, 2))
    with tf.GradientTape() as tape:
        tape.watch([mean, log_variance])
        codes = sample(mean, log_variance)
    to_mean, to_log_variance = tape.gradient(codes, [mean, log_variance])
    np.testing.assert_allclose(to_mean, 1)
    # The derivative of exp(l / 2) is half of itself, times the noise.
    np.testing.assert_allclose(to_log_variance, codes / 2, rtol=1e-5)
