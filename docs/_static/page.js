// The explorer of the site: lesson 7's decoder, run by onnxruntime-web.
import { buildExplorer } from "./explore.js";

const status = document.getElementById("explorer-status");

async function start() {
  const here = new URL("./decoder/", import.meta.url).href;
  const ort = await import(`${here}ort.wasm.min.mjs`);
  ort.env.wasm.wasmPaths = here;
  ort.env.wasm.numThreads = 1; // one image is little work
  const [session, { setup }] = await Promise.all([
    ort.InferenceSession.create(`${here}decoder.onnx`),
    fetch(`${here}decoder.json`).then((response) => response.json()),
  ]);

  async function decode(codes) {
    const tensor = new ort.Tensor("float32", Float32Array.from(codes), [1, 2]);
    const results = await session.run({ [session.inputNames[0]]: tensor });
    return results[session.outputNames[0]].data;
  }

  // One image at a time: where the point is now, not all of its way.
  let isBusy = false;
  let next = null;
  async function follow(codes) {
    next = codes;
    if (isBusy) return;
    isBusy = true;
    while (next) {
      const now = next;
      next = null;
      explorer.draw((await decode(now)).map((pixel) => 255 * pixel));
    }
    isBusy = false;
  }

  const element = document.getElementById("explorer");
  const explorer = buildExplorer(element, setup, follow);
  await follow(setup.codes);
  status.textContent = "";
  // For tests, which compare with Keras.
  Object.assign(element, { decode });
  element.dataset.ready = "yes";
}

start().catch((error) => {
  status.textContent =
    `The decoder could not be loaded (${error.message}). ` +
    "Pages that are opened as files cannot load it: serve the folder instead.";
});
