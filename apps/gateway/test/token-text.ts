import { randomBytes } from 'node:crypto';

/** A token that occurs nowhere else. */
export function tokenText(): string {
  return `token-${randomBytes(12).toString('hex')}`;
}
