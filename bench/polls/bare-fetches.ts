import { Agent } from 'undici';

/** undici and JSON.parse alone, with the same requests at the same pace. */
const { url, sets, setSize, intervalMs } = JSON.parse(process.env['SETTINGS'] ?? '{}') as {
  url: string;
  sets: number;
  setSize: number;
  intervalMs: number;
};
const agent = new Agent({ connections: 200, pipelining: 1 });
const origin = new URL(url).origin;
let done = 0;
let cursor = '0';

async function fetchOnce(query: string): Promise<void> {
  const path = `/v2/servicerequest/cases/instant-messages?${query}&last_message_time_id=${cursor}`;
  const headers = { 'x-auth-token': 'bare', 'x-language': 'zh-cn', 'x-time-zone': 'GMT+8' };
  const { body } = await agent.request({ origin, path, method: 'GET', headers });
  const answer = JSON.parse(await body.text()) as { last_message_time_id: string };
  cursor = answer.last_message_time_id;
  done += 1;
}

function start(set: number): void {
  const ids = Array.from({ length: setSize }, (_, at) => `TICKET-${String(set * 100 + at).padStart(8, '0')}`);
  const query = ids.map((id) => `case_ids=${id}`).join('&');
  const phase = ((set * 0.618034) % 1) * intervalMs;
  const again = () => {
    const now = Date.now();
    setTimeout(run, Math.ceil((Math.floor((now - phase) / intervalMs) + 1) * intervalMs + phase - now));
  };
  const run = () => void fetchOnce(query).then(again, again);
  again();
}

for (let set = 0; set < sets; set += 1) {
  start(set);
}
process.send?.({ ready: true });
process.on('message', () => {
  process.send?.({ done });
  done = 0;
});
process.on('disconnect', () => process.exit());
