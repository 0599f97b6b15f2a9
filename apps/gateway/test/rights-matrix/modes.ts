import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload, type KeyLike } from 'jose';
import { GRANTS, type Expected, type TokenKind } from './rows.js';

export interface Grants {
  readonly cases: readonly string[];
  readonly groups: readonly string[];
  readonly hints: boolean;
}

/** What a token allows that allows everything. */
export const EVERYTHING: Grants = { cases: ['*'], groups: ['*'], hints: true };

/** One way in which a gateway learns what a client may read. */
export interface Mode {
  readonly name: string;
  /** False if every client may read everything. */
  readonly asksForTokens: boolean;
  /** Whether it differs from another mode in the form of its claims only. What takes seconds is not repeated with it. */
  readonly isOtherForm: boolean;
  /** Whether it has no ids of tokens, by which one could be revoked, and grants no hints. */
  readonly isPlain?: boolean;
  /** How a refusal is said in this mode; the row's own words unless given. */
  refusal?(refused: Expected): Expected;
  /** Settings of its gateway. */
  start(): Promise<Record<string, string>>;
  stop(): void;
  /** A valid token. @param tokenId its `jti` */
  token(grants: Grants, expiresInS?: number, tokenId?: string): Promise<string>;
  /** A token of a kind, or null for none. */
  tokenOf(kind: TokenKind): Promise<string | null>;
}

const SECRET = 'a secret of the rights matrix of 32 bytes';
const MINUTE_S = 60;

type Sign = (claims: JWTPayload) => Promise<string>;
type Claims = (grants: Grants) => JWTPayload;

const ownClaims: Claims = ({ cases, groups, hints }) => ({ cases, groups, hints });

const scopes: Claims = ({ cases, groups, hints }) => ({
  scope: [
    'openid',
    ...cases.map((name) => `pollcast:case:${name}`),
    ...groups.map((name) => `pollcast:group:${name}`),
    ...(hints ? ['pollcast:hints'] : []),
  ].join(' '),
});

const details: Claims = ({ cases, groups, hints }) => ({
  authorization_details: [
    { type: 'pollcast', case_ids: cases, groups, hints },
    { type: 'of another service', case_ids: ['*'], groups: ['*'] },
  ],
});

/** Tokens in JWT form, with any signer. */
abstract class JwtMode implements Mode {
  readonly asksForTokens = true;

  get isOtherForm(): boolean {
    return this.claims !== ownClaims;
  }

  protected constructor(
    readonly name: string,
    private readonly claims: Claims,
  ) {}

  abstract start(): Promise<Record<string, string>>;
  abstract stop(): void;
  protected abstract readonly sign: Sign;
  protected abstract readonly forge: Sign;

  token(grants: Grants, expiresInS = MINUTE_S, tokenId?: string): Promise<string> {
    return this.sign({ ...this.payload(grants, expiresInS), ...(tokenId !== undefined && { jti: tokenId }) });
  }

  async tokenOf(kind: TokenKind): Promise<string | null> {
    switch (kind) {
      case 'good':
        return this.token(GRANTS);
      case 'without hints':
        return this.token({ ...GRANTS, hints: false });
      case 'expired':
        return this.token(GRANTS, -1);
      case 'too early':
        return this.sign({ ...this.payload(GRANTS, MINUTE_S), nbf: Math.floor(Date.now() / 1000) + MINUTE_S });
      case 'forged':
        return this.forge(this.payload(EVERYTHING, MINUTE_S));
      case 'revoked':
      case 'with a revoked ticket':
        return this.token(GRANTS, MINUTE_S, kind);
      case 'none':
        return null;
    }
  }

  private payload(grants: Grants, expiresInS: number): JWTPayload {
    // Rounded down, a token for one second could be expired when it is sent.
    return { sub: 'alice', exp: Math.ceil(Date.now() / 1000) + expiresInS, ...this.claims(grants) };
  }
}

class SecretMode extends JwtMode {
  protected readonly sign: Sign = (claims) => signed(claims, SECRET);
  protected readonly forge: Sign = (claims) => signed(claims, 'another secret that nobody has configured');

  constructor(
    name: string,
    claims: Claims,
    private readonly settings: Record<string, string> = {},
  ) {
    super(name, claims);
  }

  async start(): Promise<Record<string, string>> {
    return { AUTH_JWT_SECRET: SECRET, ...this.settings };
  }

  stop(): void {
    // It has nothing that has to end.
  }
}

class PublishedKeysMode extends JwtMode {
  private server: Server | null = null;
  private pair: { privateKey: KeyLike; publicKey: KeyLike } | null = null;
  protected readonly sign: Sign = (claims) => this.signedBy(this.pair?.privateKey, claims);
  protected readonly forge: Sign = async (claims) => this.signedBy((await generateKeyPair('ES256')).privateKey, claims);

  constructor() {
    super('published keys', ownClaims);
  }

  async start(): Promise<Record<string, string>> {
    this.pair = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(this.pair.publicKey)), alg: 'ES256', kid: 'key' }];
    this.server = createServer((_, response) => response.end(JSON.stringify({ keys }))).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    return { AUTH_JWT_SECRET: '', AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys` };
  }

  stop(): void {
    this.server?.close();
  }

  private signedBy(key: KeyLike | undefined, claims: JWTPayload): Promise<string> {
    if (key === undefined) throw new Error('the mode was not started');
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'key' }).sign(key);
  }
}

/** `AUTH_MODE=none`. */
class OpenMode implements Mode {
  readonly name = 'no authentication';
  readonly asksForTokens = false;
  readonly isOtherForm = false;

  async start(): Promise<Record<string, string>> {
    return { AUTH_MODE: 'none', AUTH_JWT_SECRET: '' };
  }

  stop(): void {
    // It has nothing that has to end.
  }

  async token(): Promise<string> {
    return 'a text that nobody reads';
  }

  async tokenOf(kind: TokenKind): Promise<string | null> {
    return kind === 'none' ? null : this.token();
  }
}

/** `AUTH_MODE=upstream`: the upstream knows what each token may read, and until when. */
class UpstreamMode implements Mode {
  readonly name = 'tokens of the upstream';
  readonly asksForTokens = true;
  readonly isOtherForm = false;
  readonly isPlain = true;
  private readonly tokens = new Map<string, { readonly grants: Grants; readonly until: number }>();
  private server: Server | null = null;

  async start(): Promise<Record<string, string>> {
    this.server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://upstream');
      const [status, body] = this.answer(String(request.headers['x-auth-token']), searchParams);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    const settings = { AUTH_MODE: 'upstream', AUTH_JWT_SECRET: '', UPSTREAM_BASE_URL: `http://127.0.0.1:${port}` };
    // As many questions as the cells ask: their bounds are not what is looked at here.
    return { ...settings, AUTH_PROBE_TTL_S: '1', AUTH_PROBE_MAX_RPS: '10000', AUTH_PROBE_MAX_CONCURRENT: '1000' };
  }

  stop(): void {
    this.server?.close();
  }

  async token(grants: Grants, expiresInS = MINUTE_S): Promise<string> {
    const token = `token-${this.tokens.size}`;
    this.tokens.set(token, { grants, until: Date.now() + expiresInS * 1000 });
    return token;
  }

  async tokenOf(kind: TokenKind): Promise<string | null> {
    if (kind === 'none') return null;
    return kind === 'good' ? this.token(GRANTS) : `${kind.replace(' ', '-')}-token`;
  }

  refusal({ code, detail, caseIds }: Expected): Expected {
    if (code === 'unauthorized') {
      return detail === 'no token was given'
        ? { code, detail }
        : { code, detail: 'the upstream does not accept the token' };
    }
    const words = 'the token does not allow these tickets: the upstream, or an operator, does not let it read them';
    return { code, detail: words, ...(caseIds && { caseIds }) };
  }

  private answer(token: string, query: URLSearchParams): [status: number, body: object] {
    const known = this.tokens.get(token);
    const caseIds = query.getAll('case_ids');
    const group = query.get('group_id');
    if (known === undefined || Date.now() >= known.until) return [401, { error_code: 'APIGW.0301' }];
    if (caseIds.length === 0) return [400, { error_code: 'OSM.0001' }];
    const covers = (names: readonly string[], id: string) =>
      names.some((name) => name === id || (name.endsWith('*') && id.startsWith(name.slice(0, -1))));
    const { cases, groups } = known.grants;
    const mayRead = caseIds.every((id) => covers(cases, id)) && (group === null || covers(groups, group));
    return mayRead ? [200, { imstatus: [], immsg: [] }] : [403, { error_code: 'OSM.01010002' }];
  }
}

function signed(claims: JWTPayload, secret: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

export const MODES: readonly Mode[] = [
  new SecretMode('a shared secret', ownClaims),
  new PublishedKeysMode(),
  new SecretMode('scopes', scopes, { AUTH_SCOPE_PREFIX: 'pollcast:' }),
  new SecretMode('authorization_details', details, { AUTH_DETAILS_TYPE: 'pollcast' }),
  new UpstreamMode(),
  new OpenMode(),
];
