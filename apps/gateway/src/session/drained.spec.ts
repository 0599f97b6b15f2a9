import { EventEmitter } from 'node:events';
import { drained } from './drained.js';

describe('drained', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each<[string, (stream: EventEmitter) => void]>([
    ['when all is sent', (stream) => stream.emit('drain')],
    ['after its time', () => jest.advanceTimersByTime(100)],
  ])('resolves %s, and leaves neither a listener nor a timer', async (_, happens) => {
    const stream = new EventEmitter();
    let isOver = false;
    const waiting = drained(stream, 100).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(99);
    expect([isOver, stream.listenerCount('drain')]).toEqual([false, 1]);
    happens(stream);
    await waiting;
    expect([stream.listenerCount('drain'), jest.getTimerCount()]).toEqual([0, 0]);
  });
});
