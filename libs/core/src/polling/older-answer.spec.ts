import { createHash } from 'node:crypto';
import type { AnsweredMessage } from './ports/upstream.js';
import { olderPart } from './older-answer.js';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const message = (content: string, sentAt: number | null, type = 1): AnsweredMessage => ({
  message: { content, type },
  sentAt,
});
const part = (messages: AnsweredMessage[], before = 1000) => olderPart({ messages, before, answeredAt: 7 }, digest);
const hundred = (second: (index: number) => number) =>
  Array.from({ length: 100 }, (_, index) => message(`${index}`, second(index) * 1000 + 250));

describe('a part of what is older than history', () => {
  it('is all of an answer that is not full, oldest first, and there is nothing older', () => {
    const found = part([message('b', 5250, 0), message('a', 4000), message('c', 5750)]);
    expect(found.messages.map((one) => [one.message, one.second, one.type])).toEqual([
      ['{"content":"a","type":1}', 4, 1],
      ['{"content":"b","type":0}', 5, 0],
      ['{"content":"c","type":1}', 5, 1],
    ]);
    expect(found).toMatchObject({ answeredAt: 7, next: null, cut: null });
  });

  it('leaves the oldest second of a full answer to the next part', () => {
    const found = part(hundred((index) => 100 + Math.floor(index / 10)));
    expect([found.messages.length, found.next, found.cut]).toEqual([90, 101, null]);
    const newestFirst = part(hundred((index) => 200 - Math.floor(index / 10)));
    expect(newestFirst.messages.map((one) => one.second)).toEqual(
      newestFirst.messages.map((one) => one.second).sort((a, b) => a - b),
    );
    expect(newestFirst.next).toBe(192);
  });

  it('says which second has more messages than an answer, and goes on before it', () => {
    expect(part(hundred(() => 100))).toMatchObject({ next: 100, cut: 100 });
    expect(part(hundred(() => 1000))).toMatchObject({ messages: [], next: 999, cut: 999 });
  });

  it('leaves out what is not before the second that was asked for', () => {
    const found = part([message('a', 999_250), message('b', 1_000_000)]);
    expect(found.messages).toHaveLength(1);
  });

  it('keeps the order of a second, which is the other way round where the newest comes first', () => {
    const contents = (messages: AnsweredMessage[]) =>
      part(messages).messages.map((one) => (JSON.parse(one.message) as { content: string }).content);
    expect(contents([message('1', 4000), message('2', 5000), message('3', 5000)])).toEqual(['1', '2', '3']);
    expect(contents([message('3', 5000), message('2', 5000), message('1', 4000)])).toEqual(['1', '2', '3']);
  });

  it('puts messages without a time before the first one that has one into its second', () => {
    const found = part([message('x', null), message('y', null), message('a', 5750), message('b', 7250)]);
    expect(found.messages.map((one) => one.second)).toEqual([5, 5, 5, 7]);
  });

  it('puts messages into the newest second where none has a time', () => {
    expect(part([message('x', null)], 800).messages.map((one) => one.second)).toEqual([799]);
  });

  it('counts equal messages, and puts one without a time behind the one before it', () => {
    const found = part([message('a', 5000), message('x', null), message('a', 5000)]);
    expect(found.messages.map((one) => one.second)).toEqual([5, 5, 5]);
    const [first, , third] = found.messages;
    expect(first?.identity.slice(0, -2)).toBe(third?.identity.slice(0, -2));
    expect([first, third].map((one) => one?.identity.slice(-2))).toEqual(['.1', '.2']);
  });
});
