// The decoder that a lesson has left, multiplied out in the browser.

// Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26;
// its error is at most 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const series = factors.reduce((total, factor) => (total + factor) * t, 0);
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

// As Keras computes them. utils/explore.py names the same ones.
const ACTIVATIONS = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
};

// Half precision, IEEE 754: a sign, 5 bits of exponent, 10 of fraction. Not
// every browser has Float16Array.
function readHalf(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 0) return sign * fraction * 2 ** -14;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}

// Each layer's weights are its kernel, row by row, and its biases; a layer
// without a shape is an activation only.
function decode(layers, weights, codes) {
  let values = codes;
  let start = 0;
  for (const { shape, activation } of layers) {
    if (shape) {
      const [nInputs, nOutputs] = shape;
      const end = start + nInputs * nOutputs;
      const sums = Array.from(weights.subarray(end, end + nOutputs));
      for (let i = 0; i < nInputs; i++)
        for (let j = 0; j < nOutputs; j++)
          sums[j] += values[i] * weights[start + i * nOutputs + j];
      values = sums;
      start = end + nOutputs;
    }
    values = values.map(ACTIVATIONS[activation]);
  }
  return values;
}

async function fetchFile(address) {
  const name = address.split("/").at(-1);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

// Loads the decoder of a lesson, "07". Resolves to `setup`, which says what the
// codes are, and to `decode`, which makes pixels from 0 to 1 of codes.
export async function loadDecoder(lesson) {
  const find = (name) => new URL(`./decoder/${lesson}/${name}`, import.meta.url).href;
  const [description, file] = await Promise.all([
    fetchFile(find("decoder.json")).then((response) => response.json()),
    fetchFile(find("decoder.bin")).then((response) => response.arrayBuffer()),
  ]);
  const view = new DataView(file);
  const weights = Float32Array.from({ length: file.byteLength / 2 }, (_, i) =>
    readHalf(view.getUint16(2 * i, true)),
  );
  return {
    setup: { ...description.setup, map: find(description.setup.map) },
    decode: (codes) => decode(description.layers, weights, codes),
  };
}

// Draws pixels from 0 to 1 into a canvas, as a square in gray.
export function drawPixels(canvas, pixels) {
  const side = Math.sqrt(pixels.length);
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  pixels.forEach((pixel, i) => {
    const gray = 255 * pixel;
    image.data.set([gray, gray, gray, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
