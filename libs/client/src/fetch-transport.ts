import type { EventData, GatewayEvent, Refusal } from './events.js';
import { SseParser } from './sse-parser.js';
import { parameters, type Link, type TransportListener, type TransportRequest } from './transport.js';

/** A longer query is sent as a body: many proxies refuse a URL of more than 8 kB. */
const QUERY_MAX_CHARACTERS = 4000;

/** SSE by `fetch`: the token travels in a header, a refusal has a body, and a reader that is behind stops the gateway. */
export function openFetchStream(request: TransportRequest, listener: TransportListener): Link {
  const abort = new AbortController();
  read(request, listener, abort.signal).then(
    () => listener.ended('the gateway ended the stream'),
    (error: unknown) => abort.signal.aborted || listener.ended(String(error)),
  );
  return { close: () => abort.abort() };
}

async function read(request: TransportRequest, listener: TransportListener, signal: AbortSignal): Promise<void> {
  const response = await send(request, signal);
  if (response.status !== 200 || !response.body) {
    listener.refused(await refusalOf(response));
    return;
  }
  const events: GatewayEvent[] = [];
  const parser = new SseParser((name, data) =>
    events.push({ name: name as keyof EventData, data: JSON.parse(data) as never }),
  );
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) return;
    parser.push(decoder.decode(value, { stream: true }));
    if (events.length === 0) listener.alive();
    for (const event of events.splice(0)) {
      listener.event(event);
      if (signal.aborted) return;
    }
    await listener.room();
  }
}

function send(request: TransportRequest, signal: AbortSignal): Promise<Response> {
  const { url, token } = request;
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  const wanted = parameters(request);
  const options: RequestInit = { headers, signal, cache: 'no-store', credentials: token === null ? 'include' : 'omit' };
  const query = queryOf(wanted);
  const sent =
    query.length <= QUERY_MAX_CHARACTERS
      ? fetch(`${url}/v1/events?${query}`, options)
      : fetch(`${url}/v1/events`, {
          ...{ ...options, method: 'POST', body: JSON.stringify(wanted) },
          headers: { ...headers, 'content-type': 'application/json' },
        });
  return sent.catch((error: unknown) => {
    throw new Error(`${String(error)}${originHint(url)}`);
  });
}

/** Why a page of another origin may have no answer. A browser tells only people, in its console. */
export function originHint(url: string): string {
  const { origin } = globalThis.location ?? {};
  return origin && /^http/.test(url) && !url.startsWith(origin) ? ` (is ${origin} in ALLOWED_ORIGINS of ${url}?)` : '';
}

export function queryOf(wanted: object): string {
  const pairs = Object.entries(wanted as Record<string, string | number | readonly string[]>);
  return new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; case_ids?: string[] };
  const seconds = Number(response.headers.get('retry-after'));
  const isBrief = response.status === 429 || response.status >= 500;
  return {
    code: problem.code ?? (isBrief ? 'unavailable' : response.status === 401 ? 'unauthorized' : 'invalid'),
    message: problem.detail ?? `the answer was ${response.status}, and not from a gateway`,
    ...(problem.case_ids && { caseIds: problem.case_ids }),
    ...((seconds > 0 || response.status === 429) && { retryMs: seconds * 1000 }),
  };
}
