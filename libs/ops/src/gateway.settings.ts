import { HOUR_MS, SharedSettings } from './program.settings.js';
import { OriginPattern } from './origin-pattern.js';
import { isProxyRange } from './proxy-range.js';
import { Accepted, Holds, isUrl, ListOf, OneOf, Text, When, Whole } from './settings-rules.js';

const AUTH_MODES = ['jwt', 'upstream', 'none'] as const;

const byJwt = When<GatewaySettings>((settings) => settings.authMode === 'jwt');

/** What a gateway reads. Texts that were not set are empty. */
export class GatewaySettings extends SharedSettings {
  override readonly port: number = 3000;

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

  /** HS256 secret. Shorter ones than 8 characters are guessed within hours; 32 random ones are a good length. */
  @byJwt
  @Accepted('a secret of 8 or more characters', (secret) => secret === '' || secret.length >= 8)
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
