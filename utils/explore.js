// An explorer of codes: when a point is moved over a map of two codes, or the
// slider of a code, the decoded picture follows. Lessons show it with
// anywidget; the site has a decoder of its own.

const STYLE = `
.code-explorer { display: flex; flex-wrap: wrap; gap: 16px; }
.code-explorer > * { flex: 0 0 auto; }
.code-explorer .map { position: relative; touch-action: none; cursor: crosshair;
  width: min(360px, 90vw); aspect-ratio: 1; }
.code-explorer .map img { width: 100%; height: 100%; display: block; }
.code-explorer .point { position: absolute; width: 16px; height: 16px;
  margin: -11px; border: 3px solid #000; outline: 2px solid #fff;
  border-radius: 50%; pointer-events: none; }
.code-explorer canvas { width: 196px; height: 196px; background: #000;
  image-rendering: pixelated; }
.code-explorer .sliders { display: grid; align-content: start;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 4px 16px;
  flex: 1 1 200px; min-width: 0; max-width: min(700px, 100%); }
.code-explorer .classes { display: flex; flex-wrap: wrap; gap: 2px 14px;
  flex: 1 1 100%; margin: 0; padding: 0; list-style: none; font-size: 14px; }
.code-explorer .classes li { display: flex; align-items: center; gap: 5px; margin: 0; }
.code-explorer .classes span { width: 12px; height: 12px; border-radius: 50%; }
.code-explorer label { display: grid; font-size: 14px; }
.code-explorer input { width: 100%; }
`;

// `setup` holds codes, lows and highs, one number for each code; map, if there
// is one, is the address of a square picture from lows to highs, and alt
// describes it; classes are the names and colors of its dots. `onMove(codes)` is called at each move. The result has a
// function `draw(gray)`, which takes a square picture as numbers from 0 to 255.
export function buildExplorer(element, setup, onMove) {
  const codes = [...setup.codes];
  const add = (parent, tag, properties = {}) =>
    parent.appendChild(Object.assign(document.createElement(tag), properties));
  element.classList.add("code-explorer");
  add(element, "style", { textContent: STYLE });

  const map = setup.map && add(element, "div", { className: "map" });
  const point = map && add(map, "div", { className: "point" });
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "what the decoder draws for these codes");
  const sliders = document.createElement("div");
  sliders.className = "sliders";
  if (map)
    map.prepend(
      Object.assign(new Image(), {
        src: setup.map,
        alt: setup.alt,
        draggable: false,
      }),
    );
  element.append(canvas, sliders);
  const legend = setup.classes?.length && add(element, "ul", { className: "classes" });
  for (const [name, color] of setup.classes ?? []) {
    const entry = add(legend, "li");
    add(entry, "span").style.background = color;
    entry.append(name);
  }

  const inputs = codes.map((_, i) => {
    const label = add(sliders, "label", { textContent: `code ${i + 1}` });
    const input = add(label, "input", { type: "range", step: "any" });
    input.min = setup.lows[i];
    input.max = setup.highs[i];
    input.addEventListener("input", () => move(i, input.valueAsNumber));
    // With step "any" the arrow keys would jump by whole codes.
    input.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
      if (!(event.key in ways)) return;
      event.preventDefault();
      const step = (setup.highs[i] - setup.lows[i]) / 100;
      move(i, codes[i] + ways[event.key] * step);
    });
    return input;
  });

  function show() {
    inputs.forEach((input, i) => {
      input.value = codes[i];
      input.setAttribute("aria-valuetext", codes[i].toFixed(2));
    });
    if (!map) return;
    const [x, y] = codes.map(
      (code, i) => (code - setup.lows[i]) / (setup.highs[i] - setup.lows[i]),
    );
    point.style.left = `${100 * x}%`;
    point.style.top = `${100 * (1 - y)}%`;
  }

  function move(i, code) {
    codes[i] = Math.min(Math.max(code, setup.lows[i]), setup.highs[i]);
    show();
    onMove([...codes]);
  }

  function drag(event) {
    const box = map.getBoundingClientRect();
    const shares = [
      (event.clientX - box.left) / box.width,
      (box.bottom - event.clientY) / box.height,
    ];
    shares.forEach((share, i) => {
      const code = setup.lows[i] + share * (setup.highs[i] - setup.lows[i]);
      codes[i] = Math.min(Math.max(code, setup.lows[i]), setup.highs[i]);
    });
    show();
    onMove([...codes]);
  }

  if (map) {
    map.addEventListener("pointerdown", (event) => {
      map.setPointerCapture(event.pointerId);
      drag(event);
    });
    map.addEventListener("pointermove", (event) => {
      if (event.buttons) drag(event);
    });
  }
  show();

  function draw(gray) {
    const side = Math.sqrt(gray.length);
    canvas.width = canvas.height = side;
    const image = new ImageData(side, side);
    gray.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  return { draw };
}

// Calls `use` with the picture that carries the place in its comment, now or
// when it appears: a notebook draws outputs later than it hears of widgets, and
// draws them anew, for instance when a cell is folded and unfolded. Returns a
// function that ends this.
function waitForPicture(place, use) {
  function look() {
    for (const image of document.querySelectorAll("img:not([hidden])")) {
      const [type, data] = (image.getAttribute("src") ?? "").split(",", 2);
      // The comments of a PNG come first.
      if (type === "data:image/png;base64" && atob(data.slice(0, 400)).includes(place))
        use(image);
    }
  }
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => observer.disconnect();
}

function connect(model, element) {
  let isBusy = false;
  let next = null;
  const explorer = buildExplorer(element, model.get("setup"), (codes) => {
    next = codes;
    send();
  });

  // One picture at a time: only the latest place of the point is sent when
  // the last picture has come. It is sent as a message, because a change of
  // a trait would wait until the kernel is idle.
  function send() {
    if (isBusy || !next) return;
    isBusy = true;
    model.send({ codes: next });
    next = null;
  }

  function draw({ buffer, byteOffset, byteLength }) {
    explorer.draw(new Uint8Array(buffer, byteOffset, byteLength));
  }

  model.on("msg:custom", (_, buffers) => {
    draw(buffers[0]);
    isBusy = false;
    send();
  });
  draw(model.get("pixels"));
}

export default {
  // A notebook calls this for each widget whose kernel runs, also if the widget
  // is not displayed.
  initialize({ model }) {
    return waitForPicture(model.get("setup").place, (image) => {
      image.hidden = true;
      const element = document.createElement("div");
      image.after(element);
      connect(model, element);
    });
  },
};
