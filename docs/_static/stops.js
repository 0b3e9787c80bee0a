// Sliders inside lessons: each stop shows pictures or points that the lesson
// has made. utils/explore.py leaves them (`leave_pictures`, `leave_points`).

const add = (parent, tag, properties = {}) =>
  parent.appendChild(Object.assign(document.createElement(tag), properties));

// Rows of pictures are cut out of one sheet that holds those of all stops.
function buildPictures(element, { side, images, rows: names }, sheet) {
  const rows = names[0].map(() => {
    const row = add(element, "div", { className: "stops-row" });
    const name = add(row, "span");
    const canvas = add(row, "canvas", { width: images * side, height: side });
    canvas.setAttribute("aria-hidden", "true");
    return { name, canvas };
  });
  return (stop) =>
    rows.forEach(({ name, canvas }, i) => {
      name.textContent = names[stop][i].replace("\n", " ");
      const from = (stop * rows.length + i) * side;
      canvas
        .getContext("2d")
        .drawImage(sheet, 0, from, canvas.width, side, 0, 0, canvas.width, side);
    });
}

// Points move from one map to the next, so that one can follow them.
function buildPoints(element, { points: maps, labels, classes }) {
  const canvas = add(element, "canvas", { className: "stops-points" });
  canvas.width = canvas.height = 720;
  canvas.setAttribute("aria-hidden", "true");
  const legend = add(element, "ul", { className: "legend" });
  for (const [name, color] of classes) {
    const entry = add(legend, "li");
    add(entry, "span").style.background = color;
    entry.append(name);
  }
  const context = canvas.getContext("2d");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let places = maps[0];
  let run = 0;
  function draw() {
    context.clearRect(0, 0, 720, 720);
    places.forEach(([x, y], i) => {
      context.fillStyle = classes[labels[i]][1];
      context.beginPath();
      context.arc(360 + 345 * x, 360 - 345 * y, 6, 0, 2 * Math.PI);
      context.fill();
    });
  }
  return (stop) => {
    const [from, to] = [places, maps[stop]];
    const ours = ++run;
    const start = performance.now();
    const step = (now) => {
      if (ours !== run) return;
      const share = still ? 1 : Math.min(Math.max(now - start, 0) / 700, 1);
      const eased = share * share * (3 - 2 * share);
      places = to.map((point, i) =>
        point.map((value, j) => from[i][j] + eased * (value - from[i][j])),
      );
      draw();
      if (share < 1) requestAnimationFrame(step);
    };
    step(start);
  };
}

async function start(element) {
  const left = JSON.parse(element.dataset.stops);
  const label = add(element, "label", { className: "stops-dial" });
  add(label, "span", { textContent: left.dial });
  const input = add(label, "input", { type: "range", min: 0, max: left.stops.length - 1 });
  input.value = 0;
  const output = add(label, "output");
  let show;
  if (left.sheet) {
    const image = new Image();
    image.src = `data:image/png;base64,${left.sheet}`;
    await image.decode();
    show = buildPictures(element, left, image);
  } else show = buildPoints(element, left);
  function turn() {
    output.textContent = left.stops[input.value];
    input.setAttribute("aria-valuetext", left.stops[input.value]);
    show(input.valueAsNumber);
  }
  input.addEventListener("input", turn);
  turn();
  // It takes the place of the figure, which needs no scripts.
  element
    .closest(".cell_output")
    ?.querySelectorAll("img")
    .forEach((figure) => ((figure.closest("a") ?? figure).hidden = true));
  element.dataset.ready = "yes";
}

document.querySelectorAll(".stops").forEach(start);
