import type { Check } from './check.js';
import { EVENT_CHECKS, PROMISE_CHECKS } from './events.checks.js';
import { HISTORY_CHECKS } from './history.checks.js';
import { POLLING_CHECKS } from './polling.checks.js';
import { POSITION_CHECKS } from './positions.checks.js';
import { REFUSAL_CHECKS } from './refusals.checks.js';
import { SOCKET_IO_CHECKS } from './socket-io.checks.js';
import { SSE_CHECKS } from './sse.checks.js';
import { STREAM_CHECKS } from './streams.checks.js';
import { TOKEN_CHECKS } from './tokens.checks.js';

/** Every check, in the order of PROTOCOL.md. */
export const CHECKS: readonly Check[] = [
  ...EVENT_CHECKS,
  ...POSITION_CHECKS,
  ...TOKEN_CHECKS,
  ...REFUSAL_CHECKS,
  ...SSE_CHECKS,
  ...SOCKET_IO_CHECKS,
  ...HISTORY_CHECKS,
  ...POLLING_CHECKS,
  ...PROMISE_CHECKS,
  ...STREAM_CHECKS,
];
