import { UpstreamFailure } from '#core';
import { LoginGate } from './login-gate.js';

const REFUSED = new UpstreamFailure('unauthorized', 'IAM answered 401');
const RETRY_MS = 1000;

describe('LoginGate', () => {
  const logIn = jest.fn<Promise<void>, []>();
  const close = jest.fn<void, []>();
  const open = jest.fn<Promise<void>, []>();
  const onError = jest.fn();
  let gate: LoginGate;

  beforeEach(() => {
    jest.useFakeTimers();
    [logIn, close, open, onError].forEach((mock) => mock.mockReset());
    logIn.mockResolvedValue();
    open.mockResolvedValue();
    gate = new LoginGate({ logIn, close, open, onError });
  });
  afterEach(() => {
    gate.stop();
    jest.useRealTimers();
  });

  const calls = () => [logIn, close, open].map((mock) => mock.mock.calls.length);

  it('stays open, and tells nobody, where the login is accepted', async () => {
    await gate.check();
    expect([gate.isOpen, calls()]).toEqual([true, [1, 0, 0]]);
  });

  it.each([new UpstreamFailure('unavailable', 'IAM answered 503'), new Error('Redis is out of reach')])(
    'stays open where the login fails without being refused: %s',
    async (error) => {
      logIn.mockRejectedValue(error);
      await gate.check();
      await jest.advanceTimersByTimeAsync(10 * RETRY_MS);
      expect([gate.isOpen, calls()]).toEqual([true, [1, 0, 0]]);
    },
  );

  it('closes once where the login is refused, tries again, and opens once where it is accepted', async () => {
    logIn.mockRejectedValue(REFUSED);
    await gate.check();
    expect([gate.isOpen, calls()]).toEqual([false, [1, 1, 0]]);
    await jest.advanceTimersByTimeAsync(2 * RETRY_MS);
    expect([gate.isOpen, calls()]).toEqual([false, [3, 1, 0]]);
    logIn.mockResolvedValue();
    await jest.advanceTimersByTimeAsync(RETRY_MS);
    expect([gate.isOpen, calls()]).toEqual([true, [4, 1, 1]]);
    await jest.advanceTimersByTimeAsync(10 * RETRY_MS);
    expect(calls()).toEqual([4, 1, 1]);
  });

  it('tries once, whoever asks meanwhile, and never twice at once', async () => {
    let refuse = () => {};
    logIn.mockImplementationOnce(() => new Promise((_, reject) => (refuse = () => reject(REFUSED))));
    const checks = [gate.check(), gate.check()];
    expect(calls()).toEqual([1, 0, 0]);
    refuse();
    await Promise.all(checks);
    logIn.mockRejectedValue(REFUSED);
    await gate.check(); // Beside the attempt that is due: that one is put off.
    await jest.advanceTimersByTimeAsync(RETRY_MS - 1);
    expect(calls()).toEqual([2, 1, 0]);
    await jest.advanceTimersByTimeAsync(1);
    expect(calls()).toEqual([3, 1, 0]);
  });

  it('reports an opening that Redis could not take', async () => {
    const broken = new Error('out of reach');
    logIn.mockRejectedValueOnce(REFUSED);
    open.mockRejectedValue(broken);
    await gate.check();
    await gate.check();
    expect([gate.isOpen, onError.mock.calls]).toEqual([true, [[broken]]]);
  });

  it('does not open, and tries no more, where it ends while it logs in', async () => {
    logIn.mockRejectedValueOnce(REFUSED);
    await gate.check();
    let accept = () => {};
    logIn.mockImplementationOnce(() => new Promise((resolve) => (accept = resolve)));
    const checked = gate.check();
    gate.stop();
    accept();
    await checked;
    await jest.advanceTimersByTimeAsync(10 * RETRY_MS);
    expect([calls(), jest.getTimerCount()]).toEqual([[2, 1, 0], 0]);
  });

  it('does not close, and tries no more, where it ends while its login is refused', async () => {
    let refuse = () => {};
    logIn.mockImplementationOnce(() => new Promise((_, reject) => (refuse = () => reject(REFUSED))));
    const checked = gate.check();
    gate.stop();
    refuse();
    await checked;
    await jest.advanceTimersByTimeAsync(10 * RETRY_MS);
    expect([calls(), jest.getTimerCount()]).toEqual([[1, 0, 0], 0]);
  });

  it('neither opens nor tries after its end', async () => {
    logIn.mockRejectedValue(REFUSED);
    await gate.check();
    gate.stop();
    logIn.mockResolvedValue();
    await jest.advanceTimersByTimeAsync(10 * RETRY_MS);
    expect(calls()).toEqual([1, 1, 0]);
  });
});
