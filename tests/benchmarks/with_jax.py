"""Train the lessons' networks in JAX: a scan over the batches of an epoch.

python with_jax.py CONTENDER DATA.npz
"""

import functools
import sys

import contender
import jax
from jax import lax, nn
from jax import numpy as jnp

glorot = nn.initializers.glorot_uniform()
orthogonal = nn.initializers.orthogonal()


def start_dense(key, n_in, n_out):
    return {"w": glorot(key, (n_in, n_out)), "b": jnp.zeros(n_out)}


def dense(layer, x):
    return x @ layer["w"] + layer["b"]


class Dense:
    """784-32-784, as the lesson on the simple autoencoder has it."""

    def start(self, key):
        first, second = jax.random.split(key)
        return {
            "encode": start_dense(first, 784, 32),
            "decode": start_dense(second, 32, 784),
        }

    def find_logits(self, weights, images, key):
        return dense(weights["decode"], dense(weights["encode"], images))


class Convolutional:
    def __init__(self, width):
        self.sizes = [
            (6, 1, width),
            (3, width, width),
            (3, width, 32),
            (3, 32, width),
            (6, width, 1),
        ]

    def start(self, key):
        keys = jax.random.split(key, len(self.sizes))
        return [
            {"w": glorot(key, (side, side, n_in, n)), "b": jnp.zeros(n)}
            for key, (side, n_in, n) in zip(keys, self.sizes, strict=True)
        ]

    def find_logits(self, weights, images, key):
        x = images
        if key is not None:
            x = (x + 0.5 * jax.random.normal(key, x.shape)).clip(0, 1)
        layout = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}
        *inner, last = weights
        for layer, stride in zip(inner, (4, 1, 1, 1), strict=True):
            x = lax.conv_general_dilated(
                x, layer["w"], (stride, stride), "SAME", **layout
            )
            x = nn.gelu(x + layer["b"], approximate=False)
        x = lax.conv_transpose(x, last["w"], (4, 4), "SAME", **layout)
        return x + last["b"]


class Recurrent:
    def __init__(self, width, n_steps):
        self.width, self.n_steps = width, n_steps
        self.n_values = 784 // n_steps

    def start(self, key):
        keys = jax.random.split(key, 7)
        width, n_steps = self.width, self.n_steps
        return {
            "read": self.start_gru(*keys[:2], self.n_values),
            "encode": start_dense(keys[2], n_steps * width, 32),
            "decode": start_dense(keys[3], 32, n_steps * 32),
            "write": self.start_gru(*keys[4:6], 32),
            "draw": start_dense(keys[6], width, self.n_values),
        }

    def start_gru(self, first, second, n_values):
        states = (self.width, 3 * self.width)
        return {
            "inputs": start_dense(first, n_values, 3 * self.width),
            "states": {
                "w": orthogonal(second, states),
                "b": jnp.zeros(3 * self.width),
            },
        }

    def run_gru(self, weights, sequences):
        inputs = dense(weights["inputs"], jnp.swapaxes(sequences, 0, 1))

        def step(state, values):
            update, reset, new = jnp.split(values, 3, axis=-1)
            parts = jnp.split(dense(weights["states"], state), 3, axis=-1)
            update = nn.sigmoid(update + parts[0])
            new = jnp.tanh(new + nn.sigmoid(reset + parts[1]) * parts[2])
            state = update * state + (1 - update) * new
            return state, state

        start = jnp.zeros((len(sequences), self.width))
        states = lax.scan(step, start, inputs)[1]
        return jnp.swapaxes(states, 0, 1)

    def find_logits(self, weights, images, key):
        n = len(images)
        codes = dense(
            weights["encode"],
            self.run_gru(weights["read"], images).reshape(n, -1),
        )
        # By the mean and variance of these images, also when it is scored.
        codes = (codes - codes.mean(0)) / jnp.sqrt(codes.var(0) + 1e-3)
        inputs = dense(weights["decode"], codes).reshape(n, self.n_steps, 32)
        states = self.run_gru(weights["write"], inputs)
        return dense(weights["draw"], states)


NETWORKS = {
    "dense": Dense,
    "convolutional": Convolutional,
    "recurrent": Recurrent,
}


def train(x, y, recipe, watch):
    n, size, epochs = len(x), recipe["batch_size"], recipe["epochs"]
    whole = n // size
    n_steps = epochs * -(-n // size)
    network = NETWORKS[recipe["network"]](**recipe["settings"])

    def find_loss(weights, images, key):
        logits = network.find_logits(weights, images, key)
        return jnp.mean(nn.softplus(logits) - images * logits)

    @functools.partial(jax.jit, donate_argnums=0)
    def run_epoch(state, key, x):
        def step(state, batch):
            """Do a step of Adam."""
            weights, momentum, velocity, count = state
            rows, key = batch
            gradient = jax.grad(find_loss)(weights, x[rows], key)
            rate = recipe["learning_rate"] / 2
            rate *= 1 + jnp.cos(jnp.pi * count / n_steps)
            count += 1
            rate *= jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            each = jax.tree.map
            momentum = each(lambda m, g: m + 0.1 * (g - m), momentum, gradient)
            velocity = each(
                lambda v, g: v + 0.001 * (g * g - v), velocity, gradient
            )
            weights = each(
                lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7),
                *(weights, momentum, velocity),
            )
            return (weights, momentum, velocity, count), None

        for_order, for_noise = jax.random.split(key)
        order = jax.random.permutation(for_order, n)
        keys = jax.random.split(for_noise, whole + 1)
        rows = order[: whole * size].reshape(whole, size)
        state, _ = lax.scan(step, state, (rows, keys[:whole]))
        if n % size:
            state, _ = step(state, (order[whole * size :], keys[whole]))
        return state

    @jax.jit
    def draw(weights, seen):
        return nn.sigmoid(network.find_logits(weights, seen, None))

    x = jnp.asarray(x)
    key = jax.random.key(0)
    weights = network.start(key)
    momentum, velocity = (
        jax.tree.map(jnp.zeros_like, weights) for _ in range(2)
    )
    state = weights, momentum, velocity, jnp.zeros(())
    for epoch in range(epochs):
        state = run_epoch(state, jax.random.fold_in(key, epoch + 1), x)
        jax.block_until_ready(state)
        predict = functools.partial(draw, state[0])
        watch.end_epoch(predict)
    return predict


if __name__ == "__main__":
    contender.serve(train, sys.argv[2])
