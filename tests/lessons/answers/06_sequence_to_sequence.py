"""Answers to the exercises of lesson 06, right and wrong, in any style."""

COUNT_RIGHT = [
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (n_inputs + n_units + 2)
""",
    """
def count_gru_weights(n_inputs, n_units):
    layer = layers.GRU(n_units)
    layer.build((None, None, n_inputs))
    return layer.count_params()
""",
    """
def count_gru_weights(n_inputs, n_units):
    gru = keras.layers.GRU(n_units)
    gru(np.zeros((1, 2, n_inputs), dtype="float32"))
    return sum(weight.size for weight in gru.get_weights())
""",
    """
def count_gru_weights(n_inputs, n_units):
    kernel = n_inputs * n_units
    recurrent = n_units ** 2
    biases = 2 * n_units
    total = 0
    for block in ("update", "reset", "candidate"):
        total += kernel + recurrent + biases
    return total
""",
    """
def count_gru_weights(n_inputs, n_units):
    shapes = [(n_inputs, n_units), (n_units, n_units), (2, n_units)]
    return 3 * np.sum([np.prod(shape) for shape in shapes])
""",
    """
count_gru_weights = lambda n_inputs, n_units: float(
    3 * (n_inputs * n_units + n_units * n_units + n_units + n_units)
)
count_gru_weights.__name__ = "count_gru_weights"
""",
    """
def count_gru_weights(n_inputs, n_units):
    inputs = keras.Input((None, n_inputs))
    model = keras.Model(inputs, layers.GRU(n_units)(inputs))
    return model.count_params()
""",
    """
def count_gru_weights(n_inputs, n_units):
    kernels = 3 * n_units * (n_inputs + n_units)
    return ops.convert_to_tensor(kernels + 6 * n_units)
""",
]

COUNT_WRONG = [
    """
def count_gru_weights(n_inputs, n_units):
    return 294
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 6 * n_units ** 2
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (2 * n_inputs + 4)
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * (n_inputs + 2) * (n_inputs + n_units + 2)
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (n_inputs + n_units + 1)
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 4 * n_units * (n_inputs + n_units + 2)
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (n_inputs + n_units)
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_inputs * (n_inputs + n_units + 2)
""",
    """
def count_gru_weights(n_inputs, n_units):
    layer = layers.LSTM(n_units)
    layer.build((None, None, n_inputs))
    return layer.count_params()
""",
    """
def count_gru_weights(n_inputs, n_units):
    layer = layers.GRU(n_units, reset_after=False)
    layer.build((None, None, n_inputs))
    return layer.count_params()
""",
    """
def count_gru_weights(n_inputs, n_units):
    print(3 * n_units * (n_inputs + n_units + 2))
""",
    """
def count_gru_weights(n_inputs, n_units):
    layer = layers.GRU(n_units)
    layer.build((None, None, n_inputs))
    return [weight.shape for weight in layer.weights]
""",
    """
def count_gru_weights(n_inputs, n_units):
    return 3 * n_units * (n_inputs + n_units + 2) + 1
""",
]

MIXED_RIGHT = [
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = np.zeros_like(true_rows)
    chosen = use_drawn[:, 1:, None]
    mixed[:, 1:] = np.where(chosen, drawn_rows[:, :-1], true_rows[:, :-1])
    return mixed
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    return np.where(
        use_drawn[..., None],
        shift_by_one_step(drawn_rows),
        shift_by_one_step(true_rows),
    )
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = np.zeros(true_rows.shape)
    for i in range(true_rows.shape[0]):
        for t in range(1, true_rows.shape[1]):
            if use_drawn[i, t]:
                mixed[i, t] = drawn_rows[i, t - 1]
            else:
                mixed[i, t] = true_rows[i, t - 1]
    return mixed
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    true_before = shift_by_one_step(true_rows)
    true_before[use_drawn] = shift_by_one_step(drawn_rows)[use_drawn]
    return true_before
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    zeros = ops.zeros_like(true_rows[:, :1])
    true_before = ops.concatenate([zeros, true_rows[:, :-1]], axis=1)
    drawn_before = ops.concatenate([zeros, drawn_rows[:, :-1]], axis=1)
    return ops.where(use_drawn[:, :, None], drawn_before, true_before)
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    share = use_drawn[..., None].astype("float32")
    before = np.roll(true_rows, 1, axis=1) * (1 - share)
    before += np.roll(drawn_rows, 1, axis=1) * share
    before[:, 0] = 0
    return before
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    use = use_drawn[:, 1:, None]
    chosen = np.where(use, drawn_rows[:, :-1], true_rows[:, :-1])
    return np.pad(chosen, ((0, 0), (1, 0), (0, 0)))
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    result = []
    for true, drawn, use in zip(true_rows, drawn_rows, use_drawn):
        sequence = [np.zeros_like(true[0])]
        for t in range(1, len(true)):
            sequence.append(drawn[t - 1] if use[t] else true[t - 1])
        result.append(sequence)
    return result
""",
]

MIXED_WRONG = [
    # The choice of another step.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = np.zeros_like(true_rows)
    chosen = use_drawn[:, :-1, None]
    mixed[:, 1:] = np.where(chosen, drawn_rows[:, :-1], true_rows[:, :-1])
    return mixed
""",
    # Exchanged.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    return np.where(
        use_drawn[..., None],
        shift_by_one_step(true_rows),
        shift_by_one_step(drawn_rows),
    )
""",
    # No shift.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    return np.where(use_drawn[..., None], drawn_rows, true_rows)
""",
    # Shifted the other way.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = np.zeros_like(true_rows)
    chosen = use_drawn[:, :-1, None]
    mixed[:, :-1] = np.where(chosen, drawn_rows[:, 1:], true_rows[:, 1:])
    return mixed
""",
    # The first step is the last one.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    true_rows = np.roll(true_rows, 1, axis=1)
    drawn_rows = np.roll(drawn_rows, 1, axis=1)
    return np.where(use_drawn[..., None], drawn_rows, true_rows)
""",
    # The first step is missing.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    use = use_drawn[:, 1:, None]
    return np.where(use, drawn_rows[:, :-1], true_rows[:, :-1])
""",
    # Changes its argument.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    chosen = use_drawn[:, 1:, None]
    true_rows[:, 1:] = np.where(chosen, drawn_rows[:, :-1], true_rows[:, :-1])
    true_rows[:, 0] = 0
    return true_rows
""",
    # One choice for all sequences.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = shift_by_one_step(true_rows)
    mixed[:, use_drawn[0]] = shift_by_one_step(drawn_rows)[:, use_drawn[0]]
    return mixed
""",
    # use_drawn is ignored.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    return shift_by_one_step(drawn_rows)
""",
    # A mean of both.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = shift_by_one_step(true_rows)
    drawn = shift_by_one_step(drawn_rows)
    mixed[use_drawn] = (mixed[use_drawn] + drawn[use_drawn]) / 2
    return mixed
""",
    # The third axis at the wrong place.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    return np.where(
        use_drawn[:, None],
        shift_by_one_step(drawn_rows),
        shift_by_one_step(true_rows),
    )
""",
    # Drawn is the negative, as in another example.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = shift_by_one_step(true_rows)
    mixed[use_drawn] *= -1
    return mixed
""",
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = shift_by_one_step(true_rows)
    mixed[use_drawn] = shift_by_one_step(drawn_rows)[use_drawn]
""",
    # The first step is drawn, too.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = shift_by_one_step(true_rows)
    mixed[use_drawn] = shift_by_one_step(drawn_rows)[use_drawn]
    mixed[:, 0] = true_rows[:, 0]
    return mixed
""",
    # Whole numbers only.
    """
def make_mixed_rows(true_rows, drawn_rows, use_drawn):
    mixed = np.zeros(true_rows.shape, dtype=int)
    chosen = use_drawn[:, 1:, None]
    mixed[:, 1:] = np.where(chosen, drawn_rows[:, :-1], true_rows[:, :-1])
    return mixed
""",
]

ALARMS_RIGHT = [
    """
def find_alarms(whole_scores, scores, share):
    return scores > np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return np.greater(scores, np.percentile(whole_scores, 100 * (1 - share)))
""",
    """
def find_alarms(whole_scores, scores, share):
    in_order = np.sort(whole_scores)
    n_allowed = int(round(share * len(in_order)))
    threshold = in_order[len(in_order) - n_allowed - 1]
    return [bool(score > threshold) for score in scores]
""",
    """
def find_alarms(whole_scores, scores, share):
    exceeded_by = (whole_scores[None, :] >= scores[:, None]).mean(axis=1)
    return exceeded_by < share
""",
    """
def find_alarms(whole_scores, scores, share):
    threshold = np.quantile(whole_scores, 1 - share, method="higher")
    return ops.convert_to_tensor(scores) > threshold
""",
    """
def find_alarms(whole_scores, scores, share):
    threshold = -np.quantile(-whole_scores, share)
    return tuple(score >= threshold for score in scores)
""",
    """
def find_alarms(whole_scores, scores, share):
    threshold = ops.quantile(whole_scores, 1 - share)
    return ops.greater(scores, threshold)
""",
    """
def find_alarms(whole_scores, scores, share):
    threshold = np.quantile(whole_scores, 1 - share)
    alarms = np.zeros(len(scores), dtype=bool)
    for i, score in enumerate(scores):
        if score > threshold:
            alarms[i] = True
    return alarms
""",
    """
def find_alarms(whole_scores, scores, share):
    threshold = np.quantile(whole_scores, 1 - share)
    return (score > threshold for score in scores)
""",
]

ALARMS_WRONG = [
    # Of whole and broken together.
    """
def find_alarms(whole_scores, scores, share):
    both = np.concatenate([whole_scores, scores])
    return scores > np.quantile(both, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > np.quantile(scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > np.quantile(whole_scores, share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > np.quantile(whole_scores, 0.9)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores < np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > whole_scores.mean() + 2 * whole_scores.std()
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > whole_scores.mean() + whole_scores.std()
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > whole_scores.max()
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > (1 - share) * whole_scores.max()
""",
    # Right only for sorted scores.
    """
def find_alarms(whole_scores, scores, share):
    return scores > whole_scores[int((1 - share) * len(whole_scores))]
""",
    """
def find_alarms(whole_scores, scores, share):
    return np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return whole_scores > np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores[scores > np.quantile(whole_scores, 1 - share)]
""",
    """
def find_alarms(whole_scores, scores, share):
    return np.sort(scores) > np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    whole_scores.sort()
    return scores > np.quantile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    return scores > np.percentile(whole_scores, 1 - share)
""",
    """
def find_alarms(whole_scores, scores, share):
    n_alarms = int(share * len(scores))
    return scores >= np.sort(scores)[-max(1, n_alarms)]
""",
]

BUILD_RIGHT = [
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    state = layers.GRU(WIDTH)(inputs)
    codes = layers.Dense(n_codes)(state)
    scale = layers.BatchNormalization(momentum=0.9, center=False, scale=False)
    return keras.Model(inputs, scale(codes))
""",
    """
def build_last_state_encoder(n_values, n_codes):
    return keras.Sequential(
        [
            keras.Input((None, n_values)),
            layers.LSTM(64),
            layers.Dense(n_codes),
            layers.BatchNormalization(),
        ]
    )
""",
    # Not built before its first call.
    """
def build_last_state_encoder(n_values, n_codes):
    return keras.Sequential(
        [layers.GRU(32), layers.Dense(n_codes), layers.BatchNormalization()]
    )
""",
    # All states, of which the last is taken.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(WIDTH, return_sequences=True)(inputs)
    codes = layers.Dense(n_codes)(states[:, -1])
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    """
def build_last_state_encoder(n_values, n_codes):
    class Encoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.read = layers.SimpleRNN(40)
            self.shrink = layers.Dense(n_codes)
            self.scale = layers.BatchNormalization(center=False, scale=False)

        def call(self, sequences, training=None):
            codes = self.shrink(self.read(sequences))
            return self.scale(codes, training=training)

    return Encoder()
""",
    # Two recurrent layers.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(24, return_sequences=True)(inputs)
    state = layers.GRU(24)(states)
    codes = layers.BatchNormalization(center=False, scale=False)(
        layers.Dense(n_codes, use_bias=False)(state)
    )
    return keras.Model(inputs, codes)
""",
    # The state itself is the code.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    state = layers.GRU(n_codes)(inputs)
    scale = layers.BatchNormalization(momentum=0.9, center=False, scale=False)
    return keras.Model(inputs, scale(state))
""",
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    cell = layers.GRUCell(WIDTH)
    state = layers.RNN(cell)(inputs)
    state = layers.Dense(32, "relu")(state)
    codes = layers.Dense(n_codes)(state)
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    _, hidden, cell = layers.LSTM(WIDTH, return_state=True)(inputs)
    both = layers.Concatenate()([hidden, cell])
    codes = layers.Dense(n_codes)(both)
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
]

BUILD_WRONG = [
    # The states of all steps, as in the lesson.
    """
def build_last_state_encoder(n_values, n_codes):
    return build_encoder((N_STEPS, n_values), n_codes)
""",
    # Not scaled.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    return keras.Model(inputs, codes)
""",
    # Scaled for each sequence, not for each code.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    return keras.Model(inputs, layers.LayerNormalization()(codes))
""",
    # The mean of all states.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(WIDTH, return_sequences=True)(inputs)
    state = layers.GlobalAveragePooling1D()(states)
    codes = layers.Dense(n_codes)(state)
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # The largest of all states.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(WIDTH, return_sequences=True)(inputs)
    state = layers.GlobalMaxPooling1D()(states)
    codes = layers.Dense(n_codes)(state)
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # The first state.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(WIDTH, return_sequences=True)(inputs)
    codes = layers.Dense(n_codes)(states[:, 0])
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # The last input, no state.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(inputs[:, -1])
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # From the last step to the first.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH, go_backwards=True)(inputs))
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # Codes at each step.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    states = layers.GRU(WIDTH, return_sequences=True)(inputs)
    codes = layers.Dense(n_codes)(states)
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # A fixed number of steps.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((N_STEPS, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # The lesson's number of codes.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(32)(layers.GRU(WIDTH)(inputs))
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # The whole autoencoder.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    codes = layers.BatchNormalization()(codes)
    return keras.Model(inputs, layers.Dense(n_values)(codes))
""",
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    model = keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # No recurrence: the mean of the inputs.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GlobalAveragePooling1D()(inputs))
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # Both names exchanged.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_codes))
    codes = layers.Dense(n_values)(layers.GRU(WIDTH)(inputs))
    return keras.Model(inputs, layers.BatchNormalization()(codes))
""",
    # Squeezed by a sigmoid after scaling.
    """
def build_last_state_encoder(n_values, n_codes):
    inputs = keras.Input((None, n_values))
    codes = layers.Dense(n_codes)(layers.GRU(WIDTH)(inputs))
    codes = layers.BatchNormalization()(codes)
    return keras.Model(inputs, layers.Activation("sigmoid")(codes))
""",
]

RIGHT = {
    "count_gru_weights": COUNT_RIGHT,
    "make_mixed_rows": MIXED_RIGHT,
    "find_alarms": ALARMS_RIGHT,
    "build_last_state_encoder": BUILD_RIGHT,
}
WRONG = {
    "count_gru_weights": COUNT_WRONG,
    "make_mixed_rows": MIXED_WRONG,
    "find_alarms": ALARMS_WRONG,
    "build_last_state_encoder": BUILD_WRONG,
}
