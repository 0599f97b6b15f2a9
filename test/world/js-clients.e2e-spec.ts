import { join } from 'node:path';

import { useDeployment } from '../fixtures/use-deployment.js';
import { MESSAGES, restartTrial } from './restart-trial.js';

const SSE = [
  'fetch-event-source',
  'eventsource 2',
  'eventsource 3',
  'eventsource 4',
  'eventsource-parser',
  'event-source-polyfill',
];
const SOCKET_IO = ['3.1', '4.0', '4.8'].flatMap((version) =>
  ['websocket', 'polling', 'upgrade'].map((transport) => `socket.io-client ${version} ${transport}`),
);
/** Twice the time that `npm run test:clients` allows: the machine may be busy with other tests. */
const RESUME_MS = 6000;

/** The libraries that pages and services use, all of them at once, in one process of their own. */
describe('clients in JavaScript', () => {
  const deployment = useDeployment({ gateways: 2 });

  it('E10 R3 P1: connect, are refused clearly, and lose nothing when gateways are stopped and killed', async () => {
    const verdicts = await restartTrial(deployment, {
      command: process.execPath,
      args: [join(__dirname, 'clients/javascript/main.mjs')],
      clients: [...SSE, ...SOCKET_IO],
      resumeMs: RESUME_MS,
    });
    expect(verdicts.map(({ client, faults }) => [client, faults])).toEqual(
      [...SSE, ...SOCKET_IO].map((name) => [name, []]),
    );
    expect(new Set(verdicts.map(({ received }) => received))).toEqual(new Set([MESSAGES]));
  });
});
