import { UpstreamClock } from '../../test/running-simulator.js';
import { TicketStore } from '../messages/ticket-store.js';
import { Quirks } from '../quirks.js';
import { Demo } from './demo.js';

const TICKETS = ['demo-1', 'demo-2', 'demo-3'];
const HOUR_MS = 3_600_000;

describe('the demo', () => {
  const clock = new UpstreamClock();
  const store = new TicketStore(clock, new Quirks({}));
  const demo = new Demo(store, clock);
  const messages = () => TICKETS.map((caseId) => store.ticket(caseId).messages);
  const total = (): number => messages().flat().length;
  const letPass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      jest.advanceTimersByTime(1_000);
    }
  };

  beforeAll(() => void jest.useFakeTimers());
  afterAll(() => void jest.useRealTimers());

  it('starts with some messages on every ticket', () => {
    demo.start();
    expect(messages().map((each) => each.length)).toEqual([4, 4, 4]);
    expect(messages().every(([first]) => first?.fields.is_first_message === 1)).toBe(true);
    expect(messages().every((each) => each.every(({ timeMs }) => timeMs < clock.now()))).toBe(true);
  });

  it('posts a message every one to three seconds', () => {
    const before = total();
    letPass(60);
    expect(total() - before).toBeGreaterThanOrEqual(20);
    expect(total() - before).toBeLessThanOrEqual(60);
  });

  it('repeats its conversations without end, and keeps an hour of messages', () => {
    letPass((2 * HOUR_MS) / 1_000);
    for (const each of messages()) {
      expect(each.filter(({ fields }) => fields.is_first_message === 1).length).toBeGreaterThan(1);
      expect(each.some(({ fields }) => fields.accessory_list.length > 0)).toBe(true);
      expect(each[0]!.timeMs).toBeGreaterThanOrEqual(each.at(-1)!.timeMs - HOUR_MS);
    }
  });

  it('posts nothing after it was stopped', () => {
    demo.stop();
    const before = total();
    letPass(60);
    expect(total()).toBe(before);
  });
});
