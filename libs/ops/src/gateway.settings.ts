import { LANGUAGE_PATTERN } from '#core';
import { HOUR_MS, SharedSettings } from './program.settings.js';
import { OriginPattern } from './origin-pattern.js';
import { isProxyRange } from './proxy-range.js';
import { Accepted, BaseUrl, Holds, isUrl, ListOf, OneOf, Text, When, Whole } from './settings-rules.js';

const AUTH_MODES = ['jwt', 'upstream', 'none'] as const;

const byJwt = When<GatewaySettings>((settings) => settings.authMode === 'jwt');
const byUpstream = When<GatewaySettings>((settings) => settings.authMode === 'upstream');

const SECRET_LEAST_BYTES = 32;
/** One entry of `ADMIN_TOKEN`: a name that a log line can have, and a secret of visible ASCII without a comma. */
const ADMIN_TOKEN = /^(?:[\w.@-]{1,64}:)?[!-+\--9;-~]{16,512}$/;
/** Claims with a meaning of their own (RFC 7519, RFC 9068, RFC 9396). */
const TAKEN_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope', 'authorization_details'];
/** A request may have at least this many bytes, whatever the settings. */
const REQUEST_LEAST_MAX_BYTES = 131_072;
/** The longest id in JSON, bytes: 64 characters, each of them escaped, two quotes and a comma. */
const ID_MAX_BYTES = 131;
/** Everything of a request but its ids, bytes. */
const REQUEST_REST_BYTES = 4096;
/** A Socket.IO message is read up to this many of the largest requests. */
const REQUESTS_PER_MESSAGE = 4;

const ClaimName = () =>
  Accepted(`the name of a claim, other than ${TAKEN_CLAIMS.join(', ')}`, (name) => !TAKEN_CLAIMS.includes(name));

/** Settings of a gateway. A text that is not set is empty. */
export class GatewaySettings extends SharedSettings {
  /** Address to listen on; empty: see {@link address}. */
  @When<GatewaySettings>(({ host }) => host !== '')
  override readonly host: string = '';

  override readonly port: number = 3000;

  /** Address to listen on. With `AUTH_MODE=none` it is the loopback address, unless `HOST` names another one. */
  get address(): string {
    return this.host || (this.authMode === 'none' ? '127.0.0.1' : '0.0.0.0');
  }

  @OneOf<GatewaySettings>(AUTH_MODES, ({ nodeEnv }) =>
    AUTH_MODES.filter((mode) => mode !== 'none' || nodeEnv !== 'production'),
  )
  @Holds<GatewaySettings>(
    'cannot be none when NODE_ENV=production: everybody could read every ticket',
    ({ authMode, nodeEnv }) => authMode !== 'none' || nodeEnv !== 'production',
  )
  readonly authMode: (typeof AUTH_MODES)[number] = 'jwt';

  /** HS256 secret, at least as long as the hash (RFC 7518, 3.2): a shorter one can be found by trial from any token. */
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

  /** URL of the published RS256, ES256 or EdDSA keys. */
  @byJwt
  @Accepted('an http:// or https:// URL', (text) => text === '' || isUrl(text, ['http:', 'https:']))
  readonly authJwksUrl: string = '';

  /** Required `iss`; empty: not checked. */
  readonly authJwtIssuer: string = '';

  /** Required `aud`; empty: not checked. */
  readonly authJwtAudience: string = '';

  /** Required `typ` of the header, such as `at+jwt` (RFC 9068); empty: not checked. */
  readonly authJwtTyp: string = '';

  /** Name of the claim with the ticket ids. Identity providers want a name of their own: `https://example.com/cases`. */
  @ClaimName()
  @Holds<GatewaySettings>(
    'must differ from AUTH_GROUPS_CLAIM and AUTH_HINTS_CLAIM',
    ({ authCasesClaim, authGroupsClaim, authHintsClaim }) =>
      new Set([authCasesClaim, authGroupsClaim, authHintsClaim]).size === 3,
  )
  readonly authCasesClaim: string = 'cases';

  /** Name of the claim with the group ids. */
  @ClaimName()
  readonly authGroupsClaim: string = 'groups';

  /** Name of the claim that allows hints. */
  @ClaimName()
  readonly authHintsClaim: string = 'hints';

  /** Begin of the scopes that give rights; empty: the claim `scope` is not read. */
  @Text(/^[\x21\x23-\x5b\x5d-\x7e]*$/, 'the begin of a scope: ASCII without spaces, quotes and backslashes')
  readonly authScopePrefix: string = '';

  /** `type` of the entries of `authorization_details` that give rights; empty: the claim is not read. */
  readonly authDetailsType: string = '';

  /** How far the clock that signs tokens may be ahead, s. It applies to `nbf`, not to `exp`. */
  @Whole('seconds', 0, 600)
  readonly authClockToleranceS: number = 30;

  /** How long a revocation is kept, s: longer than any token lives. A year at most. */
  @Whole('seconds', 60, 31_536_000)
  readonly authRevocationTtlS: number = 2_592_000;

  /** Who may use `/admin`: secrets, or `name:secret`. Empty: nothing is served there. */
  @ListOf('secrets of 16 or more characters, each also as name:secret, with commas in between', (item) =>
    ADMIN_TOKEN.test(item),
  )
  readonly adminToken: readonly string[] = [];

  /** For `AUTH_MODE=upstream`: scheme, host and, if the API has one, a path. */
  @byUpstream
  @BaseUrl(', as AUTH_MODE=upstream needs it')
  readonly upstreamBaseUrl: string = '';

  /** How long the upstream's answer about a client's token and a ticket counts, s. */
  @Whole('seconds', 1, 86_400)
  readonly authProbeTtlS: number = 300;

  /** Most requests per second that ask about rights, of one process. */
  @Whole('requests per second', 1, 10_000)
  readonly authProbeMaxRps: number = 50;

  /** Most requests at once that ask about rights, of one process. */
  @Whole('requests', 1, 1000)
  readonly authProbeMaxConcurrent: number = 10;

  /** JSON file with the access keys of clients that sign their polls as the upstream's SDKs do; empty: none. */
  readonly dropinAccessKeysFile: string = '';

  /** How long a ticket stays wanted after it was polled at the gateway, ms: longer than any client pauses. */
  @Whole('milliseconds', 1000, HOUR_MS)
  readonly dropinLeaseMs: number = 60_000;

  /** Other origins of web pages that may connect; empty: same origin only. `*` is refused: any page could use the cookie. */
  @ListOf(
    'origins such as https://app.example, https://*.example.com or http://localhost:*, without a path, with commas in between',
    (item) => OriginPattern.parse(item) !== null,
  )
  readonly allowedOrigins: readonly string[] = [];

  /** URL by which clients reach the gateway, if requests do not show it. It is the gateway's own origin. */
  @Accepted('an http:// or https:// URL', (text) => text === '' || isUrl(text, ['http:', 'https:']))
  readonly publicUrl: string = '';

  /** Addresses of trusted proxies: `Forwarded`, `X-Forwarded-Host` and `X-Forwarded-Proto` count if they come from one. */
  @ListOf(
    'addresses, networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, with commas in between',
    isProxyRange,
  )
  readonly trustProxy: readonly string[] = [];

  /** Whether the console is served at `/` and `/ops`. */
  @OneOf(['on', 'off'])
  readonly console: 'on' | 'off' = 'on';

  /** Where the console of a demo posts messages and causes faults; empty: nowhere. Only `npm start` sets it. */
  @Accepted('an http:// URL', (text) => text === '' || isUrl(text, ['http:']))
  @Holds<GatewaySettings>(
    'cannot be set when NODE_ENV=production: it lets pages stop programs',
    ({ consoleDemoUrl, nodeEnv }) => consoleDemoUrl === '' || nodeEnv !== 'production',
  )
  readonly consoleDemoUrl: string = '';

  /** Whether `/socket.io/socket.io.js` and its variants are served, for pages that have no other source. */
  @OneOf(['true', 'false'])
  readonly serveSocketIoClient: 'true' | 'false' = 'false';

  /** Whether `/docs`, the documents that it links to, and `/llms.txt` are served. They tell nothing of any ticket. */
  @OneOf(['on', 'off'])
  readonly docs: 'on' | 'off' = 'on';

  /** Whether Socket.IO is served over WebSocket alone: for several gateways behind a load balancer without sticky sessions. */
  @OneOf(['true', 'false'])
  readonly websocketOnly: 'true' | 'false' = 'false';

  /** Languages that clients may choose, besides `UPSTREAM_LANGUAGE`. Each one that is chosen is polled by itself. */
  @ListOf('language tags such as zh-cn, with commas in between', (item) => LANGUAGE_PATTERN.test(item))
  readonly languages: readonly string[] = ['zh-cn', 'en-us'];

  /** Largest number of tickets in one subscription, and in one hint. It decides how large a request may be. */
  @Whole('case ids', 1, 10_000)
  readonly maxCasesPerSubscription: number = 500;

  /** Largest JSON of one request, bytes: it has room for as many ids as a subscription may name. */
  get requestMaxBytes(): number {
    return Math.max(REQUEST_LEAST_MAX_BYTES, this.maxCasesPerSubscription * ID_MAX_BYTES + REQUEST_REST_BYTES);
  }

  /** Largest Socket.IO message, bytes. A larger one is not read; in this one, too many tickets are refused in words. */
  get messageMaxBytes(): number {
    return this.requestMaxBytes * REQUESTS_PER_MESSAGE;
  }

  /** Largest number of connections per JWT `sub` in one process. */
  @Whole('connections', 1, 1_000_000)
  readonly maxConnectionsPerSubject: number = 20;

  /** Largest number of connections that have shown no token yet, in one process. For one more, the oldest is ended. */
  @Whole('connections', 1, 1_000_000)
  readonly maxUnauthenticatedConnections: number = 5000;

  /**
   * Largest number of tickets of one subject of which nothing was ever published, in one process; 0: see
   * {@link unknownCasesMax}.
   */
  @Whole('tickets', 0, 1_000_000)
  readonly maxUnknownCasesPerSubject: number = 0;

  /** What `MAX_UNKNOWN_CASES_PER_SUBJECT` says; otherwise 1,000, and at least two of the largest subscriptions. */
  get unknownCasesMax(): number {
    return this.maxUnknownCasesPerSubject || Math.max(1000, 2 * this.maxCasesPerSubscription);
  }

  /** Connections that may begin per second in one process; those of 20 s may begin at once. */
  @Whole('connections per second', 1, 1_000_000)
  readonly maxHandshakesPerS: number = 2000;

  /** The same, of one client address. */
  @Whole('connections per second', 1, 1_000_000)
  readonly maxHandshakesPerAddressPerS: number = 1000;

  /** An SSE stream that was idle for this long gets a heartbeat, ms. */
  @Whole('milliseconds', 100, HOUR_MS)
  readonly sseHeartbeatMs: number = 15_000;

  /** How long a connection without a request is kept, ms. Load balancers keep theirs for 60 s and must end them first. */
  @Whole('milliseconds', 1000, HOUR_MS)
  readonly httpKeepAliveMs: number = 75_000;

  /** Largest number of unsent bytes of one connection. A connection with more is closed, and its client can resume. */
  @Whole('bytes', 1024, 1_073_741_824)
  readonly slowConsumerMaxBytes: number = 1_048_576;

  /** After SIGTERM, clients are sent away one after the other within this time (ms). */
  @Whole('milliseconds', 0, HOUR_MS)
  readonly drainMs: number = 10_000;

  /** Number of gateway processes on one port. */
  @Whole('processes', 1, 256)
  readonly gatewayProcesses: number = 1;
}
