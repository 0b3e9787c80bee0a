// Starts reveal.js once all that has a size is there, and makes the text of a
// slide larger or smaller so that it fills the slide and does not overflow.

const LARGEST = 1.4, SMALLEST = 0.78, STEP = 0.03;

function overflows(page) {
  const body = page.querySelector(".body");
  if (!body) return false;
  const low = page.getBoundingClientRect().bottom;
  const parts = [...body.querySelectorAll(":scope > *")].filter(
    x => x.offsetHeight);
  return body.scrollHeight > body.clientHeight + 1
    || body.scrollWidth > body.clientWidth + 1
    || parts.some(x => x.scrollWidth > x.clientWidth + 1)
    || body.getBoundingClientRect().bottom > low + 1;
}

function fit(page) {
  const hasPicture = page.querySelector(".picture") !== null;
  const isCode = page.querySelector(".mono") !== null;
  let scale = hasPicture ? 1 : isCode ? 1.15 : LARGEST;
  page.style.setProperty("--scale", scale);
  const isFull = () => overflows(page)
    || (hasPicture && page.querySelector(".picture").offsetHeight < 250);
  while (scale > SMALLEST && isFull()) {
    scale -= STEP;
    page.style.setProperty("--scale", scale);
  }
}

function fitCurrent() {
  const page = Reveal.getCurrentSlide()?.querySelector(".page");
  if (page) fit(page);
}

function toggleCode() {
  const fold = Reveal.getCurrentSlide().querySelector(".source");
  if (fold) fold.open = !fold.open;
}

function start() {
  Reveal.addKeyBinding(
    { keyCode: 67, key: "C", description: "Show the code" }, toggleCode);
  for (const event of ["slidechanged", "fragmentshown", "fragmenthidden"])
    Reveal.on(event, fitCurrent);
  document.addEventListener("toggle", fitCurrent, true);
  // In print, all slides are there at once.
  for (const page of document.querySelectorAll(".page"))
    if (page.offsetHeight) fit(page);
  document.body.dataset.ready = "yes";
}

// A picture has no size before it is decoded.
const pictures = [...document.images].map(x => x.decode().catch(() => {}));
const isPrint = location.search.includes("print-pdf");
Promise.all([document.fonts.ready, ...pictures])
  .then(() => {
    if (isPrint) Reveal.on("pdf-ready", start);
    return Reveal.initialize({
      ...SIZE,
      margin: 0,
      center: false,
      hash: true,
      controls: false,
      navigationMode: "linear",
      slideNumber: "c/t",
      transition: "none",
      pdfMaxPagesPerSlide: 1,
      plugins: [RevealNotes],
    });
  })
  .then(() => isPrint || start());
