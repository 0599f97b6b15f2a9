import type { JsonText, Publication } from '#core';
import { PositionIds } from './position-ids.js';
import { SSE_HEARTBEAT_COMMENT, SSE_HEARTBEAT_EVENT, sseEvent, SseFrames, sseRetry } from './sse-frame.js';

const publication: Publication = {
  epoch: '0abcdefgh',
  offset: 1,
  previous: 0,
  caseId: 'C1',
  kind: 'message',
  message: '{"content":"héllo"}' as JsonText,
  sentAt: null,
  seenAt: 0,
};

const FEED = { language: 'en-us' };

describe('SSE frames', () => {
  it('carry id, name and data', () => {
    expect(sseEvent('ready', '{}', 'x').plain.toString()).toBe('id: x\nevent: ready\ndata: {}\n\n');
    expect(sseEvent('gap', '{}').plain.toString()).toBe('event: gap\ndata: {}\n\n');
    expect(sseRetry(1500).plain.toString()).toBe('retry: 1500\n');
    expect(SSE_HEARTBEAT_COMMENT.plain.toString()).toBe(':\n');
    expect(SSE_HEARTBEAT_EVENT.plain.toString()).toBe('event: heartbeat\ndata: {}\n\n');
  });

  it('have one line of data for any reader, whatever is in it', () => {
    // All characters that Unicode or a programming language reads as the end of a line or of a record.
    const marks = ['\n', '\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029'];
    const text = sseEvent('gap', JSON.stringify({ marks })).plain.toString();
    const lines = marks.reduce((parts, mark) => parts.flatMap((part) => part.split(mark)), [text]);
    const [event, data = '', ...rest] = lines;
    expect([event, rest]).toEqual(['event: gap', ['', '']]);
    expect(JSON.parse(data.slice('data: '.length))).toEqual({ marks });
  });

  it('are chunks whose size counts bytes, not characters', () => {
    const { chunk, plain } = sseEvent('message', '"é"');
    expect(chunk.toString()).toBe(`${plain.length.toString(16)}\r\n${plain.toString()}\r\n`);
    expect(plain.length).toBe(plain.toString().length + 1);
  });

  it('are one chunk where publications only go out together, with the same events', () => {
    const ids = new PositionIds({ positionSecrets: ['a secret'] });
    const frames = new SseFrames(ids);
    const message = '{"content":"\u0085 é \u2028"}' as JsonText;
    const publications = [publication, { ...publication, offset: 2, message }];
    const [only, ...others] = frames.partOf(publications, FEED, false).frames();
    expect(others).toEqual([]);
    expect(only?.plain.toString()).toBe(publications.map((one) => frames.once(one, FEED).plain.toString()).join(''));
  });

  it('are made once per publication, also if others are made in between', () => {
    const ids = new PositionIds({ positionSecrets: ['a secret'] });
    const frames = new SseFrames(ids);
    const first = frames.of(publication, FEED);
    frames.of({ ...publication, offset: 2 }, FEED);
    expect(frames.of(publication, FEED)).toBe(first);
    const id = ids.idOf(publication);
    expect(first.plain.toString()).toContain(`id: ${id}\nevent: message\ndata: {"id":"${id}"`);
  });
});
