import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The name of callers that neither the setting nor they themselves name. */
const NAMELESS = 'admin';
/** A name that a log line can have. */
const NAME = /^[\w.@-]{1,64}$/;
const SCHEME = /^(Bearer|Basic) +([^\s]+) *$/i;

interface Caller {
  /** Null if the caller names itself: the secret has no name. */
  readonly name: string | null;
  readonly digest: Buffer;
}

/** Header in which a caller names itself, if its secret has no name. */
const CALLER_HEADER = 'x-admin-caller';

/**
 * Those who may use `/admin`: the entries of `ADMIN_TOKEN`. A program sends `Authorization: Bearer` with the secret, a
 * browser `Basic` with the secret as password.
 */
export class AdminCallers {
  private readonly callers: readonly Caller[];

  /** @param entries secrets, or `name:secret` */
  constructor(entries: readonly string[]) {
    this.callers = entries.map((entry) => {
      const colon = entry.indexOf(':');
      return { name: colon < 0 ? null : entry.slice(0, colon), digest: digestOf(entry.slice(colon + 1)) };
    });
  }

  /** Whether anybody may use it. */
  get isOpen(): boolean {
    return this.callers.length > 0;
  }

  /** @returns the name of the caller; null if the request has no secret, or a wrong one */
  nameOf(headers: IncomingHttpHeaders): string | null {
    const { secret, user } = credentialsOf(headers);
    const given = digestOf(secret);
    // Every secret is compared, and each in constant time: how long it takes tells nothing.
    const [found] = this.callers.filter(({ digest }) => timingSafeEqual(digest, given));
    if (found === undefined) {
      return null;
    }
    const claimed = headers[CALLER_HEADER] ?? user;
    return found.name ?? (typeof claimed === 'string' && NAME.test(claimed) ? claimed : NAMELESS);
  }
}

function credentialsOf({ authorization = '' }: IncomingHttpHeaders): { secret: string; user?: string } {
  const [, scheme = '', value = ''] = SCHEME.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') {
    return { secret: value };
  }
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return { user: text.slice(0, Math.max(0, colon)), secret: text.slice(colon + 1) };
}

/** Digests are of one length, so that comparing them does not tell the length of a secret. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
