import { createServer } from 'node:http';

/**
 * The fastest upstream that still answers as the documentation says: one status per ticket, no message, and a cursor
 * that moves. It counts requests. Its parent asks for the counts over IPC.
 */
const answers = new Map<string, string>();
let requests = 0;
const sentAt: number[] = [];

function answerTo(url: string): string {
  const start = url.indexOf('case_ids=');
  const end = url.indexOf('&last_message_time_id');
  const key = url.slice(start, end < 0 ? undefined : end);
  let statuses = answers.get(key);
  if (statuses === undefined) {
    const ids = new URLSearchParams(key).getAll('case_ids');
    statuses = ids.map((id) => `{"status":0,"incident_id":"${id}"}`).join(',');
    answers.set(key, statuses);
  }
  return `{"imstatus":[${statuses}],"immsg":[],"last_message_time_id":"${Date.now()}"}`;
}

const server = createServer((request, response) => {
  requests += 1;
  sentAt.push(performance.now());
  const body = answerTo(request.url ?? '');
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));

process.on('message', () => {
  process.send?.({ requests, times: sentAt.splice(0) });
  requests = 0;
});
process.on('disconnect', () => process.exit());
