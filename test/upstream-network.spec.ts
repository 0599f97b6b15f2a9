import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { UpstreamFailure, type PollRequest } from '#core';
import { createOsmClient, type OsmSettings } from '#osm';
import { memoryAttempts } from '#testing';

import { certificate } from './harness/upstream/certificate.js';
import { freePort } from './harness/processes/ports.js';

const REQUEST: PollRequest = { feed: { language: 'zh-cn' }, caseIds: ['CS1'], cursor: null, knownDigest: null };
const MAX_BYTES = 1_000_000;
const DAY_MS = 86_400_000;
const HUGE_BYTES = 100_000_000;
/** How long Node tries one of several addresses by default, ms. */
const NODES_ATTEMPT_MS = 250;

type LookupCallback = (error: null, addresses: readonly { address: string; family: number }[]) => void;

const SETTINGS: Omit<OsmSettings, 'upstreamBaseUrl'> = {
  httpsProxy: '',
  httpProxy: '',
  noProxy: '',
  upstreamAuth: 'token',
  upstreamToken: 'the-token',
  iamBaseUrl: '',
  iamUsername: '',
  iamPassword: '',
  iamDomain: '',
  iamProject: '',
  upstreamAccessKey: '',
  upstreamSecretKey: '',
  upstreamSecurityToken: '',
  upstreamDomainId: '',
  upstreamProjectId: '',
  upstreamTimeZone: 'GMT+8',
  upstreamSite: '',
  upstreamTrimRichText: '',
  upstreamTimeoutMs: 5000,
  upstreamMaxBodyBytes: MAX_BYTES,
  workerConcurrency: 1,
};

/** The result or the failure of one poll. */
async function poll(upstreamBaseUrl: string): Promise<unknown> {
  const client = createOsmClient(
    { ...SETTINGS, upstreamBaseUrl },
    {
      clock: { now: () => Date.now() },
      userAgent: 'pollcast/test',
      attempts: memoryAttempts,
      onCredentials: () => undefined,
    },
  );
  try {
    return await client.poll(REQUEST).catch((error: unknown) => error);
  } finally {
    await client.close();
  }
}

/** Faults that need a network or a server of their own. The others are tested in libs/osm. */
describe('an upstream', () => {
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))));

  async function listen(made: Server): Promise<number> {
    server = made;
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    return (made.address() as AddressInfo).port;
  }

  it('that refuses the connection is unavailable', async () => {
    const failure = await poll(`http://127.0.0.1:${await freePort()}`);
    expect(failure).toMatchObject({ code: 'unavailable', message: 'ECONNREFUSED from the network' });
  });

  it('without an address is unavailable', async () => {
    expect(await poll('http://nowhere.invalid')).toMatchObject({ name: 'UpstreamFailure', code: 'unavailable' });
  });

  it('that is a second away, with an address of a family that this machine cannot reach, is reached', async () => {
    const child = spawn(process.execPath, [join(__dirname, 'harness/upstream/distant-server.cjs')]);
    const waiting: Socket[] = [];
    try {
      const [told] = (await once(child.stdout, 'data')) as [Buffer];
      const port = Number(told);
      waiting.push(...Array.from({ length: 4 }, () => connect(port, '127.0.0.1')));
      await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 }, // Nobody listens there.
      ];
      jest
        .spyOn(dns, 'lookup')
        .mockImplementation(((_host: string, _options: object, done: LookupCallback) =>
          done(null, addresses)) as never);
      const began = performance.now();
      expect(await poll(`http://osm.example:${port}`)).toMatchObject({ kind: 'content', cursor: '1' });
      expect(performance.now() - began).toBeGreaterThan(NODES_ATTEMPT_MS);
    } finally {
      waiting.forEach((socket) => socket.destroy());
      jest.restoreAllMocks();
      child.kill();
    }
  });

  it.each([
    ['an expired certificate', -2 * DAY_MS, -DAY_MS, 'CERT_HAS_EXPIRED'],
    ['a certificate of nobody known', -DAY_MS, DAY_MS, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('with %s is unavailable, and gets no token', async (_, notBefore, notAfter, kind) => {
    const requests = jest.fn<void, Parameters<RequestListener>>((_, response) => void response.end());
    const made = certificate(new Date(Date.now() + notBefore), new Date(Date.now() + notAfter));
    const port = await listen(createTlsServer(made, requests));
    const failure = await poll(`https://127.0.0.1:${port}`);
    expect(failure).toBeInstanceOf(UpstreamFailure);
    expect(failure).toMatchObject({ code: 'unavailable', message: `${kind} from the network` });
    expect(requests).not.toHaveBeenCalled();
  });

  it.each([
    ['announced', { 'content-length': String(HUGE_BYTES) }],
    ['not announced', {}],
  ])('with an answer of 100 MB, %s, is cut off at the bound', async (_, headers) => {
    let sent = 0;
    const port = await listen(
      createHttpServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers });
        const pour = () => {
          while (sent < HUGE_BYTES && !response.destroyed) {
            const chunk = Buffer.alloc(65_536, ' ');
            sent += chunk.length;
            if (!response.write(chunk)) {
              response.once('drain', pour);
              return;
            }
          }
        };
        pour();
      }),
    );
    const failure = await poll(`http://127.0.0.1:${port}`);
    expect(failure).toMatchObject({ code: 'malformed', message: `the answer has more than ${MAX_BYTES} bytes` });
    // The buffers of the sockets hold some more.
    expect(sent).toBeLessThan(HUGE_BYTES / 4);
  });

  it('with one connection lets the next request wait, which is told apart from its own time', async () => {
    const answersMs = 200;
    const empty = '{"immsg":[],"last_message_time_id":"1"}';
    const port = await listen(
      createHttpServer((_, response) => {
        setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(empty), answersMs);
      }),
    );
    const onSent = jest.fn();
    const client = createOsmClient(
      { ...SETTINGS, upstreamBaseUrl: `http://127.0.0.1:${port}` },
      {
        clock: { now: () => Date.now() },
        userAgent: 'pollcast/test',
        attempts: memoryAttempts,
        onCredentials: () => undefined,
        onSent,
      },
    );
    const answers = await Promise.all([client.poll(REQUEST), client.poll(REQUEST)]);
    const [first = 0, second = 0] = answers.map(({ waitedMs }) => waitedMs ?? 0);
    await client.close();
    expect(second - first).toBeGreaterThan(answersMs / 2);
    expect(onSent).toHaveBeenCalledTimes(2);
  });
});
