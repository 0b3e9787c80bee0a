// Starts reveal.js with the OPTIONS of the page, once all that has a size is
// there, and draws a slide smaller, as a whole, if it is too high.

function fit() {
  const slide = Reveal.getCurrentSlide();
  slide.style.zoom = 1;
  const room = Reveal.getConfig().height;
  // Text breaks in other places after each step, so one step is not enough.
  for (let i = 0; i < 4 && slide.scrollHeight * slide.style.zoom > room; i++)
    slide.style.zoom *= 0.98 * room / (slide.scrollHeight * slide.style.zoom);
  Reveal.layout();
}

// A picture has no height before it is decoded.
const pictures = [...document.images].map(x => x.decode().catch(() => {}));
Promise.all([MathJax.startup.promise, ...pictures])
  .then(() => Reveal.initialize({
    ...OPTIONS,
    margin: 0.03,
    center: false,
    hash: true,
    plugins: [RevealNotes],
  }))
  .then(() => {
    Reveal.on("slidechanged", fit);
    fit();
    document.body.dataset.ready = "yes";
  });
