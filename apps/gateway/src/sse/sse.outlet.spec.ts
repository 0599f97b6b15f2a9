import type { ServerResponse } from 'node:http';
import { closing, SSE_HEARTBEAT_COMMENT, type SseFrames } from '#protocol';
import { SseOutlet } from './sse.outlet.js';

/** A response that writes in chunks, and its socket. */
function fixture() {
  const socket = { writable: true, write: jest.fn(() => true), cork: jest.fn(), uncork: jest.fn() };
  const response = {
    socket,
    chunkedEncoding: true,
    writeHead: jest.fn(),
    flushHeaders: jest.fn(),
    write: jest.fn(() => true),
    end: jest.fn(),
  };
  const outlet = new SseOutlet(response as unknown as ServerResponse, {}, {} as SseFrames, SSE_HEARTBEAT_COMMENT);
  const heartbeats = () => socket.write.mock.calls.flat().filter((chunk) => chunk === SSE_HEARTBEAT_COMMENT.chunk);
  return { outlet, response, socket, heartbeats };
}

describe('SseOutlet', () => {
  it('writes nothing before the stream begins: its head is to come first', () => {
    const { outlet, response, socket } = fixture();
    for (let check = 0; check < 5; check += 1) outlet.heartbeat();
    outlet.probe();
    expect([response.write.mock.calls, socket.write.mock.calls]).toEqual([[], []]);
  });

  it('writes a heartbeat after four checks without an event', () => {
    const { outlet, heartbeats } = fixture();
    outlet.begin();
    const check = (times: number) => {
      for (let left = times; left > 0; left -= 1) outlet.heartbeat();
    };
    check(3);
    outlet.text('snapshot', '{}');
    check(3);
    expect(heartbeats()).toHaveLength(0);
    check(1);
    expect(heartbeats()).toHaveLength(1);
    check(3);
    expect(heartbeats()).toHaveLength(1);
    check(1);
    expect(heartbeats()).toHaveLength(2);
  });

  it('writes nothing to its socket once the response has ended: another response may own it', () => {
    const { outlet, response, socket } = fixture();
    outlet.begin();
    outlet.close(closing('draining', 0));
    expect(response.end).toHaveBeenCalledTimes(1);
    socket.write.mockClear();
    outlet.probe();
    expect(socket.write).not.toHaveBeenCalled();
  });
});
