// Elements and numbers. Text goes into the page as text nodes only, so nothing
// that a task wrote can become markup.

export const $ = id => document.getElementById(id);

// el makes an element; properties are set, attributes are those with a dash
// and role; children are elements or text.
export function el(tag, properties = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role' || name === 'scope') e.setAttribute(name, value);
    else e[name] = value;
  }
  e.append(...children);
  return e;
}

// text sets an element's text if it is another: what a reader has selected or
// a screen reader speaks is left alone.
export function text(e, value) {
  if (e.textContent !== value) e.textContent = value;
}

// list brings the children of parent to items, each known by its key: those
// that stay are updated in place and keep focus, selection and open details.
export function list(parent, items, key, make, update) {
  const had = parent.children_ ?? new Map();
  const have = new Map();
  let next = parent.firstElementChild;
  for (const item of items) {
    const k = key(item);
    if (have.has(k)) continue;
    const e = had.get(k) ?? make(item);
    had.delete(k);
    have.set(k, e);
    update(e, item);
    if (e === next) next = next.nextElementSibling;
    else parent.insertBefore(e, next);
  }
  for (const e of had.values()) e.remove();
  parent.children_ = have;
}

// pager shows which part of a list is on the page and steps through it.
export function pager(parent, first, size, total, go) {
  if (!parent.label) {
    parent.label = el('span');
    parent.back = el('button', {type: 'button', 'aria-label': 'previous', onclick: () => parent.go(-1)}, '‹');
    parent.forth = el('button', {type: 'button', 'aria-label': 'next', onclick: () => parent.go(1)}, '›');
    parent.append(parent.back, parent.label, parent.forth);
  }
  parent.go = step => go(Math.max(0, first + step * size));
  parent.hidden = total <= size && first === 0;
  parent.back.disabled = first === 0;
  parent.forth.disabled = first + size >= total;
  text(parent.label, total === 0 ? 'none' : `${count(Math.min(first + 1, total))} – ${count(Math.min(first + size, total))} of ${count(total)}`);
}

const whole = new Intl.NumberFormat('en-GB');
export const count = n => whole.format(n);

// seconds as people say them.
export function seconds(s) {
  if (s < 0.001) return `${(s * 1e6).toFixed(0)} µs`;
  if (s < 1) return `${(s * 1000).toFixed(0)} ms`;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 100) return `${s.toFixed(0)} s`;
  if (s < 5940) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min`;
  return `${(s / 86400).toFixed(1)} days`;
}

export function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
  return `${n >= 100 || i === 0 ? n.toFixed(0) : n.toFixed(1)} ${units[i]}`;
}

// rate is tasks a second, or a minute, or an hour.
export function rate(r) {
  if (!r) return '–';
  const [value, per] = r >= 1 ? [r, 's'] : r * 60 >= 1 ? [r * 60, 'min'] : [r * 3600, 'h'];
  return `${value >= 100 ? count(Math.round(value)) : Number(value.toPrecision(2))} / ${per}`;
}

export const measure = v => {
  const a = Math.abs(v);
  return a !== 0 && (a < 1e-3 || a >= 1e6) ? v.toExponential(3).replace('e+', 'e') : String(Number(v.toPrecision(5)));
};

// The colours of jobs, in the order in which they are met. Red is kept for failures.
const hues = ['#3f7cac', '#5b9b6b', '#b8892f', '#8a6bb1', '#4a9da0', '#a8737f', '#7d8597', '#6c8f2f'];
const given = new Map();
export function colour(job) {
  if (!given.has(job)) given.set(job, hues[given.size % hues.length]);
  return given.get(job);
}
