// The connection: the token, requests, and the stream of events. EventSource
// cannot send an Authorization header, so the stream is read with fetch.

const place = 'ritz-token';

// The token comes once in the address, is kept for this tab, and leaves the
// address bar.
const address = new URL(location.href);
if (address.searchParams.has('token')) {
  sessionStorage.setItem(place, address.searchParams.get('token'));
  address.searchParams.delete('token');
  history.replaceState(null, '', address);
}

export function setToken(token) { sessionStorage.setItem(place, token); }

function headers() {
  const token = sessionStorage.getItem(place);
  return token ? {Authorization: `Bearer ${token}`, 'Ritz-Request': '1'} : {'Ritz-Request': '1'};
}

// ask sends a request and gives its answer; an error says what the server said.
export async function ask(path, method = 'GET') {
  const response = await fetch(path, {method, headers: headers(), cache: 'no-store', credentials: 'omit'});
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

const silence = 20000; // ms without an event: the connection is dead

// Stream calls onEvent with each event and onState with 'live', 'paused',
// 'waiting' or 'denied'. It comes back by itself after an error, pauses while
// the tab is hidden, and begins anew when the query changes.
export class Stream {
  constructor(path, onEvent, onState) {
    Object.assign(this, {path, onEvent, onState, query: '', turn: 0, pause: 1000});
    document.addEventListener('visibilitychange', () => this.open());
    window.addEventListener('online', () => this.open());
  }

  watch(query) {
    this.query = query;
    this.open();
  }

  open() {
    this.turn++;
    this.abort?.abort();
    clearTimeout(this.timer);
    if (document.hidden) {
      this.onState('paused');
      return;
    }
    this.run(this.turn);
  }

  async run(turn) {
    const abort = this.abort = new AbortController();
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort(), silence);
    };
    let why = 'the coordinator ended the stream';
    try {
      alive();
      const response = await fetch(`${this.path}?${this.query}`, {headers: headers(), cache: 'no-store', credentials: 'omit', signal: abort.signal});
      if (!response.ok) {
        const answer = await response.json().catch(() => ({}));
        why = answer.error ?? `${response.status} ${response.statusText}`;
        if (response.status === 401) {
          if (turn === this.turn) this.onState('denied', why);
          return;
        }
        throw new Error(why);
      }
      let first = true;
      for await (const event of events(response.body)) {
        if (turn !== this.turn) return;
        alive();
        this.pause = 1000;
        this.onState('live');
        this.onEvent(event, first);
        first = false;
      }
    } catch (error) {
      why = error.message;
    } finally {
      clearTimeout(watchdog);
    }
    if (turn !== this.turn) return;
    this.onState('waiting', why);
    this.timer = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(2 * this.pause, 10000);
  }
}

// events reads server-sent events whose data are one line of JSON each.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    rest += value;
    for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
      if (rest.startsWith('data: ')) yield JSON.parse(rest.slice(6, end));
    }
  }
}
