import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const BODY_MAX_BYTES = 16_384;
/** How often the simulator is asked what was posted, while a page watches, ms. */
const LEDGER_MS = 400;
/** Most pages that watch at once. */
const WATCHERS_MAX = 20;
/** A page that was hidden asks again from where it began, ms since 1970. */
const LEDGER = /^GET \/demo\/ledger(?:\/(\d{13}))?$/;
const ROLES = {
  customer: { type: 0, replier_type: 0, replier: 'visitor', replier_name: 'Visitor' },
  engineer: { type: 1, replier_type: 1, replier: 'engineer', replier_name: 'Support engineer' },
  'third-party': { type: 1, replier_type: 2, replier: 'partner', replier_name: 'Partner' },
};

/**
 * What the console of `npm start` may do at the other side of the demo: post messages, set statuses, stop the upstream from
 * answering, kill the worker. Gateways pass requests for `/demo/` on to it (`CONSOLE_DEMO_URL`), and only with the token of
 * the demo.
 */
export class DemoControl {
  #token;
  #simulator;
  #killWorker;
  #watchers = 0;

  /** `simulator` is its URL; `killWorker()` ends the worker at once and starts another one. */
  constructor({ token, simulator, killWorker }) {
    this.#token = token;
    this.#simulator = simulator;
    this.#killWorker = killWorker;
  }

  /** Resolves with its URL. */
  async listen(host) {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.headersSent || response.writeHead(502).end());
    });
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
    return `http://${host}:${server.address().port}`;
  }

  async #serve(request, response) {
    if (request.headers.authorization !== `Bearer ${this.#token}`) {
      response.writeHead(401).end();
      return;
    }
    const route = `${request.method} ${request.url.split('?', 1)[0]}`;
    const [isLedger, since] = LEDGER.exec(route) ?? [];
    if (isLedger) {
      await this.#tellLedger(response, Number(since ?? nextSecond()));
      return;
    }
    const body = request.method === 'POST' ? await jsonOf(request) : null;
    response.writeHead(body === null ? 400 : await this.#act(route, body)).end();
  }

  /** Resolves with the status of the answer. */
  async #act(route, body) {
    switch (route) {
      case 'POST /demo/messages': {
        const { case_id, content, role = 'customer', count = 1 } = body;
        if (!(count >= 1 && count <= 100)) return 400;
        return this.#ask('POST', '/control/messages', { case_id, content, count, ...ROLES[role] });
      }
      case 'POST /demo/status':
        return this.#ask('POST', '/control/status', { case_id: body.case_id, status: body.status });
      case 'POST /demo/upstream':
        if (!body.down) return this.#ask('DELETE', '/control/faults');
        return this.#ask('POST', '/control/faults', { kind: 'status', status: 503 });
      case 'POST /demo/worker/kill':
        this.#killWorker();
        return 202;
      default:
        return 404;
    }
  }

  async #ask(method, path, body) {
    const answer = await fetch(`${this.#simulator}${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    await answer.body?.cancel();
    return answer.status;
  }

  /** What is posted since then, one event a message. The first event says from when. */
  async #tellLedger(response, since) {
    if (this.#watchers >= WATCHERS_MAX) {
      response.writeHead(429).end();
      return;
    }
    this.#watchers += 1;
    response.once('close', () => (this.#watchers -= 1));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    response.write(`data: ${JSON.stringify({ since })}\n\n`);
    let last = 0;
    while (!response.destroyed) {
      await sleep(LEDGER_MS);
      const messages = (await this.#ledger()).filter(({ seq, time_ms }) => seq > last && time_ms >= since);
      for (const { seq, case_id, content, time_ms } of messages.sort((one, other) => one.seq - other.seq)) {
        response.write(`data: ${JSON.stringify({ seq, case_id, content, time_ms })}\n\n`);
        last = seq;
      }
    }
  }

  async #ledger() {
    const answer = await fetch(`${this.#simulator}/control/ledger`);
    return (await answer.json()).messages;
  }
}

/** Times of messages have no fractions. */
const nextSecond = () => (Math.floor(Date.now() / 1000) + 1) * 1000;

/** The JSON object of a body; null if it is none, or too large. */
async function jsonOf(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) return null;
    parts.push(part);
  }
  try {
    const value = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
