// The best measure so far over time, as steps.
import {el, measure, seconds, text} from './elements.js';

const height = 200, left = 62, right = 14, top = 12, bottom = 26;

function svg(tag, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

// ticks are round numbers in a range: powers of ten on a logarithmic axis.
function ticks(low, high, logarithmic, n) {
  const at = [];
  if (logarithmic) {
    const step = Math.max(1, Math.ceil((Math.log10(high) - Math.log10(low)) / n));
    for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e += step) at.push(10 ** e);
    if (at.length > 1) return at;
    at.length = 0;
  }
  const raw = (high - low) / n, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find(m => m * power >= raw * 0.999);
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9 && at.length < 20; v += step) at.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return at;
}

// axis is a range and the map of it to the unit interval.
function axis(values) {
  let low = Math.min(...values), high = Math.max(...values);
  const logarithmic = low > 0 && high / low > 50;
  if (low === high) { const pad = Math.abs(low) * 0.1 || 1; low -= pad; high += pad; }
  if (logarithmic) { low /= 1.5; high *= 1.5; } else { const pad = 0.06 * (high - low); low -= pad; high += pad; }
  const f = logarithmic ? Math.log10 : v => v;
  return {low, high, logarithmic, unit: v => (f(v) - f(low)) / (f(high) - f(low))};
}

export function plot(parent, best, now) {
  const points = best.points.length ? best.points : [[0, best.measure]];
  const end = Math.max(((best.ended || now) - best.started) / 1000, points.at(-1)[0], 1e-3);
  const y = axis(points.map(p => p[1]));
  const width = Math.max(260, parent.clientWidth);
  const px = t => left + t / end * (width - left - right);
  const py = v => height - bottom - y.unit(v) * (height - top - bottom);

  const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img'});
  const title = svg('title', {});
  title.textContent = `${best.minimize ? 'Smallest' : 'Largest'} measure so far ${measure(best.measure)}, after ${points.length} improvements`;
  picture.append(title);
  for (const v of ticks(y.low, y.high, y.logarithmic, 4)) {
    const label = svg('text', {x: left - 8, y: py(v) + 4, class: 'tick end'});
    label.textContent = measure(v);
    picture.append(svg('line', {x1: left, x2: width - right, y1: py(v), y2: py(v), class: 'grid'}), label);
  }
  for (const [i, t] of [0, end / 2, end].entries()) {
    const label = svg('text', {x: px(t), y: height - 6, class: `tick ${['start', 'middle', 'end'][i]}`});
    label.textContent = t === 0 ? '0' : seconds(t);
    picture.append(label);
  }
  let path = '';
  for (const [t, v] of points) path += path ? `H${px(t).toFixed(1)}V${py(v).toFixed(1)}` : `M${px(t).toFixed(1)} ${py(v).toFixed(1)}`;
  picture.append(svg('path', {d: `${path}H${px(end).toFixed(1)}`, class: 'line'}));
  for (const [t, v] of points.slice(-100)) picture.append(svg('circle', {cx: px(t), cy: py(v), r: 2.6, class: 'point'}));

  if (!parent.caption) {
    parent.caption = el('p', {className: 'caption'}, el('strong'), el('span'));
    parent.append(parent.caption, parent.picture = el('div'));
  }
  const [value, rest] = parent.caption.children;
  text(value, measure(best.measure));
  text(rest, ` ${best.minimize ? 'smallest' : 'largest'}, task ${best.task}${best.worker ? ` on ${best.worker}` : ''}`);
  parent.picture.replaceChildren(picture);
}
