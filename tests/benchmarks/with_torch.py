"""Train the lessons' networks in PyTorch.

    python with_torch.py CONTENDER DATA.npz

`torch` gathers batches from tensors in memory, `torch-loader` has a
DataLoader make them, with its defaults.
"""

import math
import sys

import contender
import torch
from torch import nn


class AddNoise(nn.Module):
    def forward(self, images):
        if not self.training:
            return images
        return (images + 0.5 * torch.randn_like(images)).clamp(0, 1)


class States(nn.Module):
    """A recurrent layer's states alone."""

    def __init__(self, n_values, width):
        super().__init__()
        self.gru = nn.GRU(n_values, width, batch_first=True)

    def forward(self, sequences):
        return self.gru(sequences)[0]


def build_dense():
    return [nn.Linear(784, 32), nn.Linear(32, 784), nn.Sigmoid()]


def build_convolutional(width):
    inner = [
        nn.Conv2d(1, width, 6, stride=4, padding=1),
        nn.Conv2d(width, width, 3, padding=1),
        nn.Conv2d(width, 32, 3, padding=1),
        nn.Conv2d(32, width, 3, padding=1),
    ]
    network = [nn.Flatten(), nn.Unflatten(1, (1, 28, 28)), AddNoise()]
    for layer in inner:
        network += [layer, nn.GELU()]
    last = nn.ConvTranspose2d(width, 1, 6, stride=4, padding=1)
    shape = nn.Flatten(), nn.Unflatten(1, (28, 28, 1))
    return [*network, last, nn.Sigmoid(), *shape]


def build_recurrent(width, n_steps):
    n_values = 784 // n_steps
    return [
        States(n_values, width),
        nn.Flatten(),
        nn.Linear(n_steps * width, 32),
        nn.BatchNorm1d(32, eps=1e-3, affine=False),
        nn.Linear(32, n_steps * 32),
        nn.Unflatten(1, (n_steps, 32)),
        States(32, width),
        nn.Linear(width, n_values),
        nn.Sigmoid(),
    ]


BUILDERS = {
    "dense": build_dense,
    "convolutional": build_convolutional,
    "recurrent": build_recurrent,
}


def build(network, settings):
    """Build a network, with the first weights that Keras would draw."""
    torch.manual_seed(0)
    model = nn.Sequential(*BUILDERS[network](**settings))
    for name, weights in model.named_parameters():
        if weights.ndim == 1:
            nn.init.zeros_(weights)
        elif "weight_hh" in name:
            nn.init.orthogonal_(weights)
        else:
            nn.init.xavier_uniform_(weights)
    return model


def train(x, y, recipe, watch, has_loader):
    n, size = len(x), recipe["batch_size"]
    model = build(recipe["network"], recipe["settings"])
    optimizer = torch.optim.Adam(
        model.parameters(), recipe["learning_rate"], fused=True
    )
    steps = recipe["epochs"] * math.ceil(n / size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    find_loss = nn.BCELoss()
    x = torch.from_numpy(x)
    if has_loader:
        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(x), size, shuffle=True
        )

    def make_batches():
        if has_loader:
            return (batch for (batch,) in loader)
        order = torch.randperm(n)
        return (x[order[i : i + size]] for i in range(0, n, size))

    def predict(images):
        model.eval()
        with torch.no_grad():
            return model(torch.from_numpy(images)).numpy()

    for _ in range(recipe["epochs"]):
        model.train()
        for batch in make_batches():
            optimizer.zero_grad()
            loss = find_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            schedule.step()
        watch.end_epoch(predict)
    return predict


if __name__ == "__main__":
    name, data = sys.argv[1:]

    def train_as_named(*arguments):
        return train(*arguments, has_loader=name == "torch-loader")

    contender.serve(train_as_named, data)
