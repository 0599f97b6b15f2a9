import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Refusal } from '#protocol';
import { RequestGate, type RequestGateParts } from './request-gate.js';

const HOST = ['Host', 'push.example'];

describe('the gate in front of all requests', () => {
  let steps: string[];
  let refused: string | null;
  let isDraining: boolean;
  let owner: string | object | null;
  const problems = jest.fn();
  const say = (what: string) => {
    steps.push(what);
    if (what === refused) throw new Refusal('too_many', what, { retryMs: 1500 });
  };
  const gate = (streams: readonly string[] = []) =>
    new RequestGate({
      origins: { check: () => say('origin'), isPreflight: () => false },
      headers: { set: () => undefined },
      socketIo: { check: () => say('socket.io') },
      handshakes: { take: (address: string) => say(`rate of ${address}`) },
      turns: {
        take: (of: () => string | object, work: () => void) => {
          owner = of();
          work();
        },
      },
      addresses: { of: () => '192.0.2.1' },
      health: {
        get isDraining() {
          return isDraining;
        },
      },
      ops: () => false,
      streams: { isFor: ({ url = '' }: IncomingMessage) => streams.includes(url), serves: () => false },
      console: { serves: () => false },
      demo: { serves: () => false },
      problems: { answer: problems },
      refusals: { note: (error: unknown) => error },
    } as unknown as RequestGateParts);
  const make = (url: string, rawHeaders: string[] = HOST, httpVersion = '1.1') => {
    const request = new IncomingMessage(new Socket());
    const headers = Object.fromEntries(
      rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [])),
    ) as NodeJS.Dict<string>;
    Object.assign(request, { url, method: 'GET', rawHeaders, headers, httpVersion });
    Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: 1 });
    return request;
  };
  const serve = (request: IncomingMessage, of = gate()) => {
    const response = new ServerResponse(request);
    response.assignSocket(request.socket);
    const pass = jest.fn();
    of.serve(request, response, pass);
    return { response, isPassed: pass.mock.calls.length === 1 };
  };

  beforeEach(() => {
    [steps, refused, isDraining, owner] = [[], null, false, null];
    problems.mockReset();
  });

  it('counts what begins a connection, and nothing else', () => {
    const of = gate(['/v1/events?case_ids=A']);
    const polling = '/socket.io/?EIO=4&transport=polling';
    const counted = [polling, `${polling}&sid=x`, '/v1/events?case_ids=A', '/v1/cases/A/messages', '/metrics'].map(
      (url) => {
        steps = [];
        expect(serve(make(url), of).isPassed).toBe(true);
        return steps.includes('rate of 192.0.2.1');
      },
    );
    expect(counted).toEqual([true, false, true, false, false]);
  });

  it.each([['origin'], ['socket.io'], ['rate of 192.0.2.1']])(
    'lets no WebSocket begin that is refused by: %s',
    (by) => {
      const handshake = make('/socket.io/?EIO=4&transport=websocket');
      expect(gate().refusalOf(handshake)).toBeNull();
      expect(steps).toEqual(['origin', 'socket.io', 'rate of 192.0.2.1']);
      refused = by;
      expect(gate().refusalOf(handshake)).toMatchObject({ problem: { code: 'too_many', detail: by }, retryMs: 1500 });
    },
  );

  it.each<[string, string[], string, boolean]>([
    ['one Host', HOST, '1.1', true],
    ['two Hosts', [...HOST, 'host', 'push.example'], '1.1', false],
    ['no Host', ['Accept', '*/*'], '1.1', false],
    ['no Host in HTTP/1.0', ['Accept', '*/*'], '1.0', true],
    ['two Hosts in HTTP/1.0', [...HOST, ...HOST], '1.0', false],
  ])('of requests with %s', (_, rawHeaders, version, isGood) => {
    expect(serve(make('/x', rawHeaders, version)).isPassed).toBe(isGood);
    expect(problems.mock.calls.length).toBe(isGood ? 0 : 1);
    expect(gate().refusalOf(make('/x', rawHeaders, version)) === null).toBe(isGood);
  });

  it('gives turns by the token that a request shows, and else by its address', () => {
    const owners = [['Authorization', 'Bearer a', 'X-Auth-Token', 'b'], ['X-Auth-Token', 'b'], []].map((headers) => {
      serve(make('/x', [...HOST, ...headers]));
      return owner;
    });
    expect(owners).toEqual(['Bearer a', 'b', '192.0.2.1']);
  });

  it('lets a large body wait no longer than its turn, and serves nobody who has left', () => {
    const of = gate();
    const large = () => make('/v1/hints', [...HOST, 'Content-Length', '100000']);
    for (let count = 0; count < 100; count += 1) expect(serve(large(), of).isPassed).toBe(true);
    const left = make('/x');
    left.socket.destroy();
    expect(serve(left, of).isPassed).toBe(false);
  });

  it('sends clients to another gateway while this one drains', () => {
    expect(serve(make('/x')).response.shouldKeepAlive).toBe(true);
    isDraining = true;
    const { response, isPassed } = serve(make('/x'));
    expect([response.shouldKeepAlive, isPassed]).toEqual([false, true]);
  });
});
