import { Server } from 'socket.io';
import { sioEvent } from './sio-frame.js';

interface PacketOptions {
  wsPreEncodedFrame?: Buffer[];
}
/** Socket.IO's own adapter, which makes the packet text and the WebSocket frame of a broadcast. */
interface Adapter {
  _encode(packet: object, options: PacketOptions): string[];
}

describe('Socket.IO frames', () => {
  const adapter = new Server().of('/').adapter as unknown as Adapter;

  it.each([
    ['short', 10],
    ['of the longest short length', 125 - '42["message",""]'.length],
    ['of the shortest medium length', 126 - '42["message",""]'.length],
    ['medium', 5000],
    ['of the longest medium length', 65_535 - '42["message",""]'.length],
    ['long', 70_000],
  ])('equal, byte for byte, what Socket.IO writes for a payload that is %s', (_, length) => {
    const data = 'x'.repeat(length);
    const options: PacketOptions = {};
    const [text] = adapter._encode({ type: 2, nsp: '/', data: ['message', data] }, options);
    const frame = sioEvent('message', JSON.stringify(data));
    expect(frame.text).toBe(text);
    expect(frame.frame.equals(Buffer.concat(options.wsPreEncodedFrame ?? []))).toBe(true);
    expect(frame.options.wsPreEncodedFrame).toEqual([frame.frame]);
  });

  it('count bytes, not characters', () => {
    const options: PacketOptions = {};
    adapter._encode({ type: 2, nsp: '/', data: ['status', '消息'] }, options);
    expect(sioEvent('status', '"消息"').frame.equals(Buffer.concat(options.wsPreEncodedFrame ?? []))).toBe(true);
  });
});
