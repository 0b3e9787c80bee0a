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
}
