"""The formulas of lesson 06: a recurrent step, and waves."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.metrics import roc_auc_score
from take import take

LESSON = "06_sequence_to_sequence"


# --- Lesson 06: a recurrent step ---------------------------------------------


def test_lstm_step_is_that_of_keras():
    step = take(LESSON, "find_lstm_step").find_lstm_step
    keras.utils.set_random_seed(0)
    lstm = layers.LSTM(5, return_state=True, bias_initializer="normal")
    x = np.random.default_rng(0).normal(size=(4, 7, 3)).astype("float32")
    _, *expected = lstm(x)
    hidden = cell = np.zeros((4, 5), "float32")
    for t in range(7):
        hidden, cell = step(x[:, t], hidden, cell, *lstm.get_weights())
    np.testing.assert_allclose(hidden, expected[0], atol=1e-5)
    np.testing.assert_allclose(cell, expected[1], atol=1e-5)


@pytest.mark.parametrize(
    ("n_inputs", "n_units", "n_steps"), [(28, 32, 28), (1, 5, 3), (7, 2, 1)]
)
def test_lstm_products_are_kernel_entries_at_each_step(
    n_inputs, n_units, n_steps
):
    count = take(LESSON, "count_lstm_products").count_lstm_products
    lstm = layers.LSTM(n_units)
    lstm.build((None, n_steps, n_inputs))
    kernels = lstm.count_params() - 4 * n_units
    assert count(n_inputs, n_units, n_steps) == n_steps * kernels


def test_forced_inputs_see_only_the_past():
    lesson = take(LESSON, "shift_by_one_step", "add_codes")
    sequences = np.arange(1.0, 13).reshape(2, 3, 2)
    rows_before = lesson.shift_by_one_step(sequences)
    inputs = lesson.add_codes(rows_before, np.array([[7.0], [8.0]]))
    assert inputs.shape == (2, 3, 3)
    assert (inputs[:, 0, :2] == 0).all()
    assert (inputs[:, 1:, :2] == sequences[:, :-1]).all()
    assert (inputs[..., 2] == [[7] * 3, [8] * 3]).all()


def test_running_free_feeds_back_what_was_drawn():
    keras.utils.set_random_seed(0)
    lesson = take(LESSON, "decode_free", n_pixels=3, N_STEPS=5)
    model = keras.Sequential(
        [
            keras.Input((None, 3 + 2)),
            layers.GRU(4, return_sequences=True),
            layers.Dense(3, "sigmoid"),
        ]
    )
    codes = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    rows = lesson.decode_free(model, codes)
    # With its own drawing as the teacher, the decoder draws the same.
    before = np.concatenate([np.zeros((6, 1, 3)), rows[:, :-1]], axis=1)
    repeated = np.repeat(codes[:, None], 5, axis=1)
    inputs = np.concatenate([before, repeated], axis=2).astype("float32")
    np.testing.assert_allclose(rows, model(inputs), atol=1e-5)


def test_halves_and_shuffled_rows_are_those_of_the_images():
    names = "shuffle_rows", "keep_upper", "take_halves"
    lesson = take(LESSON, *names)
    images = np.random.default_rng(0).uniform(0.1, 1, (4, 28, 28))
    for n_steps in (7, 28):
        sequences = images.reshape(4, n_steps, -1)
        order = np.random.default_rng(1).permutation(28)
        shuffled = lesson.shuffle_rows(sequences, order)
        assert shuffled.shape == sequences.shape
        assert (shuffled.reshape(4, 28, 28) == images[:, order]).all()
        undone = lesson.shuffle_rows(shuffled, np.argsort(order))
        assert (undone == sequences).all()
        upper = lesson.keep_upper(sequences).reshape(4, 28, 28)
        assert (upper[:, :14] == images[:, :14]).all()
        assert (upper[:, 14:] == 0).all() and (sequences > 0).all()
        top, bottom = lesson.take_halves(sequences)
        assert (top.reshape(4, 14, 28) == images[:, :14]).all()
        assert (bottom.reshape(4, 14, 28) == images[:, 14:]).all()


# --- Lesson 06: waves --------------------------------------------------------


def test_waves_have_the_frequency_that_is_claimed():
    make = take(LESSON, "make_waves").make_waves
    waves, truth = make(200, 64, 0.0, np.random.default_rng(0))
    assert waves.shape == (200, 64, 1) and waves.dtype == np.float32
    # Padding with zeros gives a finer scale of frequencies.
    windowed = waves[..., 0] * np.hanning(64)
    power = np.abs(np.fft.rfft(windowed, 64 * 16))
    found = power.argmax(axis=1) / 16
    np.testing.assert_allclose(found, truth["frequency"], atol=0.35)
    assert abs(np.mean(found - truth["frequency"])) < 0.05


def test_waves_are_sines_of_the_claimed_numbers():
    make = take(LESSON, "make_waves").make_waves
    waves, truth = make(500, 16, 0.0, np.random.default_rng(1))
    phase = np.arctan2(truth["sin(phase)"], truth["cos(phase)"])
    times = np.arange(16) / 16
    angles = 2 * np.pi * np.outer(truth["frequency"], times)
    expected = truth["amplitude"][:, None] * np.sin(angles + phase[:, None])
    np.testing.assert_allclose(waves[..., 0], expected, atol=1e-5)
    assert 1 <= truth["frequency"].min() < 1.1
    assert 2.9 < truth["frequency"].max() <= 3
    assert truth["amplitude"].min() >= 0.5 and truth["amplitude"].max() <= 1
    assert phase.min() < -3 and phase.max() > 3


def test_waves_carry_the_noise_that_is_asked_for():
    make = take(LESSON, "make_waves").make_waves
    clean, _ = make(500, 16, 0.0, np.random.default_rng(2))
    noisy, _ = make(500, 16, 0.1, np.random.default_rng(2))
    assert 0.095 < np.std(noisy - clean) < 0.105


def test_fault_stands_still_and_spares_the_original():
    add_fault = take(LESSON, "add_fault").add_fault
    waves = np.random.default_rng(0).normal(size=(100, 16, 1))
    before = waves.copy()
    broken = add_fault(waves, 6, np.random.default_rng(1))
    assert (waves == before).all()
    assert ((np.diff(broken[..., 0]) == 0).sum(axis=1) == 5).all()
    assert ((broken != waves).sum(axis=(1, 2)) == 5).all()
    assert (broken[:, 0] == waves[:, 0]).all()
    with pytest.raises(ValueError, match="14"):
        add_fault(waves, 15, np.random.default_rng(1))


def test_anomaly_score_is_the_mean_square_of_each_sequence():
    score = take(LESSON, "score_anomaly").score_anomaly
    sequences = np.zeros((3, 4, 2))
    made = sequences.copy()
    made[1, 0, 0] = 4
    made[2] = 1
    np.testing.assert_allclose(score(sequences, made), [0, 2, 1])
    assert roc_auc_score([0, 1, 1], score(sequences, made)) == 1


def test_area_is_the_chance_that_a_fault_scores_higher():
    find_auc = take(LESSON, "find_auc").find_auc
    assert find_auc(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])) == 1
    assert find_auc(np.array([1.0, 3.0]), np.array([2.0, 0.0])) == 0.25
    assert find_auc(np.zeros(3), np.zeros(5)) == 0.5
