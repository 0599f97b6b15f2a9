import { HOUR_MS, SharedSettings } from './program.settings.js';
import { OriginPattern } from './origin-pattern.js';
import { isProxyRange } from './proxy-range.js';
import { Accepted, Holds, isUrl, ListOf, OneOf, Text, When, Whole } from './settings-rules.js';

const AUTH_MODES = ['jwt', 'upstream', 'none'] as const;

const byJwt = When<GatewaySettings>((settings) => settings.authMode === 'jwt');

const SECRET_LEAST_BYTES = 32;

/** What a gateway reads. Texts that were not set are empty. */
export class GatewaySettings extends SharedSettings {
  /** Empty: {@link address} says where. */
  @When<GatewaySettings>(({ host }) => host !== '')
  override readonly host: string = '';

  override readonly port: number = 3000;

  /** Where to listen. Whoever lets everybody read everything has to name the address to be reached from elsewhere. */
  get address(): string {
    return this.host || (this.authMode === 'none' ? '127.0.0.1' : '0.0.0.0');
  }

  @OneOf(AUTH_MODES)
  @Holds<GatewaySettings>(
    'cannot be upstream yet: this version does not ask the upstream what a token may read',
    ({ authMode }) => authMode !== 'upstream',
  )
  @Holds<GatewaySettings>(
    'cannot be none when NODE_ENV=production: everybody could read every ticket',
    ({ authMode, nodeEnv }) => authMode !== 'none' || nodeEnv !== 'production',
  )
  readonly authMode: (typeof AUTH_MODES)[number] = 'jwt';

  /** HS256 secret. It has to be as long as the hash (RFC 7518, 3.2): whoever holds a token can try out a shorter one. */
  @byJwt
  @Accepted(
    'a secret of 32 or more bytes, such as `openssl rand -base64 32` prints',
    (secret) => secret === '' || Buffer.byteLength(secret) >= SECRET_LEAST_BYTES,
  )
  @Holds<GatewaySettings>(
    'or AUTH_JWKS_URL must be set for AUTH_MODE=jwt, one of the two and not both',
    ({ authJwtSecret, authJwksUrl }) => (authJwtSecret === '') !== (authJwksUrl === ''),
  )
  readonly authJwtSecret: string = '';

  /** Where the RS256, ES256 or EdDSA keys are published. */
  @byJwt
  @Accepted('an http:// or https:// URL', (text) => text === '' || isUrl(text, ['http:', 'https:']))
  readonly authJwksUrl: string = '';

  /** Checked against `iss` where set. */
  readonly authJwtIssuer: string = '';

  /** Checked against `aud` where set. */
  readonly authJwtAudience: string = '';

  /** How far the clock of whoever signs tokens may be ahead: `nbf`. The end of a token is not moved by it. */
  @Whole('seconds', 0, 600)
  readonly authClockToleranceS: number = 30;

  /** Foreign origins that browsers may come from; none: same origin only. `*` would let any page use the cookie. */
  @ListOf(
    'origins such as https://app.example, https://*.example.com or http://localhost:*, without a path, with commas in between',
    (item) => OriginPattern.parse(item) !== null,
  )
  readonly allowedOrigins: readonly string[] = [];

  /** How clients reach the gateway, where that cannot be told from a request: names the gateway's own origin. */
  @Accepted('an http:// or https:// URL', (text) => text === '' || isUrl(text, ['http:', 'https:']))
  readonly publicUrl: string = '';

  /** Addresses of proxies whose word is taken for how a client reached them (`Forwarded`, `X-Forwarded-Host`, `-Proto`). */
  @ListOf(
    'addresses, networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, with commas in between',
    isProxyRange,
  )
  readonly trustProxy: readonly string[] = [];

  /** Whether `/socket.io/socket.io.js` and its siblings are served, for pages that have no other source. */
  @OneOf(['true', 'false'])
  readonly serveSocketIoClient: 'true' | 'false' = 'false';

  @Whole('case ids', 1, 10_000)
  readonly maxCasesPerSubscription: number = 500;

  /** By JWT `sub`, in this process. */
  @Whole('connections', 1, 1_000_000)
  readonly maxConnectionsPerSubject: number = 20;

  /** A comment line goes out on a stream that was quiet this long. */
  @Whole('milliseconds', 100, HOUR_MS)
  readonly sseHeartbeatMs: number = 15_000;

  /** How long a connection without a request is kept. Balancers keep theirs for 60 s, and have to be the first to end them. */
  @Whole('milliseconds', 1000, HOUR_MS)
  readonly httpKeepAliveMs: number = 75_000;

  /** Unsent bytes of one connection; past it the connection is closed and can resume. */
  @Whole('bytes', 1024, 1_073_741_824)
  readonly slowConsumerMaxBytes: number = 1_048_576;

  /** Over which clients are told to go elsewhere on SIGTERM. */
  @Whole('milliseconds', 0, HOUR_MS)
  readonly drainMs: number = 10_000;

  /** Bearer for `/admin/*`; empty: closed. */
  @Text(/^[\x21-\x7e]{0,5000}$/, 'up to 5000 visible characters without spaces')
  readonly adminToken: string = '';

  /** Processes that serve together. */
  @Whole('processes', 1, 256)
  readonly gatewayProcesses: number = 1;
}
