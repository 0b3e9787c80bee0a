// The front page: a lens over the map of digits. What is under the pointer is
// decoded from the two numbers of that place. Until somebody points at it, the
// lens moves by itself, unless the reader has asked for less motion.
import { drawPixels, loadDecoder } from "./decoder.js";

const map = document.querySelector(".lens-map");
const lens = map.querySelector(".lens");
const canvas = lens.querySelector("canvas");
const words = document.querySelector(".lens-words");
const reach = Number(map.dataset.reach); // the map shows codes from -reach to it
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const place = [0.5, 0.5]; // shares of the map, from the left and from the top
let decode;
let isPlaying = !still;

function show() {
  lens.style.left = `${100 * place[0]}%`;
  lens.style.top = `${100 * place[1]}%`;
  const codes = [reach * (2 * place[0] - 1), reach * (1 - 2 * place[1])];
  drawPixels(canvas, decode(codes));
  words.textContent = `codes ${codes.map((code) => code.toFixed(1)).join(" and ")}`;
}

function move(x, y) {
  [x, y].forEach((share, i) => (place[i] = Math.min(Math.max(share, 0), 1)));
  show();
}

// A closed curve through most of the map; 24 seconds go round once. The time
// is that for which it has played, so that nothing jumps after a pause.
function play(start) {
  const step = (now) => {
    if (!isPlaying) return;
    if (!document.hidden) {
      const t = ((now - start) / 24000) * 2 * Math.PI;
      move(0.5 + 0.4 * Math.sin(2 * t), 0.5 + 0.4 * Math.sin(3 * t + 1));
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function follow(event) {
  isPlaying = false;
  const box = map.getBoundingClientRect();
  move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
}

function turn(event) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const way = ways[event.key];
  if (!way) return;
  event.preventDefault();
  isPlaying = false;
  move(place[0] + 0.02 * way[0], place[1] + 0.02 * way[1]);
}

loadDecoder(map.dataset.decoder).then(
  (loaded) => {
    ({ decode } = loaded);
    map.addEventListener("pointermove", follow);
    map.addEventListener("pointerdown", follow);
    map.addEventListener("keydown", turn);
    map.tabIndex = 0;
    map.setAttribute("role", "application");
    lens.hidden = false;
    show();
    if (isPlaying) play(performance.now());
    map.dataset.ready = "yes";
  },
  // The picture stays as it is.
  () => {},
);
