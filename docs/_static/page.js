// A map of codes and what is decoded from it, on its own page and in lessons.
import { loadDecoder } from "./decoder.js";
import { buildExplorer } from "./explore.js";

const element = document.querySelector(".explorer");
const status = document.querySelector(".explorer-status");

async function start() {
  const { setup, decode } = await loadDecoder(element.dataset.decoder);
  const show = (codes) => explorer.draw(decode(codes).map((pixel) => 255 * pixel));
  const explorer = buildExplorer(element, setup, show);
  show(setup.codes);
  status.textContent = "";
  // In a lesson, it takes the place of the sheet that needs no scripts.
  element
    .closest(".cell_output")
    ?.querySelectorAll("img")
    .forEach((image) => {
      if (!element.contains(image)) (image.closest("a") ?? image).hidden = true;
    });
  // For tests, which compare with Keras.
  Object.assign(element, { decode });
  element.dataset.ready = "yes";
}

// The decoder is loaded when the map comes near the screen.
const watcher = new IntersectionObserver(
  ([entry]) => {
    if (!entry.isIntersecting) return;
    watcher.disconnect();
    start().catch((error) => {
      status.textContent =
        `The decoder could not be loaded (${error.message}). ` +
        "Pages that are opened as files cannot load it: serve the folder instead.";
    });
  },
  { rootMargin: "1000px" },
);
watcher.observe(element);
