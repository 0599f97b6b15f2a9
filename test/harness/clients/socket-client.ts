import { io, type Socket } from 'socket.io-client';

import type { Client, ClientOptions } from './client.js';
import { Recording } from './recording.js';
import type { Ack, EventName, Ready } from './wire.js';

/** The error of `connect_error` if the server has refused the handshake. */
export interface ConnectError extends Error {
  readonly data?: { readonly code: string; readonly retry_ms?: number };
}

/** Private parts of engine.io-client that are used to read raw texts, to cut the connection and to stop reading. */
interface EngineInsides {
  on(event: 'packet', listener: (packet: { type: string; data?: unknown }) => void): void;
  readonly transport: { readonly ws?: { readonly _socket?: { destroy(): void; pause(): void; resume(): void } } };
  close(): void;
  send(text: string): void;
}

const ANSWER_MS = 20_000;

/** The official client without automatic reconnection: a test says when and where it connects. */
export class SocketClient implements Client {
  readonly recording = new Recording();
  /** Why the connection ended, as the official client says it. */
  ended: string | null = null;
  private socket: Socket | null = null;
  /** Texts of received event packets that are not recorded yet. */
  private readonly raws: string[] = [];

  constructor(
    readonly options: ClientOptions,
    readonly transport: 'websocket' | 'polling' = 'websocket',
  ) {}

  async open(gateway: string): Promise<Ready> {
    await this.connect(gateway);
    const ack = await this.subscribe();
    if (!ack.ok) throw new Error(`${ack.error.code}: ${ack.error.message}`);
    return ack;
  }

  /** @throws {ConnectError} */
  async connect(gateway: string): Promise<Socket> {
    this.ended = null;
    this.raws.length = 0;
    const { token, headers } = this.options;
    const socket = io(gateway, {
      transports: [this.transport],
      reconnection: false,
      forceNew: true,
      auth: token === null ? {} : { token },
      ...(headers && { extraHeaders: { ...headers } }),
    });
    this.socket = socket;
    socket.io.once('open', () => this.listenToPackets());
    socket.onAny((event: string, data: unknown) => this.record(event, data));
    socket.on('disconnect', (reason) => (this.ended = reason));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', (error) => {
        socket.disconnect();
        reject(error);
      });
    });
    return socket;
  }

  async subscribe(): Promise<Ack<Ready>> {
    const { caseIds, groupId, language, history, snapshot, unread } = this.options;
    const ack = await this.ask<Ready>('subscribe', {
      case_ids: caseIds,
      ...(groupId !== undefined && { group_id: groupId }),
      ...(language !== undefined && { language }),
      ...(history !== undefined && { history }),
      ...(snapshot !== undefined && { snapshot }),
      ...(unread !== undefined && { unread }),
      ...(this.recording.lastEventId !== null && { last_event_id: this.recording.lastEventId }),
    });
    return ack;
  }

  /** Sends a request. The acknowledgement of a subscribe is recorded as `ready`, in order with the events. */
  ask<T extends object = object>(event: string, ...args: unknown[]): Promise<Ack<T>> {
    return new Promise((resolve, reject) => {
      this.live.timeout(ANSWER_MS).emit(event, ...args, (error: Error | null, ack: Ack<T>) => {
        if (error) return reject(error);
        if (ack.ok && 'last_event_id' in ack) this.recordReady(ack as unknown as Ready);
        resolve(ack);
      });
    });
  }

  /** Sends this text as an Engine.IO message packet. */
  sendText(text: string): void {
    this.engine.send(text);
  }

  cut(): void {
    if (!this.socket) return;
    const tcp = this.engine.transport.ws?._socket;
    if (tcp) tcp.destroy();
    else this.engine.close();
  }

  close(): void {
    this.socket?.disconnect();
  }

  pause(): void {
    this.engine.transport.ws?._socket?.pause();
  }

  resume(): void {
    this.engine.transport.ws?._socket?.resume();
  }

  private get live(): Socket {
    if (!this.socket) throw new Error('not connected');
    return this.socket;
  }

  private get engine(): EngineInsides {
    return this.live.io.engine as unknown as EngineInsides;
  }

  private listenToPackets(): void {
    this.engine.on('packet', ({ type, data }) => {
      // An event packet of the default namespace: 2["name",{…}]
      if (type === 'message' && typeof data === 'string' && data.startsWith('2[')) this.raws.push(data);
    });
  }

  private record(event: string, data: unknown): void {
    const packet = this.raws.shift() ?? '';
    const raw = packet.slice(packet.indexOf(',') + 1, -1);
    // The `id` of a snapshot is no position before all of them have come.
    const id = event === 'snapshot' ? null : ((data as { id?: string }).id ?? null);
    this.recording.add({ event: event as EventName, data: data as never, id, raw, at: Date.now() });
  }

  private recordReady(ready: Ready): void {
    this.recording.add({ event: 'ready', data: ready, id: ready.last_event_id, raw: '', at: Date.now() });
  }
}
