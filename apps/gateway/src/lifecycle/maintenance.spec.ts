import { Maintenance, type MaintenanceParts } from './maintenance.js';

const HEARTBEAT_MS = 20_000;

/** Each piece of work by its name. */
type Works = Record<string, jest.Mock>;

/** The test owns the timers. */
describe('Maintenance', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function fixture(rights: { everyMs: number } | null = { everyMs: 700 }) {
    const onError = jest.fn();
    const works: Works = {};
    const work = (name: string) => (works[name] = jest.fn(async () => undefined));
    const watched: Record<string, (told: never) => unknown> = {};
    const polling = { check: work('polling'), stalledCount: 0 };
    const isWell = jest.fn(async () => true);
    const watch = (name: string) => (told: (state: never) => unknown) => void (watched[name] = told);
    const parts = {
      connections: { sweep: work('connections'), heartbeat: work('heartbeat'), renewCounts: work('counts') },
      unauthenticated: { sweep: work('unauthenticated') },
      polled: { sweep: work('polled') },
      rights: rights && { ...rights, look: work('rights') },
      hub: { sweep: work('hub') },
      interest: { renewEveryMs: 3000, renew: work('interest') },
      offer: { say: work('offer') },
      survey: { listen: work('survey') },
      revocations: { check: work('revocations') },
      polling,
      pollingReport: { checked: jest.fn() },
      metrics: { notPolled: jest.fn() },
      store: {
        watchDataLoss: watch('dataLoss'),
        watchEviction: watch('eviction'),
        watchOverview: watch('overview'),
        isWell,
      },
      evictions: { report: jest.fn() },
      overview: { report: jest.fn() },
      onError,
    };
    const maintenance = new Maintenance(parts as unknown as MaintenanceParts, HEARTBEAT_MS);
    const counts = () => Object.fromEntries(Object.entries(works).map(([name, { mock }]) => [name, mock.calls.length]));
    return { maintenance, parts, works, watched, polling, isWell, onError, counts };
  }

  it('of this process begins after a pause, and is done as often as each piece needs', async () => {
    const { maintenance, works, counts } = fixture();
    maintenance.start();
    expect(Object.values(counts()).every((times) => times === 0)).toBe(true);
    const now = Date.now();
    await jest.advanceTimersByTimeAsync(5000);
    expect(counts()).toMatchObject({ connections: 5, unauthenticated: 5, polled: 5, rights: 7, hub: 1, heartbeat: 1 });
    expect(works['connections']?.mock.calls[0]).toEqual([now + 1000]);
    expect(works['unauthenticated']?.mock.calls[0]).toEqual([now + 1000]);
    expect(works['hub']?.mock.calls).toEqual([[now + 5000]]);
    await jest.advanceTimersByTimeAsync(HEARTBEAT_MS - 5000);
    expect(counts()).toMatchObject({ heartbeat: 4, hub: 4 });
  });

  it('looks at no rights where they end with their token', () => {
    const { maintenance } = fixture(null);
    maintenance.start();
    expect(jest.getTimerCount()).toBe(5);
  });

  it('of the store is done as often as each piece needs: what others have to hear at once', async () => {
    const { maintenance, counts } = fixture();
    maintenance.tendStore();
    expect(counts()).toMatchObject({ counts: 1, offer: 1, survey: 1, revocations: 1, interest: 0, polling: 0 });
    await jest.advanceTimersByTimeAsync(6000);
    expect(counts()).toMatchObject({ counts: 7, offer: 7, survey: 2, revocations: 13, interest: 2, polling: 6 });
  });

  it.each(['counts', 'offer', 'survey', 'revocations', 'interest', 'polling'])(
    'does %s again once it has ended, and tells a failure of it',
    async (name) => {
      const { maintenance, works, onError } = fixture();
      const work = works[name] as jest.Mock;
      let fail: (error: Error) => void = () => undefined;
      work.mockImplementationOnce(() => new Promise((_, reject) => (fail = reject)));
      maintenance.tendStore();
      await jest.advanceTimersByTimeAsync(20_000);
      expect(work).toHaveBeenCalledTimes(1);
      const failure = new Error('out of reach');
      fail(failure);
      await jest.advanceTimersByTimeAsync(5000);
      expect(onError.mock.calls).toEqual([[failure]]);
      expect(work.mock.calls.length).toBeGreaterThan(1);
    },
  );

  it('tells how many feeds are not polled, and asks for the store only then', async () => {
    const { maintenance, parts, polling, isWell } = fixture();
    maintenance.tendStore();
    await jest.advanceTimersByTimeAsync(1000);
    expect(isWell).not.toHaveBeenCalled();
    polling.stalledCount = 3;
    await jest.advanceTimersByTimeAsync(1000);
    isWell.mockResolvedValueOnce(false);
    await jest.advanceTimersByTimeAsync(1000);
    isWell.mockRejectedValueOnce(new Error('out of reach'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(parts.pollingReport.checked.mock.calls).toEqual([
      [0, true],
      [3, true],
      [3, false],
      [3, false],
    ]);
    expect(parts.metrics.notPolled.mock.calls).toEqual([[0], [3], [3], [3]]);
  });

  it('hears of a store that lost its data, of what it evicts, and of its state', async () => {
    const { maintenance, parts, watched, counts } = fixture();
    maintenance.tendStore();
    await watched['dataLoss']?.(undefined as never);
    watched['eviction']?.('allkeys-lru' as never);
    watched['overview']?.('state' as never);
    expect(counts()['interest']).toBe(1);
    expect([parts.evictions.report.mock.calls, parts.overview.report.mock.calls]).toEqual([
      [['allkeys-lru']],
      [['state']],
    ]);
  });

  it('leaves no timer when it is stopped', () => {
    const { maintenance } = fixture();
    maintenance.start();
    maintenance.tendStore();
    expect(jest.getTimerCount()).toBe(12);
    maintenance.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
