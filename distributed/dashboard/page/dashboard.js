// The page: what an event says goes to its place, what a reader asks for
// becomes the query of the next stream.
import {$, bytes, colour, count, el, list, measure, pager, rate, seconds, text} from './elements.js';
import {Stream, ask, setToken} from './live.js';
import {plot} from './plot.js';
import {Timeline} from './timeline.js';

const view = {job: '', jobs: 0, workers: 0, sort: 'name', filter: '', lanes: 0, worker: '', seconds: 300};
const sizes = {jobs: 20, workers: 25, lanes: 40};
const timeline = new Timeline($('timeline-canvas'), $('timeline-tip'), $('timeline-said'), choose);
const stream = new Stream('api/events', take, state);
let now = 0;

function take(event, first) {
  now = event.now;
  if (event.totals) totals(event.totals);
  if (event.jobs) jobs(event.jobs);
  if (event.workers) workers(event.workers);
  if (event.failures) failures(event.failures);
  if ('best' in event) best(event.best);
  if (event.timeline) {
    timeline.take(event.timeline, now, first);
    pager($('lanes-pager'), event.timeline.first, sizes.lanes, event.timeline.total, first => change({lanes: first}));
  }
}

function state(name, why = '') {
  $('denied').hidden = name !== 'denied';
  $('page').hidden = name === 'denied';
  if (name === 'denied') text($('denied-why'), sessionStorage.getItem('ritz-token') ? 'The token that was given is not the right one.' : '');
  $('live').className = `live ${name}`;
  text($('live'), {live: 'live', paused: 'paused', waiting: 'no connection, trying again', denied: 'no token'}[name]);
  $('live').title = why;
}

function change(part) {
  Object.assign(view, part);
  for (const [id, value, none, what] of [['chosen', view.job, 'job', 'job'], ['only', view.worker, 'worker', 'worker']]) {
    $(id).replaceChildren(...(value ? [el('button', {type: 'button', className: 'chip', 'aria-label': `show every ${none} again`, onclick: () => change(what === 'job' ? {job: ''} : {worker: '', lanes: 0})}, `only ${value} `, el('span', {'aria-hidden': 'true'}, '×'))] : []));
  }
  stream.watch(new URLSearchParams(view).toString());
}

function choose(job) { change({job: view.job === job ? '' : job}); }

function totals(t) {
  const items = [
    ['active jobs', count(t.active)],
    ['workers', count(t.workers - t.lost), t.lost ? `${count(t.lost)} lost` : ''],
    ['slots busy', count(t.busy), `of ${count(t.slots)}`],
    ['cores in use', t.cpu >= 100 ? count(Math.round(t.cpu)) : String(t.cpu)],
    ['memory', bytes(t.rss)],
    ['store', bytes(t.store)],
  ];
  list($('totals'), items, i => i[0],
    ([name]) => el('div', {}, el('dt', {}, name), el('dd', {}, el('b'), el('small'))),
    (e, [, value, note = '']) => { const [b, small] = e.lastChild.children; text(b, value); text(small, note); });
  const all = t.done + t.running + t.waiting + t.failed;
  parts($('states-bar'), t, all);
  $('states').hidden = all === 0;
  const legend = [['done', t.done], ['running', t.running], ['waiting', t.waiting], ['failed', t.failed], ['retried', t.retried]];
  list($('states-legend'), legend.filter(([name, n]) => n || !['failed', 'retried'].includes(name)), l => l[0],
    ([name]) => el('li', {}, el('span', {className: `swatch ${name}`}), el('span')),
    (e, [name, n]) => text(e.lastChild, `${count(n)} ${name}`));
  document.title = t.active && all ? `${Math.floor(100 * (t.done + t.failed) / all)} % – ritz cluster` : 'ritz cluster';
}

// parts sets the parts of a bar: done, failed, running of all.
function parts(bar, t, all) {
  if (!bar.firstChild) bar.append(...['done', 'failed', 'running'].map(name => el('span', {className: name})));
  for (const e of bar.children) {
    const n = t[e.className];
    e.style.width = `${all ? 100 * n / all : 0}%`;
    e.hidden = n === 0;
  }
  bar.setAttribute('aria-label', `${count(t.done)} of ${count(all)} tasks done, ${count(t.running)} running, ${count(t.failed)} failed`);
}

function jobs(l) {
  pager($('jobs-pager'), l.first, sizes.jobs, l.total, first => change({jobs: first}));
  $('jobs').hidden = l.total === 0;
  $('jobs-none').hidden = l.total !== 0;
  for (const j of l.rows) timeline.names.set(j.id, j.name);
  list($('jobs').tBodies[0], l.rows, j => j.id, makeJob, updateJob);
}

function makeJob(j) {
  const name = el('button', {type: 'button', className: 'name', onclick: () => choose(j.id)}, j.name || j.id);
  const swatch = el('span', {className: 'swatch'});
  swatch.style.background = colour(j.id);
  const tr = el('tr', {},
    el('th', {scope: 'row'}, swatch, name, el('small'), el('small', {className: 'why'})),
    el('td', {className: 'wide', 'data-name': 'Progress'}, el('div', {className: 'bar', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100'}), el('small')),
    ...['Running', 'Failed', 'Rate', 'Time left', 'Best'].map(n => el('td', {className: 'number', 'data-name': n})),
    el('td', {className: 'actions'}));
  tr.cancel = careful('Cancel', 'Cancel it?', () => act(j.id, 'cancel', () => `${j.name || j.id} is cancelled.`));
  tr.retry = el('button', {type: 'button', onclick: () => act(j.id, 'retry', a => `${count(a.retried)} failed tasks of ${j.name || j.id} are queued again.`)}, 'Retry failed');
  for (const b of [tr.cancel, tr.retry]) b.setAttribute('aria-describedby', `job-${j.id}`);
  name.id = `job-${j.id}`;
  tr.lastChild.append(tr.cancel, tr.retry);
  return tr;
}

function updateJob(tr, j) {
  const [head, progress, running, failed, speed, left, good] = tr.children;
  tr.className = `state-${j.state}${view.job === j.id ? ' chosen' : ''}`;
  const [, name, about, why] = head.children;
  name.setAttribute('aria-pressed', view.job === j.id);
  text(name, j.name || j.id);
  text(about, [j.state, j.kind, j.name ? j.id : '', j.requires, j.priority ? `priority ${j.priority}` : ''].filter(Boolean).join(' · '));
  text(why, j.why ?? '');
  const [bar, numbers] = progress.children, percent = j.tasks ? 100 * j.done / j.tasks : 0;
  parts(bar, j, j.tasks);
  bar.setAttribute('aria-valuenow', Math.floor(percent));
  text(numbers, `${percent < 100 ? Math.floor(percent) : 100} %, ${count(j.done)} of ${count(j.tasks)}`);
  text(running, j.running ? count(j.running) : '–');
  text(failed, j.failed ? count(j.failed) : '–');
  failed.classList.toggle('bad', j.failed > 0);
  failed.title = [j.retried && `${count(j.retried)} attempts were retried`, j.lost && `${count(j.lost)} were lost with their workers`].filter(Boolean).join(', ');
  text(speed, rate(j.rate));
  const over = ['done', 'failed', 'cancelled'].includes(j.state);
  text(left, over ? (j.ended && j.started ? `took ${seconds((j.ended - j.started) / 1000)}` : j.state) : j.eta ? seconds(j.eta) : '–');
  text(good, j.best === undefined ? '–' : measure(j.best));
  for (const cell of [running, failed, speed, left, good]) cell.classList.toggle('empty', cell.textContent === '–');
  tr.cancel.hidden = over;
  tr.retry.hidden = j.failed === 0;
}

// careful is a button that asks once more before it acts.
function careful(label, question, action) {
  let timer;
  const calm = () => { clearTimeout(timer); button.classList.remove('sure'); text(button, label); };
  const button = el('button', {type: 'button', onblur: calm, onclick: () => {
    if (button.classList.contains('sure')) { calm(); action(); return; }
    button.classList.add('sure');
    text(button, question);
    timer = setTimeout(calm, 5000);
  }}, label);
  return button;
}

async function act(id, verb, say) {
  try {
    notice(say(await ask(`api/jobs/${encodeURIComponent(id)}/${verb}`, 'POST')), false);
  } catch (error) {
    notice(error.message, true);
  }
}

let quieter;
function notice(what, bad) {
  clearTimeout(quieter);
  text($('done-what'), what);
  $('done-what').classList.toggle('bad', bad);
  quieter = setTimeout(() => text($('done-what'), ''), 10000);
}

function failures(l) {
  text($('failures-of'), l.job || (l.more ? 'the newest' : ''));
  $('failures-none').hidden = l.rows.length !== 0;
  list($('failures'), l.rows, f => JSON.stringify([f.job, f.reason, f.exit, f.signal]), makeFailure, updateFailure);
}

function makeFailure() {
  const li = el('li', {}, el('details', {}, el('summary', {}, el('b'), el('span', {className: 'reason'}), el('small')), el('p'), el('pre', {tabIndex: 0}), el('button', {type: 'button'}, 'Show all that is kept')));
  li.firstChild.lastChild.onclick = () => li.more();
  return li;
}

function updateFailure(li, f) {
  const [summary, about, stderr, more] = li.firstChild.children;
  const [times, reason, where] = summary.children;
  text(times, `${count(f.count)} ×`);
  text(reason, f.reason || 'failed');
  // A task that ran within its worker has neither.
  const end = f.signal ? `signal ${f.signal}` : f.exit ? `exit code ${f.exit}` : '';
  text(where, [end, timeline.names.get(f.job) || f.job, f.final ? `${count(f.final)} given up` : 'retried', `on ${f.workers === 1 ? f.worker : `${count(f.workers)} workers`}`].filter(Boolean).join(' · '));
  text(about, `Newest: task ${f.task}, attempt ${f.attempt}, on ${f.worker}, at ${new Date(f.time).toLocaleTimeString()}`);
  if (li.whole?.time !== f.time) {
    li.whole = null;
    text(stderr, f.stderr || 'It wrote nothing to its error output.');
  }
  more.hidden = f.whole || li.whole !== null;
  li.more = async () => {
    try {
      const all = await ask(`api/jobs/${encodeURIComponent(f.job)}/failures?limit=1000`);
      const one = all.find(a => a.task === f.task && a.attempt === f.attempt);
      if (!one) return;
      li.whole = {time: f.time};
      text(stderr, one.stderr);
      more.hidden = true;
    } catch (error) { notice(error.message, true); }
  };
  if (li.firstChild.dataset.seen === undefined) {
    li.firstChild.dataset.seen = '';
    li.firstChild.open = !li.previousElementSibling && $('failures').children.length === 0;
  }
}

let shown;
new ResizeObserver(() => shown && plot($('best'), shown, now)).observe($('best').parentElement);

function best(b) {
  $('best').hidden = !b;
  $('best-none').hidden = !!b;
  text($('best-of'), b ? b.name || b.job : '');
  if (b) plot($('best'), b, now);
  shown = b;
}

function workers(l) {
  pager($('workers-pager'), l.first, sizes.workers, l.total, first => change({workers: first}));
  $('workers').hidden = l.total === 0;
  $('workers-none').hidden = l.total !== 0 || view.filter !== '';
  list($('workers').tBodies[0], l.rows, w => w.id, makeWorker, updateWorker);
}

function makeWorker(w) {
  return el('tr', {},
    el('th', {scope: 'row'}, el('button', {type: 'button', className: 'name', title: 'show its slots alone in the task stream', onclick: () => change({worker: view.worker === w.id ? '' : w.id, lanes: 0})}, w.id), el('small')),
    el('td', {'data-name': 'State'}, el('span', {className: 'pill'})),
    el('td', {'data-name': 'Slots'}, el('meter', {min: 0}), el('small')),
    el('td', {'data-name': 'CPU, cores', className: 'number'}),
    el('td', {'data-name': 'Memory'}, el('meter', {min: 0}), el('small')),
    el('td', {'data-name': 'Labels', className: 'labels'}));
}

function updateWorker(tr, w) {
  const [head, state, slots, cpu, memory, labels] = tr.children;
  text(head.lastChild, `${w.host}, process ${w.pid}, ${w.version}`);
  text(state.firstChild, w.state);
  state.firstChild.className = `pill ${w.state}`;
  state.title = w.seen ? `last heard of at ${new Date(w.seen).toLocaleTimeString()}` : '';
  Object.assign(slots.firstChild, {max: Math.max(1, w.slots), value: w.busy});
  text(slots.lastChild, `${w.busy} of ${w.slots}`);
  text(cpu, String(w.cpu));
  memory.firstChild.hidden = w.memory === 0;
  Object.assign(memory.firstChild, {max: Math.max(1, w.memory), high: 0.9 * Math.max(1, w.memory), optimum: 0, value: w.rss});
  text(memory.lastChild, w.memory ? `${bytes(w.rss)} of ${bytes(w.memory)}` : `${bytes(w.rss)}, no limit`);
  text(labels, w.labels || '–');
}

$('seconds').onchange = e => change({seconds: e.target.value});
$('sort').onchange = e => change({sort: e.target.value, workers: 0});
let typing;
$('filter').oninput = e => {
  clearTimeout(typing);
  typing = setTimeout(() => change({filter: e.target.value, workers: 0}), 250);
};
$('token-form').onsubmit = e => {
  e.preventDefault();
  setToken($('token').value.trim());
  $('token').value = '';
  stream.open();
};
change({});
