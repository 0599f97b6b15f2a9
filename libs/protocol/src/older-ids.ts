import { isEqual, type PositionSecrets, signatureOf } from './position-ids.js';
import type { EventId } from './events.js';

/** A place in the upstream's own past of a ticket. */
export interface OlderPlace {
  /** The part of the upstream's past that it lies in: what is before this second, since 1970. */
  readonly part: number;
  /** `type` with which the upstream is asked for the part. */
  readonly type: 0 | 1;
  /** Since 1970. */
  readonly second: number;
  /** How many messages of this second, the newest ones, lie behind the place; 0 to {@link PASSED_MAX}. */
  readonly passed: number;
}

/** Messages of one second that can be told apart. */
export const PASSED_MAX = 99_999;
const SECOND_DIGITS = 7;
const ID = /^(0-([0-9a-z]{7})-([0-9]{5})-([0-9a-z]{7})([01]))-([A-Za-z0-9_-]{11})$/;

/**
 * Ids of places that are older than every position: a time instead of an epoch. They grow as positions do, also compared as
 * text, and sort before all positions. They are signed: each invented time would be another request to the upstream.
 */
export class OlderIds {
  constructor(private readonly secrets: PositionSecrets) {}

  /** 35 characters. The same at every gateway. */
  idOf({ second, passed, part, type }: OlderPlace): EventId {
    const [secret = ''] = this.secrets.positionSecrets;
    const text = `0-${base36(second)}-${String(PASSED_MAX - passed).padStart(5, '0')}-${base36(part)}${type}`;
    return `${text}-${signatureOf(text, secret)}`;
  }

  /** @returns null if no gateway of this deployment gave the id */
  placeOf(id: string): OlderPlace | null {
    const [, text = '', time = '', left = '', part = '', type = '', signature] = ID.exec(id) ?? [];
    if (!this.secrets.positionSecrets.some((secret) => isEqual(signature, signatureOf(text, secret)))) {
      return null;
    }
    const numbers = { second: parseInt(time, 36), passed: PASSED_MAX - Number(left), part: parseInt(part, 36) };
    return { ...numbers, type: type === '0' ? 0 : 1 };
  }
}

function base36(second: number): string {
  return Math.max(0, second).toString(36).padStart(SECOND_DIGITS, '0');
}
