import { readFileSync } from 'node:fs';
import { isMadeWith, isSigned, readSignature, type ReceivedRequest } from '#osm';
import { SettingsError } from '#ops';
import { Refusal } from '#protocol';
import { Rights } from '../auth/rights.js';

/** How far the date of a signed request may be off: so long a copy of it can be sent again, ms. The upstream's own rule. */
const SKEW_MAX_MS = 900_000;
/** The shortest secret key, characters: a shorter one can be found by trial from any signed request. */
const SECRET_LEAST = 16;
const MEMBERS = ['access_key', 'secret_key', 'sub', 'cases', 'groups'];
const ACCESS_KEY = /^[\x21-\x2b\x2d-\x7e]{1,128}$/;

interface AccessKey {
  readonly secretKey: string;
  readonly rights: Rights;
}

/**
 * The access keys with which the official SDKs sign requests: `DROPIN_ACCESS_KEYS_FILE`. A request that is signed with one
 * of them has its rights.
 */
export class AccessKeys {
  private constructor(private readonly keys: ReadonlyMap<string, AccessKey>) {}

  /** @param path empty: no key is known. @throws {SettingsError} naming each fault, and no secret */
  static read(path: string): AccessKeys {
    return new AccessKeys(path === '' ? new Map() : keysOf(contentOf(path)));
  }

  /**
   * @param host what the client may have called this server besides its `Host`
   * @param now ms since 1970
   * @throws {Refusal} `unauthorized`
   */
  rightsOf(request: ReceivedRequest, host: string, now: number): Rights {
    const signature = readSignature(request);
    if (signature === null) {
      throw refused('the signature is incomplete: it is SDK-HMAC-SHA256 over host and x-sdk-date at least');
    }
    if (Math.abs(now - signature.signedAt) > SKEW_MAX_MS) {
      throw refused('x-sdk-date is more than 15 minutes off');
    }
    const key = this.keys.get(signature.accessKey);
    if (key === undefined || !isMadeWith(key.secretKey, request, signature, host)) {
      throw refused('the access key is not known here, or the signature is not made with its secret key');
    }
    return key.rights;
  }
}

export { isSigned };

function refused(message: string): Refusal {
  return new Refusal('unauthorized', message);
}

function contentOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fault(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw fault('is not JSON'); // The parser's own words quote the file.
  }
}

function keysOf(content: unknown): ReadonlyMap<string, AccessKey> {
  if (!Array.isArray(content)) {
    throw fault('must hold an array of keys');
  }
  const faults = content.flatMap((entry, at) => faultsOf(entry).map((text) => `key ${at + 1}: ${text}`));
  if (faults.length > 0) {
    throw new SettingsError(faults.map(named));
  }
  const keys = new Map<string, AccessKey>();
  for (const { access_key, secret_key, sub = access_key, cases, groups = [] } of content as Entry[]) {
    if (keys.has(access_key)) {
      throw fault('names an access_key twice');
    }
    const rights = new Rights(sub, Number.POSITIVE_INFINITY, { cases, groups, hints: false });
    keys.set(access_key, { secretKey: secret_key, rights });
  }
  return keys;
}

interface Entry {
  readonly access_key: string;
  readonly secret_key: string;
  readonly sub?: string;
  readonly cases: readonly string[];
  readonly groups?: readonly string[];
}

function faultsOf(entry: unknown): string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return ['must be an object'];
  }
  const { access_key, secret_key, sub, cases, groups } = entry as Record<string, unknown>;
  return [
    ...(Object.keys(entry).every((member) => MEMBERS.includes(member))
      ? []
      : [`has other members than ${MEMBERS.join(', ')}`]),
    ...(typeof access_key === 'string' && ACCESS_KEY.test(access_key)
      ? []
      : ['access_key must be 1 to 128 visible ASCII characters without a comma']),
    ...(typeof secret_key === 'string' && secret_key.length >= SECRET_LEAST
      ? []
      : [`secret_key must be a text of ${SECRET_LEAST} or more characters`]),
    ...(sub === undefined || (typeof sub === 'string' && sub !== '') ? [] : ['sub must be a text']),
    ...(isTexts(cases) ? [] : ['cases must be an array of ticket ids']),
    ...(groups === undefined || isTexts(groups) ? [] : ['groups must be an array of group ids']),
  ];
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

const named = (text: string) => `DROPIN_ACCESS_KEYS_FILE ${text}`;
const fault = (text: string) => new SettingsError([named(text)]);
