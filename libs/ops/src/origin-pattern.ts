/** Parts of a web page's origin. `ws` and `wss` are read as `http` and `https`, because some clients send them. */
export interface Origin {
  readonly scheme: string;
  /** Lower case, without the port. */
  readonly host: string;
  /** Empty for the default port of the scheme. */
  readonly port: string;
}

const HTTP_OF: Readonly<Record<string, string>> = { 'ws:': 'http', 'wss:': 'https' };
const IS_ADDRESS = /^\[|^[\d.]+$/;
/** The scheme with its slashes; then `*.`; then host and port; then `:*`. */
const PATTERN = /^([a-z][a-z0-9+.-]*:\/\/)(\*\.)?([^*]*?)(:\*)?$/i;

/** @returns null if the text is not an origin: `null` (sandboxed pages), a URL with a path, or any other text */
export function parseOrigin(text: string): Origin | null {
  if (text.endsWith('/') || !URL.canParse(text)) {
    return null;
  }
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
  const isBare = (pathname === '' || pathname === '/') && `${search}${hash}${username}${password}` === '';
  if (!isBare || hostname === '') {
    return null;
  }
  return { scheme: HTTP_OF[protocol] ?? protocol.slice(0, -1), host: hostname.toLowerCase(), port };
}

/** A pattern of origins: `https://app.example`, `https://*.example.com`, `http://localhost:*`, `capacitor://localhost`. */
export class OriginPattern {
  private constructor(
    private readonly base: Origin,
    private readonly isSubdomains: boolean,
    private readonly isAnyPort: boolean,
  ) {}

  /** @returns null if the text is not a pattern: `*` alone, `*.` before an IP address or before a top-level domain */
  static parse(text: string): OriginPattern | null {
    const [, scheme = '', subdomains, rest = '', anyPort] = PATTERN.exec(text) ?? [];
    const base = parseOrigin(`${scheme}${rest}`);
    if (base === null || (anyPort !== undefined && base.port !== '')) {
      return null;
    }
    const { host } = base;
    if (subdomains !== undefined && (IS_ADDRESS.test(host) || !(host.includes('.') || host === 'localhost'))) {
      return null;
    }
    return new OriginPattern(base, subdomains !== undefined, anyPort !== undefined);
  }

  /** `*.` matches one or more labels. */
  matches({ scheme, host, port }: Origin): boolean {
    const { base } = this;
    const isHost = this.isSubdomains ? host.endsWith(`.${base.host}`) : host === base.host;
    return isHost && scheme === base.scheme && (this.isAnyPort || port === base.port);
  }
}
