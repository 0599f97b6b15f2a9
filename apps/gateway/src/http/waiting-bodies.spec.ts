import type { IncomingMessage } from 'node:http';
import { WaitingBodies } from './waiting-bodies.js';

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
const LARGE = request({ 'content-length': '100000' });

describe('requests with a large body', () => {
  it('wait, 64 of them, and one more is told to come back', () => {
    const bodies = new WaitingBodies();
    const turns = Array.from({ length: 64 }, () => bodies.begin(LARGE));
    const oneMore = () => bodies.begin(request({ 'transfer-encoding': 'chunked' }));
    expect(oneMore).toThrow(expect.objectContaining({ code: 'unavailable' }));
    for (const small of [request({}), request({ 'content-length': '16384' })]) bodies.begin(small)();
    expect(oneMore).toThrow('too many requests with large bodies wait');
    turns.pop()?.();
    oneMore()();
    bodies.begin(LARGE)();
  });
});
