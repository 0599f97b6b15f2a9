import { createHmac } from 'node:crypto';

/** `AUTH_JWT_SECRET` of the deployments that are measured. */
export const JWT_SECRET = 'bench-secret-of-no-worth';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of one client's own, for one ticket. */
export function tokenFor(subject: string, ticket: string): string {
  const exp = Math.floor(Date.now() / 1000) + 7200;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: subject, exp, cases: [ticket] })}`;
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
}
