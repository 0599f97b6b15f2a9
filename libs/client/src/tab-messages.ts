import type { GatewayEvent, Refusal } from './events.js';
import type { Request } from './machine-io.js';

/** A stream of a tab at the leader. A tab gives each of its links another number. */
export interface LinkName {
  readonly tab: string;
  readonly link: number;
}

/** What tabs say to the one that leads. */
export type ToLeader =
  | ({ readonly type: 'open'; readonly request: Request } & LinkName)
  | ({ readonly type: 'close' } & LinkName)
  /** Whether the leader is there, and knows the link. */
  | ({ readonly type: 'ping' } & LinkName)
  /** That many more events were taken. */
  | ({ readonly type: 'taken'; readonly count: number } & LinkName);

/** What the leader says to one tab. */
export type ToTab =
  | { readonly type: 'event'; readonly link: number; readonly event: GatewayEvent }
  /** `reason`: why the leader has no connection at present. */
  | { readonly type: 'alive'; readonly link: number; readonly reason?: string }
  | { readonly type: 'refused'; readonly link: number; readonly refusal: Refusal }
  /** The leader does not hold what came after the position. The gateway does. */
  | { readonly type: 'not-held'; readonly link: number };

/** A tab has begun to lead. */
export interface NewLeader {
  readonly type: 'leader';
}

/** Ends a link as a gateway does: the tab opens the next one at once. */
export const closing = (reason: string): GatewayEvent => ({ name: 'closing', data: { reason, retry_ms: 0 } });
