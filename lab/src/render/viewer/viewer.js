"use strict";
// Shows what the page's data says; all times in it are simulated already, in nanoseconds.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const canvas = byId("canvas");
const paint = canvas.getContext("2d");
const VIEWS = ["lanes", "layers"];
const [LEFT, TOP, RIGHT, AXIS, FOCUS] = [34, 20, 12, 22, 26];
// So many dependencies are listed one by one; all of them are drawn.
const LISTED = 60;

// Whom each transaction depends on and who depends on it, as [transaction, reason, locations].
const before = data.txs.map(() => []);
const after = data.txs.map(() => []);
for (const [from, to, reason, n] of data.edges) {
  before[to].push([from, reason, n]);
  after[from].push([to, reason, n]);
}
const isCritical = new Set(data.critical);
const state = { mode: 0, view: "lanes", window: [0, 1], hover: null, chosen: null, found: null };
// Of the mode and view shown: the size in pixels, the width in units of the horizontal axis, a box for
// each transaction ([start, end] in these units, [top, height] in pixels), and where threads wait.
let shown = { width: 1, height: 1, whole: 1, boxes: [], idle: [] };

const mode = () => data.modes[state.mode];
const focus = () => state.hover ?? state.chosen;
const micros = (nanos) => (nanos / 1000).toLocaleString("en", { maximumFractionDigits: 1 });
const count = (n, one, more) => `${n.toLocaleString("en")} ${n === 1 ? one : more}`;
const colour = (tx) => (data.txs[tx].to === null ? "#777" : data.callees[data.txs[tx].to][1]);
const laneHeight = () => Math.min(36, Math.max(12, Math.floor(440 / mode().threads)));
// Whether the later one really waits for the earlier one, or finds a predicted value.
const isAwaited = (from, to) => from < mode().horizons[to];

function element(tag, text, attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[text].flat());
  return made;
}

// ---- Where everything stands.

function layOut() {
  const { boxes, whole, height } = state.view === "lanes" ? lanes() : layers();
  const width = canvas.clientWidth;
  canvas.style.height = `${height}px`;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  shown = { boxes, whole, height, width, idle: state.view === "lanes" ? idle() : [] };
  redraw();
}

function lanes() {
  const lane = laneHeight();
  const boxes = [];
  for (const [tx, thread, start, end, isDecided] of mode().spans) {
    const top = TOP + thread * lane + 2;
    if (!isDecided || !boxes[tx]) boxes[tx] = { x: [start, end], y: [top, lane - 4] };
  }
  return { boxes, whole: mode().end || 1, height: TOP + mode().threads * lane + FOCUS + AXIS };
}

function layers() {
  const [row, height] = [13, 420];
  const rows = Math.floor((height - TOP - AXIS) / row);
  const byLayer = Array.from({ length: data.nLayers }, () => []);
  data.txs.forEach((tx, n) => byLayer[tx.layer].push(n));
  const boxes = [];
  let column = 0;
  for (const txs of byLayer) {
    txs.forEach((tx, n) => {
      const x = column + Math.floor(n / rows);
      boxes[tx] = { x: [x + 0.1, x + 0.7], y: [TOP + (n % rows) * row, row - 3] };
    });
    column += Math.ceil(txs.length / rows) + 0.6;
  }
  return { boxes, whole: Math.max(column, 16), height };
}

// Where a thread has nothing to do before the block ends, as [thread, from, to].
function idle() {
  const until = new Array(mode().threads).fill(0);
  const gaps = [];
  for (const [, thread, start, end] of mode().spans) {
    if (until[thread] < start) gaps.push([thread, until[thread], start]);
    until[thread] = end;
  }
  until.forEach((from, thread) => from < mode().end && gaps.push([thread, from, mode().end]));
  return gaps;
}

const plotWidth = () => Math.max(1, shown.width - LEFT - RIGHT);
const toX = (unit) => {
  const [from, to] = state.window.map((share) => share * shown.whole);
  return LEFT + ((unit - from) / (to - from)) * plotWidth();
};
const shareAt = (x) => {
  const [from, to] = state.window;
  return from + ((x - LEFT) / plotWidth()) * (to - from);
};

// The middle of a transaction's box, in the coordinates of the canvas.
function placeOf(tx) {
  const { x, y } = shown.boxes[tx];
  return [(toX(x[0]) + toX(x[1])) / 2, y[0] + y[1] / 2];
}

// The transaction at a place of the canvas; short ones can be hit beside, too.
function txAt(x, y) {
  let best = null;
  let least = 3;
  shown.boxes.forEach((box, tx) => {
    if (y < box.y[0] || box.y[0] + box.y[1] < y) return;
    const away = Math.max(toX(box.x[0]) - x, x - toX(box.x[1]), 0);
    if (away < least) [best, least] = [tx, away];
  });
  return best;
}

// ---- Drawing.

let ink = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "soft", "line", "paper", "lane", "wait", "path", "limit"];
  ink = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)]));
  const tile = new OffscreenCanvas(6, 6);
  const line = tile.getContext("2d");
  line.strokeStyle = ink.wait;
  for (const at of [-6, 0, 6]) line.stroke(new Path2D(`M${at - 1} 7L${at + 7} -1`));
  ink.hatch = paint.createPattern(tile, "repeat");
  redraw();
}

let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

function draw() {
  isDue = false;
  paint.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  paint.clearRect(0, 0, shown.width, shown.height);
  paint.font = "12px system-ui, sans-serif";
  paint.save();
  paint.beginPath();
  paint.rect(LEFT, 0, plotWidth() + RIGHT, shown.height);
  paint.clip();
  const looked = near();
  const alpha = (tx) => (looked === null || looked.has(tx) ? 1 : 0.2);
  if (state.view === "lanes") drawThreads(alpha);
  drawBoxes(alpha);
  if (focus() !== null) drawDependencies(focus());
  if (state.view === "lanes") drawLimit();
  paint.restore();
  if (state.view === "lanes") drawTimes();
  else drawLayerNumbers();
}

function bar(from, to, y, height, fill) {
  const x = Math.max(toX(from), LEFT - 4);
  const width = Math.min(toX(to), shown.width + 4) - x;
  paint.fillStyle = fill;
  if (-1 < width) paint.fillRect(x, y, Math.max(width, 0.5), height);
}

function drawThreads(alpha) {
  const lane = laneHeight();
  for (let n = 0; n < mode().threads; n++) {
    bar(0, mode().end, TOP + n * lane + 1, lane - 2, ink.lane);
  }
  for (const [thread, from, to] of shown.idle) {
    bar(from, to, TOP + thread * lane + 1, lane - 2, ink.hatch);
  }
  for (const [tx, thread, start, end, isDecided] of mode().spans) {
    const thin = Math.ceil(lane / 3);
    const isApart = isDecided && shown.boxes[tx].x[0] !== start;
    paint.globalAlpha = alpha(tx);
    if (isApart) bar(start, end, TOP + (thread + 1) * lane - thin - 2, thin, ink.soft);
  }
  paint.globalAlpha = 1;
}

// What is looked at: a transaction with those it meets, or what was found; or nothing in particular.
function near() {
  const at = focus();
  if (at === null) return state.found;
  return new Set([at, ...before[at].map(([tx]) => tx), ...after[at].map(([tx]) => tx)]);
}

function drawBoxes(alpha) {
  shown.boxes.forEach(({ x, y }, tx) => {
    if (toX(x[1]) < LEFT - 4 || shown.width < toX(x[0])) return;
    paint.globalAlpha = alpha(tx);
    bar(x[0], x[1], y[0], y[1], colour(tx));
    const rim = tx === focus() ? ink.ink : isCritical.has(tx) ? ink.path : null;
    if (!rim) return;
    paint.strokeStyle = rim;
    paint.lineWidth = 2;
    paint.strokeRect(toX(x[0]), y[0], Math.max(1, toX(x[1]) - toX(x[0])), y[1]);
  });
  paint.globalAlpha = 1;
}

function drawDependencies(tx) {
  const ends = (from, to) => {
    const [a, b] = [shown.boxes[from], shown.boxes[to]];
    return [toX(a.x[1]), a.y[0] + a.y[1] / 2, toX(b.x[0]), b.y[0] + b.y[1] / 2];
  };
  const line = (from, to) => {
    const [x1, y1, x2, y2] = ends(from, to);
    const bend = Math.max(16, Math.abs(x2 - x1) / 3);
    paint.setLineDash(isAwaited(from, to) ? [] : [3, 4]);
    paint.strokeStyle = to === tx ? ink.ink : ink.soft;
    paint.lineWidth = 1.5;
    paint.stroke(new Path2D(`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`));
  };
  for (const [from] of before[tx]) line(from, tx);
  for (const [to] of after[tx]) line(tx, to);
  paint.setLineDash([]);
  if (state.view === "lanes") drawCourse(tx);
}

// Below the lanes: how long the transaction waits, is ready, runs, and waits to be decided.
function drawCourse(tx) {
  const { ready, start, end, decided } = course(tx);
  const y = TOP + mode().threads * laneHeight() + 5;
  bar(0, ready, y, 14, ink.hatch);
  bar(ready, start, y + 6, 2, ink.wait);
  bar(start, end, y, 14, colour(tx));
  bar(end, decided, y + 6, 2, ink.wait);
  paint.fillStyle = ink.ink;
  paint.fillText(`${tx}`, Math.min(toX(decided) + 6, shown.width - 34), y + 12);
}

// When a transaction may start, starts, ends and is decided.
function course(tx) {
  const decided = (of) => mode().spans.find(([other, , , , it]) => it && other === of)?.[3] ?? 0;
  const horizon = mode().horizons[tx];
  const [start, end] = lanesOf(tx);
  return { ready: horizon ? decided(horizon - 1) : 0, start, end, decided: decided(tx) };
}

function lanesOf(tx) {
  const own = mode().spans.filter(([other]) => other === tx);
  const [, , start, end] = own.find(([, , , , isDecided]) => !isDecided) ?? own[0] ?? [0, 0, 0, 0];
  return [start, end];
}

function drawLimit() {
  const [x, bottom] = [toX(mode().limit), TOP + mode().threads * laneHeight()];
  paint.strokeStyle = paint.fillStyle = ink.limit;
  paint.lineWidth = 2;
  paint.setLineDash([5, 4]);
  paint.stroke(new Path2D(`M${x} ${TOP - 4}V${bottom}`));
  paint.setLineDash([]);
  const text = `limit ${micros(mode().limit)} µs`;
  const width = paint.measureText(text).width;
  paint.fillText(text, Math.min(Math.max(x - width / 2, LEFT), shown.width - width - RIGHT), 12);
}

function drawTimes() {
  const bottom = TOP + mode().threads * laneHeight() + FOCUS;
  const [from, to] = state.window.map((share) => share * shown.whole);
  const least = ((to - from) * 90) / plotWidth();
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((n) => n * power).find((it) => least <= it) ?? 10 * power;
  paint.fillStyle = ink.soft;
  paint.strokeStyle = ink.line;
  paint.lineWidth = 1;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const x = toX(at);
    paint.stroke(new Path2D(`M${x} ${bottom - 2}v5`));
    paint.fillText(`${micros(at)} µs`, Math.min(x, shown.width - 60), bottom + 16);
  }
  for (let n = 0; n < mode().threads; n++) {
    paint.fillText(`${n}`, 12, TOP + (n + 0.5) * laneHeight() + 4);
  }
}

function drawLayerNumbers() {
  paint.fillStyle = ink.soft;
  let last = -1;
  let right = 0;
  data.txs
    .map((tx, n) => [tx.layer, shown.boxes[n].x[0]])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .forEach(([layer, at]) => {
      const x = toX(at);
      if (layer === last || x < right || x < LEFT - 1 || shown.width < x) return;
      paint.fillText(`${layer}`, x, shown.height - 6);
      [last, right] = [layer, x + 24];
    });
}

// ---- What is told in words.

function tell() {
  const { mode: name, threads, end, sequential, limit } = mode();
  byId("title").textContent = `Block ${data.block}`;
  const counts = [
    count(data.txs.length, "transaction", "transactions"),
    count(data.edges.length, "dependency", "dependencies"),
    count(data.nLayers, "layer", "layers"),
  ];
  byId("lead").textContent =
    `${counts.join(", ")}. Simulation, from estimated gas, handing over included, predictions at hand, ` +
    `${name} mode on ${count(threads, "thread", "threads")}: ${micros(end)} µs; sequential ` +
    `${micros(sequential)} µs, ${(sequential / (end || 1)).toFixed(2)} times as long; limit ${micros(limit)} µs.`;
  canvas.setAttribute("aria-label", `${state.view} of block ${data.block}, ${name} mode`);
}

function detail() {
  const tx = focus();
  if (tx === null) {
    const text = "Point at a transaction, click it, or press → to see what it depends on.";
    return byId("details").replaceChildren(element("p", text));
  }
  const { hash, from, to, gas, touched } = data.txs[tx];
  const { ready, start, end, decided } = course(tx);
  const horizon = mode().horizons[tx];
  const waits = horizon
    ? `until ${horizon - 1} and all before it are decided, at ${micros(ready)} µs`
    : "for nothing";
  const turn = end < decided ? `decided at ${micros(decided)} µs` : "when it is its turn";
  const addresses = touched.flatMap((at, n) => [n ? ", " : "", searchFor(data.accounts[at])]);
  const facts = [
    ["hash", hash],
    ["from", searchFor(data.accounts[from])],
    ["calls", to === null ? "nothing: it creates a contract" : searchFor(data.accounts[to])],
    ["storage of", touched.length ? addresses.slice(0, 2 * LISTED) : "none"],
    ["gas", `${gas.toLocaleString("en")}, estimated`],
    ["waits", waits],
    ["runs", `from ${micros(start)} to ${micros(end)} µs, ${turn}`],
  ];
  const list = facts.flatMap(([name, text]) => [element("dt", name), element("dd", text)]);
  const depends = [
    element("h2", `Depends on ${before[tx].length}`),
    dependencies("before", before[tx], (other) => isAwaited(other, tx)),
    element("h2", `Depend on it: ${after[tx].length}`),
    dependencies("after", after[tx], (other) => isAwaited(tx, other)),
  ];
  const about = [element("h2", `Transaction ${tx}`), element("dl", list)];
  byId("details").replaceChildren(element("div", about), element("div", depends));
}

function dependencies(id, list, isAwaited) {
  const item = ([other, reason, n]) => {
    const more = n < 2 ? "" : ` and ${count(n - 1, "more", "more")}`;
    const known = isAwaited(other) ? "" : ", not waited for: the value is predicted";
    const go = element("button", `${other}`, { type: "button", onclick: () => choose(other) });
    go.dataset.tx = other;
    return element("li", [go, element("span", `${data.reasons[reason]}${more}${known}`)]);
  };
  const items = list.slice(0, LISTED).map(item);
  if (LISTED < list.length) items.push(element("li", `and ${list.length - LISTED} more`));
  return element("ul", items, { id });
}

function searchFor(address, text = address) {
  const onclick = () => {
    byId("search").value = address;
    search();
  };
  return element("button", text, { type: "button", title: address, onclick });
}

// ---- What the reader does.

function look(hover, chosen) {
  if (hover === state.hover && chosen === state.chosen) return;
  Object.assign(state, { hover, chosen });
  detail();
  redraw();
}

function choose(tx) {
  look(null, tx);
  if (tx === null) return;
  const [from, to] = state.window;
  const [start, end] = shown.boxes[tx].x.map((unit) => unit / shown.whole);
  if (start < from || to < end) moveTo((start + end) / 2 - (to - from) / 2, to - from);
}

function moveTo(from, length) {
  const kept = Math.min(1, Math.max(length, 1e-4));
  const first = Math.min(Math.max(0, from), 1 - kept);
  state.window = [first, first + kept];
  redraw();
}

function zoom(factor, around) {
  const [from, to] = state.window;
  moveTo(around - (around - from) * factor, (to - from) * factor);
}

function show(changed) {
  Object.assign(state, changed);
  const checked = { modes: mode().mode, views: state.view };
  for (const [name, value] of Object.entries(checked)) {
    document.querySelector(`#${name} input[value=${value}]`).checked = true;
  }
  layOut();
  tell();
  detail();
}

// Transactions by number, or by how their hash or an account of theirs begins.
function find(text) {
  const asked = text.trim().toLowerCase();
  if (/^#?\d{1,5}$/.test(asked)) {
    const n = Number(asked.replace("#", ""));
    return n < data.txs.length ? [n] : [];
  }
  const start = asked.startsWith("0x") ? asked : `0x${asked}`;
  if (start.length < 4) return null;
  const isAsked = data.accounts.map((address) => address.startsWith(start));
  const isMatch = ({ hash, from, to, touched }) =>
    hash.startsWith(start) || [from, to, ...touched].some((at) => isAsked[at]);
  return data.txs.flatMap((tx, n) => (isMatch(tx) ? [n] : []));
}

function search() {
  const found = find(byId("search").value);
  state.found = found && new Set(found);
  byId("found").textContent = found ? `${found.length} found` : "";
  look(null, found?.length === 1 ? found[0] : null);
  if (found?.length === 1) choose(found[0]);
  redraw();
}

// The next match behind the chosen transaction, or the one before it.
function nextFound(step) {
  const found = [...(state.found ?? [])];
  if (!found.length) return;
  const at = found.indexOf(state.chosen);
  const first = step < 0 ? found.length - 1 : 0;
  choose(at < 0 ? found[first] : found[(at + step + found.length) % found.length]);
}

function step(by) {
  const n = data.txs.length;
  if (n) choose(state.chosen === null ? (by < 0 ? n - 1 : 0) : (state.chosen + by + n) % n);
}

const middle = () => {
  const box = state.chosen === null ? null : shown.boxes[state.chosen];
  const [from, to] = state.window;
  return box ? box.x[0] / shown.whole : (from + to) / 2;
};
const pan = (by) => moveTo(state.window[0] + by * (state.window[1] - state.window[0]), state.window[1] - state.window[0]);
const last = (list) => list[list.length - 1]?.[0] ?? state.chosen;
const KEYS = {
  ArrowRight: (event) => (event.shiftKey ? pan(0.2) : step(1)),
  ArrowLeft: (event) => (event.shiftKey ? pan(-0.2) : step(-1)),
  ArrowUp: () => choose(last(before[state.chosen] ?? [])),
  ArrowDown: () => choose((after[state.chosen] ?? [])[0]?.[0] ?? state.chosen),
  "+": () => zoom(0.5, middle()),
  "=": () => zoom(0.5, middle()),
  "-": () => zoom(2, middle()),
  0: () => moveTo(0, 1),
  "/": () => byId("search").focus(),
  Enter: (event) => nextFound(event.shiftKey ? -1 : 1),
  m: () => show({ mode: (state.mode + 1) % data.modes.length }),
  v: () => show({ view: VIEWS[1 - VIEWS.indexOf(state.view)], window: [0, 1] }),
  Escape: () => {
    byId("search").value = "";
    search();
  },
};
const IN_FIELDS = { search: ["Enter", "Escape"], radio: ["/", "m", "v", "Escape", "+", "-", "0"] };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  if (target.tagName === "BUTTON" && key === "Enter") return;
  if (target.tagName === "INPUT" && !IN_FIELDS[target.type].includes(key)) return;
  if (!Object.hasOwn(KEYS, key)) return;
  event.preventDefault();
  if (key === "Escape") canvas.focus();
  KEYS[key](event);
});

let drag = null;
canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
  if (drag) {
    drag.isMoved ||= 3 < Math.abs(offsetX - drag.x);
    const length = drag.window[1] - drag.window[0];
    if (drag.isMoved) moveTo(drag.window[0] - ((offsetX - drag.x) / plotWidth()) * length, length);
    return;
  }
  look(txAt(offsetX, offsetY), state.chosen);
});
canvas.addEventListener("pointerdown", ({ offsetX, pointerId }) => {
  canvas.setPointerCapture(pointerId);
  drag = { x: offsetX, window: state.window, isMoved: false };
});
canvas.addEventListener("pointerup", ({ offsetX, offsetY }) => {
  if (drag && !drag.isMoved) look(null, txAt(offsetX, offsetY));
  drag = null;
});
canvas.addEventListener("pointercancel", () => (drag = null));
canvas.addEventListener("pointerleave", () => look(null, state.chosen));
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const isAside = Math.abs(event.deltaY) < Math.abs(event.deltaX);
    if (isAside) pan(event.deltaX / plotWidth());
    else zoom(2 ** (event.deltaY / 300), shareAt(event.offsetX));
  },
  { passive: false },
);
byId("search").addEventListener("input", search);
byId("bar").addEventListener("submit", (event) => event.preventDefault());

function choices(id, texts, pick) {
  texts.forEach(([value, text], n) => {
    const input = element("input", [], { type: "radio", name: id, value, onchange: () => pick(n) });
    byId(id).append(element("label", [input, ` ${text}`]));
  });
}
choices("modes", data.modes.map((it) => [it.mode, `${it.mode}, ${micros(it.end)} µs`]), (n) => show({ mode: n }));
choices("views", VIEWS.map((it) => [it, it]), (n) => show({ view: VIEWS[n], window: [0, 1] }));
data.callees.slice(0, 8).forEach(([n, hsl], at) => {
  const mark = element("i", []);
  mark.style.background = hsl;
  const address = data.accounts[at];
  const short = `${address.slice(0, 10)}…${address.slice(-6)}`;
  byId("callees").append(element("li", [mark, searchFor(address, short), ` ×${n}`]));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
readColours();
show({});
new ResizeObserver(() => canvas.clientWidth !== shown.width && layOut()).observe(byId("stage"));
