import type { WorkerParts } from './worker.program.js';
import { WorkerProgram } from './worker.program.js';

/** Pauses are timers of the test. */
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)),
}));

/** How long a stopping worker waits for its polls, ms. */
const FINISH_MS = 10_000;
const SETTINGS = { port: 3001, host: '127.0.0.1' };

/** In which order a worker's parts start and end. Each part notes what it is told. */
describe('WorkerProgram', () => {
  let told: string[];
  /** What a part answers, by what it is told; undefined if it does not say. */
  let answers: Map<string, () => unknown>;
  let isOpen: boolean;
  let program: WorkerProgram;

  const say = (name: string) => {
    told.push(name);
    return answers.get(name)?.();
  };
  /** A part that notes each call of its methods. */
  const part = (name: string, more: object = {}) =>
    new Proxy(more, {
      get: (known, method) => (method in known ? Reflect.get(known, method) : () => say(`${name}.${String(method)}`)),
    });
  const lines = (line: unknown, text?: string) => void told.push(`: ${text ?? String(line)}`);
  const named = ['clock', 'worker', 'older', 'unread', 'queue', 'redis', 'overview', 'pings', 'needs'];
  const others = ['upstreamReport', 'reconciler', 'evictions', 'health', 'ops', 'tracing'];

  beforeEach(() => {
    jest.useFakeTimers();
    [told, answers, isOpen] = [[], new Map(), true];
    const parts = {
      ...Object.fromEntries([...named, ...others].map((name) => [name, part(name)])),
      settings: new Proxy(SETTINGS, { get: (known, name) => Reflect.get(known, name) ?? '' }),
      logger: { info: lines, warn: lines },
      gate: part('gate', {
        get isOpen() {
          return isOpen;
        },
      }),
      onWait: (error: Error) => void told.push(`waits: ${error.message}`),
      watchOverview: () => say('overview.watch'),
      watchPings: () => say('pings.watch'),
      redisServer: async () => say('redis.server') ?? {},
      subscriptions: [async () => say('subscribe.one'), async () => say('subscribe.other')],
      announce: async () => say('announce'),
      watchEviction: () => undefined,
      connections: [part('commands'), part('bull'), part('subscriber')],
    };
    program = new WorkerProgram(parts as unknown as WorkerParts);
  });
  afterEach(() => jest.useRealTimers());

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const started = async () => {
    const start = program.start();
    await pass(0);
    return start;
  };
  /** What was told, in this order, without the lines of the log. */
  const calls = () => told.filter((one) => !one.startsWith(':'));
  const STEPS = [
    ...['ops.listen', 'pings.watch', 'needs.check', 'needs.watch', 'clock.start', 'redis.server'],
    ...['evictions.watch', 'overview.watch', 'subscribe.one', 'subscribe.other', 'gate.check'],
    ...['worker.start', 'older.start', 'unread.start', 'announce', 'reconciler.start'],
  ];

  it('listens first, then waits for Redis, and polls when it hears all channels and has tried its login', async () => {
    await started();
    expect(calls()).toEqual(STEPS);
    expect(told.at(-1)).toBe(': worker polling');
  });

  it('tells no other worker that it is ready for sets where its login is refused, and says so', async () => {
    isOpen = false;
    await started();
    expect(calls()).toEqual(STEPS.filter((step) => step !== 'announce'));
    expect(told.at(-1)).toBe(': worker waiting for its login');
  });

  it.each(['needs.check', 'clock.start', 'subscribe.one', 'subscribe.other', 'announce'])(
    'waits while Redis refuses %s, says why, and tries again',
    async (step) => {
      let left = 2;
      answers.set(step, () => {
        left -= 1;
        if (left >= 0) throw new Error('out of reach');
      });
      const start = program.start();
      await pass(60_000);
      await start;
      expect(calls().filter((one) => one === step || one.startsWith('waits'))).toEqual([
        ...[step, 'waits: out of reach', step, 'waits: out of reach', step],
      ]);
      expect(calls().filter((one) => !one.startsWith('waits'))).toHaveLength(STEPS.length + 2);
    },
  );

  it('polls although Redis does not say what it is', async () => {
    answers.set('redis.server', () => Promise.reject(new Error('no INFO')));
    await started();
    expect(calls()).toContain('waits: no INFO');
    expect(calls().at(-1)).toBe('reconciler.start');
  });

  it('does not start where its port is taken', async () => {
    answers.set('ops.listen', () => Promise.reject(new Error('EADDRINUSE')));
    await expect(program.start()).rejects.toThrow('EADDRINUSE');
    expect(calls()).toEqual(['ops.listen']);
  });

  const ENDS = ['redis', 'overview', 'pings', 'needs', 'upstreamReport', 'clock', 'evictions'].map(
    (name) => `${name}.stop`,
  );
  const CLOSES = [
    ...['commands', 'bull', 'subscriber'].map((name) => `${name}.disconnect`),
    'ops.close',
    'tracing.stop',
  ];

  it('is not ready from the begin of its end on, and closes its connections when its polls have ended', async () => {
    await started();
    told = [];
    let endPolls = () => {};
    answers.set('worker.stop', () => new Promise<void>((resolve) => (endPolls = resolve)));
    let hasStopped = false;
    const stopped = program.stop().then(() => (hasStopped = true));
    await pass(FINISH_MS - 1);
    expect(calls()).toEqual([
      'health.drain',
      'gate.stop',
      'reconciler.stop',
      'worker.stop',
      'older.stop',
      'unread.stop',
    ]);
    endPolls();
    await stopped;
    expect(calls().slice(6)).toEqual(['queue.close', ...ENDS, ...CLOSES]);
    expect([hasStopped, told[0], told.at(-1)]).toEqual([true, ': worker stopping', ': worker stopped']);
  });

  it('ends after ten seconds although its polls do not', async () => {
    await started();
    told = [];
    answers.set('reconciler.stop', () => new Promise(() => undefined));
    const stopped = program.stop();
    await pass(FINISH_MS);
    await stopped;
    expect(calls()).toEqual(['health.drain', 'gate.stop', 'reconciler.stop', ...ENDS, ...CLOSES]);
  });

  it('ends once, however often it is told to', async () => {
    await started();
    await Promise.all([program.stop(), program.stop()]);
    await program.stop();
    expect(calls().filter((one) => one === 'health.drain')).toHaveLength(1);
  });

  it('takes no further step after its end, also while it waits for Redis', async () => {
    answers.set('clock.start', () => Promise.reject(new Error('out of reach')));
    const start = program.start();
    await pass(0);
    await program.stop();
    await pass(60_000);
    await start;
    const after = calls().slice(calls().indexOf('health.drain'));
    expect(after).toEqual(['health.drain', 'gate.stop', ...ENDS, ...CLOSES]);
  });
});
