import type { JSONWebKeySet } from 'jose';
import { HttpOrigin, type ProxySettings } from '#osm';

/** Timeout of the whole answer, ms. */
export const KEYS_TIMEOUT_MS = 4000;
/** Largest answer, bytes: room for hundreds of keys. */
const MAX_BODY_BYTES = 1_048_576;

/** Published keys could not be fetched. The text is for a log line. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** The URL of published keys. It is fetched through the proxy of the settings. */
export class KeySetUrl {
  private readonly origin: HttpOrigin;
  private readonly path: string;

  /** @param userAgent name and version of this program */
  constructor(
    url: string,
    proxies: ProxySettings,
    private readonly userAgent: string,
    timeoutMs = KEYS_TIMEOUT_MS,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.origin = new HttpOrigin(origin, { timeoutMs, maxBodyBytes: MAX_BODY_BYTES, connections: 1 }, proxies);
    this.path = `${pathname}${search}`;
  }

  /** @throws {KeysUnavailable} naming what was answered */
  async fetch(): Promise<JSONWebKeySet> {
    const headers = { accept: 'application/json, application/jwk-set+json', 'user-agent': this.userAgent };
    const { status, body } = await this.origin
      .send({ method: 'GET', path: this.path, headers })
      .catch((error: unknown) => {
        throw new KeysUnavailable(`AUTH_JWKS_URL: ${error instanceof Error ? error.message : String(error)}`);
      });
    if (status !== 200) {
      throw new KeysUnavailable(`AUTH_JWKS_URL answered ${status}`);
    }
    try {
      return JSON.parse(body.toString('utf8')) as JSONWebKeySet;
    } catch {
      throw new KeysUnavailable(`AUTH_JWKS_URL answered with something else than JSON (${body.length} bytes)`);
    }
  }

  close(): Promise<void> {
    return this.origin.close();
  }
}
