import { eventSources } from './event-sources.mjs';
import { sockets } from './sockets.mjs';

/**
 * `node main.mjs URL TOKEN BAD_TOKEN CASE_ID…` runs every client twice: with the token, for ever, and with the bad one.
 * Each prints JSON lines, as test/world/client-program.ts reads them.
 */
const LONGEST_RUN_MS = 300_000;

const [url, token, badToken, ...caseIds] = process.argv.slice(2);
const say = (client, event, data) => process.stdout.write(`${JSON.stringify({ client, event, data })}\n`);

for (const [client, start] of [...eventSources, ...sockets]) {
  start({
    url,
    token,
    caseIds,
    hear: (event, data) => say(client, event, data),
    refused: (by) => say(client, 'error', by),
  });
  start({
    url,
    token: badToken,
    caseIds,
    hear: (event) => event === 'ready' && say(client, 'served', 'with a bad token'),
    refused: (by) => say(client, 'refused', by),
  });
}

// The program that started it may have been killed.
setTimeout(() => process.exit(1), LONGEST_RUN_MS);
