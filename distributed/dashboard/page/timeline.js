// The task stream on a canvas: above the use of all slots, below a row a slot.
import {colour, count, seconds} from './elements.js';

const above = 44, gap = 10, axis = 22;
// The numbers of a bar, in the order in which the server sends them.
const START = 0, LENGTH = 1, BUSY = 2, TASKS = 3, FAILED = 4, JOB = 5, TASK = 6, ATTEMPT = 7, SIZE = 8;

export class Timeline {
  constructor(canvas, tip, said, onJob) {
    Object.assign(this, {canvas, tip, said, onJob, lanes: [], jobs: [], open: [], use: [], failed: [], names: new Map(), now: 0, window: 300000, base: 0, slots: 0, cursor: null});
    canvas.addEventListener('pointermove', e => this.point(e));
    canvas.addEventListener('pointerdown', e => this.point(e));
    canvas.addEventListener('pointerleave', () => this.leave());
    canvas.addEventListener('blur', () => this.leave());
    canvas.addEventListener('keydown', e => this.key(e));
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  // take brings an event in; the first of a stream begins anew.
  take(update, now, first) {
    if (first) { this.lanes = []; this.jobs = []; this.leave(); }
    Object.assign(this, {base: update.base, window: update.window, column: update.column, open: update.open, use: update.use, failed: update.failed, slots: update.slots, now: now - update.base});
    this.jobs.push(...(update.jobs ?? []));
    if (update.names) {
      const had = new Map(this.lanes.map(l => [l.name, l]));
      this.lanes = update.names.map(name => had.get(name) ?? {name, bars: []});
      this.leave();
    } else if (first) {
      this.lanes = [];
    }
    for (const u of update.updates ?? []) {
      const lane = this.lanes[u.lane];
      if (!lane) continue;
      let keep = lane.bars.length;
      while (keep > 0 && lane.bars[keep - 1][START] >= u.from) keep--;
      lane.bars.length = keep;
      for (let i = 0; i + SIZE <= u.bars.length; i += SIZE) lane.bars.push(u.bars.slice(i, i + SIZE));
    }
    const oldest = this.now - this.window;
    for (const lane of this.lanes) {
      const gone = lane.bars.findIndex(b => b[START] + b[LENGTH] >= oldest);
      if (gone !== 0) lane.bars.splice(0, gone < 0 ? lane.bars.length : gone);
    }
    this.draw();
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.paint(); });
  }

  get row() { return this.lanes.length > 24 ? 13 : 18; }
  get left() { return this.wide < 500 ? 76 : 128; }
  x(t) { return this.left + (t - this.now + this.window) / this.window * (this.wide - this.left); }
  y(lane) { return above + gap + lane * this.row; }

  paint() {
    const canvas = this.canvas, ratio = devicePixelRatio || 1;
    this.wide = canvas.parentElement.clientWidth;
    const tall = above + gap + Math.max(1, this.lanes.length) * this.row + axis;
    if (canvas.width !== Math.round(this.wide * ratio) || canvas.height !== Math.round(tall * ratio)) {
      canvas.width = Math.round(this.wide * ratio);
      canvas.height = Math.round(tall * ratio);
      canvas.style.width = `${this.wide}px`;
      canvas.style.height = `${tall}px`;
    }
    const style = getComputedStyle(document.documentElement);
    const ink = name => style.getPropertyValue(name).trim();
    const c = canvas.getContext('2d');
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.wide, tall);
    c.font = `11px ${style.getPropertyValue('--font').trim() || 'sans-serif'}`;
    c.textBaseline = 'middle';
    this.paintAxis(c, tall, ink);
    this.paintUse(c, ink);
    this.paintLanes(c, ink);
    canvas.setAttribute('aria-label', this.summary());
  }

  paintAxis(c, tall, ink) {
    const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map(s => s * 1000);
    const most = Math.max(2, (this.wide - this.left) / 90);
    const step = steps.find(s => this.window / s <= most) ?? 7200000;
    c.textAlign = 'center';
    for (let ago = 0; ago < this.window; ago += step) {
      const x = this.x(this.now - ago);
      c.fillStyle = ink('--rule');
      c.fillRect(Math.min(Math.round(x), this.wide - 1), above + gap, 1, tall - above - gap - axis + 4);
      c.fillStyle = ink('--quiet');
      c.textAlign = ago === 0 ? 'right' : 'center';
      const name = ago === 0 ? 'now' : `−${before(ago, step)}`;
      if (ago === 0 || x > this.left + 20) c.fillText(name, Math.min(x, this.wide - 1), tall - axis / 2 + 3);
    }
  }

  // Use is in tenths of a slot, from the column that the window begins in.
  paintUse(c, ink) {
    // A worker that is lost has had slots that are no more: never beyond the top.
    const n = this.use.length, most = Math.max(10, 10 * this.slots, ...this.use);
    c.fillStyle = ink('--quiet');
    c.textAlign = 'right';
    c.fillText('slots in use', this.left - 10, above / 2 - 2);
    c.fillText(`of ${count(this.slots)}`, this.left - 10, above / 2 + 12);
    c.fillStyle = ink('--lane');
    c.fillRect(this.left, 0, this.wide - this.left, above);
    if (!n) return;
    const since = Math.floor((this.now + this.base - this.window) / this.column) * this.column - this.base;
    const wide = this.column / this.window * (this.wide - this.left);
    const right = this.x(this.now);
    c.fillStyle = ink('--use');
    c.beginPath();
    c.moveTo(this.left, above);
    for (let i = 0; i < n; i++) {
      const x = Math.max(this.left, this.x(since + i * this.column)), end = Math.min(right, this.x(since + (i + 1) * this.column));
      if (end <= x) continue;
      // The last column is not over: its use is of the part that has been.
      const part = i === n - 1 ? Math.max((end - x) / wide, 0.05) : 1;
      const y = above - Math.min(1, this.use[i] / most / part) * (above - 2);
      c.lineTo(x, y);
      c.lineTo(end, y);
    }
    c.lineTo(right, above);
    c.fill();
    c.fillStyle = ink('--failed');
    for (let i = 0; i < n; i++) {
      const x = this.x(since + (i + 0.5) * this.column);
      if (this.failed[i] && x >= this.left) c.fillRect(x - 1, 0, 2.5, 7);
    }
  }

  paintLanes(c, ink) {
    const row = this.row, lane = ink('--lane'), quiet = ink('--quiet'), red = ink('--failed'), paper = ink('--panel'), text = ink('--ink');
    const oldest = this.now - this.window;
    let worker = null;
    this.lanes.forEach((l, i) => {
      const y = this.y(i), cut = l.name.lastIndexOf('/');
      c.fillStyle = lane;
      c.fillRect(this.left, y + 1, this.wide - this.left, row - 2);
      c.fillStyle = quiet;
      c.textAlign = 'right';
      c.fillText(l.name.slice(cut + 1), this.left - 10, y + row / 2 + 0.5);
      const name = l.name.slice(0, cut);
      if (name !== worker) {
        worker = name;
        if (i) { c.fillStyle = ink('--rule'); c.fillRect(0, y - 0.5, this.wide, 1); }
        c.fillStyle = text;
        c.textAlign = 'left';
        c.fillText(fit(c, name, this.left - 32), 0, y + row / 2 + 0.5);
      }
      for (const b of l.bars) {
        const x = this.x(Math.max(b[START], oldest)), w = Math.max(1, this.x(b[START] + b[LENGTH]) - x);
        if (b[TASKS] > 1) c.globalAlpha = 0.3 + 0.7 * Math.min(1, b[BUSY] / Math.max(1, b[LENGTH]));
        c.fillStyle = colour(this.jobs[b[JOB]]);
        if (b[FAILED] < b[TASKS]) c.fillRect(x, y + 2.5, Math.max(0.8, w > 4 ? w - 0.7 : w), row - 5);
        c.globalAlpha = 1;
        if (b[FAILED]) this.cross(c, b, x, y, w, row, red, paper);
      }
    });
    for (const o of this.open) {
      const x = this.x(Math.max(o.start, oldest)), y = this.y(o.lane), w = Math.max(1, this.x(this.now) - x);
      c.fillStyle = colour(this.jobs[o.job]);
      c.globalAlpha = 0.45;
      c.fillRect(x, y + 2.5, w, row - 5);
      c.globalAlpha = 1;
      c.fillRect(x, y + 2.5, Math.min(2, w), row - 5);
    }
    if (this.cursor) {
      const {lane: i, start, end} = this.cursor, x = this.x(Math.max(start, oldest));
      c.strokeStyle = text;
      c.lineWidth = 1.5;
      c.strokeRect(x - 1, this.y(i) + 0.75, Math.max(3, this.x(end) - x + 1.5), row - 1.5);
    }
  }

  // A failed task is red, taller than others and, where there is room, crossed.
  cross(c, b, x, y, w, row, red, paper) {
    c.fillStyle = red;
    if (b[TASKS] > 1) { c.fillRect(x, y, Math.max(2, w * b[FAILED] / b[TASKS]), row); return; }
    c.fillRect(x, y, Math.max(2, w - 0.7), row);
    if (w < 12) return;
    const r = 3, mx = x + Math.min(w / 2, 10), my = y + row / 2;
    c.strokeStyle = paper;
    c.lineWidth = 1.6;
    c.beginPath();
    c.moveTo(mx - r, my - r); c.lineTo(mx + r, my + r);
    c.moveTo(mx - r, my + r); c.lineTo(mx + r, my - r);
    c.stroke();
  }

  summary() {
    const busy = new Set(this.open.map(o => o.lane)).size;
    return `Task stream, a row a slot: ${this.lanes.length} slots shown, ${busy} at work, ${this.lanes.reduce((n, l) => n + l.bars.reduce((m, b) => m + b[FAILED], 0), 0)} failed tasks in view`;
  }

  // things are the bars of a lane and what runs in it.
  things(i) {
    const bars = this.lanes[i].bars.map(b => ({lane: i, start: b[START], end: b[START] + b[LENGTH], bar: b}));
    for (const o of this.open) if (o.lane === i) bars.push({lane: i, start: o.start, end: this.now, open: o});
    return bars;
  }

  point(e) {
    const box = this.canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
    const i = Math.floor((y - above - gap) / this.row);
    if (x < this.left || i < 0 || i >= this.lanes.length) { this.leave(); return; }
    const slack = 3 * this.window / (this.wide - this.left);
    const t = this.now - this.window + (x - this.left) / (this.wide - this.left) * this.window;
    let near = null, distance = slack;
    for (const thing of this.things(i)) {
      const d = Math.max(thing.start - t, t - thing.end, 0);
      if (d < distance || (d === 0 && near === null)) { near = thing; distance = d; }
    }
    if (near) this.show(near, x, this.y(i), false);
    else this.leave();
  }

  key(e) {
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[e.key];
    if (e.key === 'Escape') this.leave();
    if (e.key === 'Enter' && this.cursor) this.onJob(this.jobs[(this.cursor.open?.job) ?? this.cursor.bar[JOB]]);
    if (!move || !this.lanes.length) return;
    e.preventDefault();
    const n = this.lanes.length, at = this.cursor ?? {lane: move[0] ? -1 : 0, start: Infinity};
    const lane = Math.min(n - 1, Math.max(0, at.lane + move[0]));
    const things = this.things(lane);
    if (!things.length) { this.cursor = {lane, start: at.start === Infinity ? this.now : at.start, end: at.end ?? this.now, bar: null}; this.said.textContent = `${this.lanes[lane].name}: idle`; this.tip.hidden = true; this.draw(); return; }
    let i = things.findIndex(t => t.start >= at.start);
    if (i < 0) i = things.length - 1;
    else i = Math.min(things.length - 1, Math.max(0, i + move[1]));
    this.show(things[i], Math.min(this.wide, Math.max(this.left, this.x(things[i].start))), this.y(lane), true);
  }

  show(thing, x, y, aloud) {
    this.cursor = thing;
    const lines = this.describe(thing);
    this.tip.replaceChildren(...lines.map((line, i) => Object.assign(document.createElement(i ? 'div' : 'strong'), {textContent: line})));
    this.tip.hidden = false;
    this.tip.style.left = `${Math.max(0, Math.min(x + 10, this.wide - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${y + this.row + 4}px`;
    if (aloud) this.said.textContent = lines.join(', ');
    this.draw();
  }

  describe({lane, start, end, bar, open}) {
    const where = this.lanes[lane].name.replace(/\/(\d+)$/, ', slot $1'), ago = seconds(Math.max(0, this.now - start) / 1000);
    const length = seconds((end - start) / 1000);
    if (open) return [`${this.name(open.job)}, task ${open.task}`, `running for ${length}${attempt(open.attempt)}`, where];
    if (bar[TASKS] === 1) {
      return [`${this.name(bar[JOB])}, task ${bar[TASK]}`, `${bar[FAILED] ? 'failed after' : 'done in'} ${length}${attempt(bar[ATTEMPT])}`, `began ${ago} ago`, where];
    }
    const busy = Math.round(100 * Math.min(1, bar[BUSY] / Math.max(1, bar[LENGTH])));
    return [`${count(bar[TASKS])} tasks, first ${this.name(bar[JOB])} ${bar[TASK]}`, `${bar[FAILED] ? `${count(bar[FAILED])} failed, ` : ''}${busy} % busy for ${length}`, `began ${ago} ago`, where];
  }

  name(job) { return this.names.get(this.jobs[job]) || this.jobs[job]; }

  leave() {
    if (!this.cursor && this.tip.hidden) return;
    this.cursor = null;
    this.tip.hidden = true;
    this.draw();
  }
}

// before is a time ago on an axis with that step, in ms.
function before(ago, step) {
  if (step % 3600000 === 0) return `${ago / 3600000} h`;
  if (step % 60000 === 0) return `${ago / 60000} min`;
  return `${Math.floor(ago / 60000)}:${String(ago % 60000 / 1000).padStart(2, '0')}`;
}

const attempt = n => n > 1 ? `, attempt ${n}` : '';

function fit(c, text, wide) {
  if (c.measureText(text).width <= wide) return text;
  while (text.length > 1 && c.measureText(`${text}…`).width > wide) text = text.slice(0, -1);
  return `${text}…`;
}
