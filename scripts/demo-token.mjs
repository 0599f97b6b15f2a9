import { createHmac } from 'node:crypto';

const DAY_S = 86_400;

/** Tickets on which the simulator's conversations run. The console shows the tickets that a token names. */
export const DEMO_TICKETS = ['demo-1', 'demo-2', 'demo-3'];

/** An HS256 JWT that may read everything for a day. It is written by hand, because it is only three strings. */
export function demoToken(secret, now = Date.now()) {
  const claims = { sub: 'demo', cases: [...DEMO_TICKETS, '*'], groups: ['*'], exp: Math.floor(now / 1000) + DAY_S };
  const body = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const base64url = (text) => Buffer.from(text).toString('base64url');
