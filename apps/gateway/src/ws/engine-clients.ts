import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';

type EngineSocket = Socket['conn'];

/** A request as engine.io hands it to its middleware. */
export type EngineRequest = IncomingMessage & { readonly _query: Readonly<Record<string, string>> };

/** The private member of engine.io's server that is used here. The code checks that it exists. */
interface EngineInsides {
  readonly clients?: Readonly<Record<string, EngineSocket | undefined>>;
}

/**
 * The client whose session a request names. engine.io has not checked the request at that time: `sid` may be `__proto__`,
 * which every object has.
 */
export function clientOf(engine: unknown, { _query: { sid = '' } }: EngineRequest): EngineSocket | undefined {
  const { clients } = engine as EngineInsides;
  return clients !== undefined && Object.hasOwn(clients, sid) ? clients[sid] : undefined;
}
