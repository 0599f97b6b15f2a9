import type { MeasuredProcess } from '../support/measured-process.js';
import { table } from '../support/statistics.js';

const LIMIT = 50;
const READS = 200;

/** What pages at several places of one ticket's history cost the gateway, and how long they take. */
export async function historyPages(port: number, ticket: string, gateway: MeasuredProcess): Promise<string> {
  const places: { readonly place: number; readonly after: string }[] = [];
  let after = '';
  for (let place = 0; ; place += LIMIT) {
    places.push({ place, after });
    const page = await read(port, ticket, after);
    if (!page.more) break;
    after = page.last_event_id;
  }
  const picked = [0, 0.25, 0.5, 0.75, 1].map((part) => places[Math.round((places.length - 1) * part)]);
  const rows: string[][] = [];
  for (const one of new Set(picked)) {
    if (one === undefined) continue;
    const cpuBefore = gateway.cpuUs;
    const began = performance.now();
    for (let count = 0; count < READS; count += 1) await read(port, ticket, one.after);
    const ms = (performance.now() - began) / READS;
    rows.push([String(one.place), ms.toFixed(2), ((gateway.cpuUs - cpuBefore) / READS).toFixed(0)]);
  }
  return table(['after event', 'ms', 'gateway CPU us'], rows);
}

async function read(port: number, ticket: string, after: string): Promise<{ more: boolean; last_event_id: string }> {
  const from = after === '' ? '' : `&after=${after}`;
  const response = await fetch(`http://127.0.0.1:${port}/v1/cases/${ticket}/messages?limit=${LIMIT}${from}`);
  if (!response.ok) throw new Error(`a page was answered with ${response.status}`);
  return (await response.json()) as { more: boolean; last_event_id: string };
}
