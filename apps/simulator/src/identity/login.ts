import { InvalidInput, type Kind, listOf, oneOf, optional, read, record, required, text } from '../fields.js';
import { type IssuedToken } from './tokens.js';

/** The content of a login by password. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** The account that the user belongs to. */
  readonly domain: string;
  /** The scope of the token: the whole account, or one project of it. */
  readonly scope: { readonly domain: string } | { readonly project: string };
}

const NAME = text(64, 1);
const PASSWORD = text(128, 1);
const METHODS: Kind<'password'[]> = listOf(oneOf('password'), 1, 1);

/**
 * Reads the body of `POST /v3/auth/tokens`, password method, as documented. Unknown members are errors. The scope may be
 * absent.
 *
 * @throws InvalidInput
 */
export function readLogin(body: unknown): Login {
  const { auth } = read(body, { auth: required(record) });
  const { identity, scope } = read(auth, { identity: required(record), scope: optional(record) }, 'auth.');
  const { password } = read(identity, { methods: required(METHODS), password: required(record) }, 'auth.identity.');
  const { user } = read(password, { user: required(record) }, 'auth.identity.password.');
  const userFields = { name: required(NAME), password: required(PASSWORD), domain: required(record) };
  const known = read(user, userFields, 'auth.identity.password.user.');
  const domain = readName(known.domain, 'auth.identity.password.user.domain.');
  return { user: known.name, password: known.password, domain, scope: readScope(scope, domain) };
}

function readScope(scope: Record<string, unknown> = {}, userDomain: string): Login['scope'] {
  const { domain, project } = read(scope, { domain: optional(record), project: optional(record) }, 'auth.scope.');
  if (project) return { project: readName(project, 'auth.scope.project.') };
  return { domain: domain ? readName(domain, 'auth.scope.domain.') : userDomain };
}

/** A domain or a project, by name or by id. The simulator accepts any value. */
function readName(value: unknown, where: string): string {
  const { name, id } = read(value, { name: optional(NAME), id: optional(NAME) }, where);
  const given = name ?? id;
  if (given === undefined) throw new InvalidInput([`${where}name is missing: ${NAME.expected}`]);
  return given;
}

/** The body of a 201. The token is in the header `X-Subject-Token`. */
export function tokenBody(login: Login, issued: IssuedToken): string {
  const domain = { name: login.domain, id: idOf(login.domain) };
  const scope =
    'project' in login.scope
      ? { project: { name: login.scope.project, id: idOf(login.scope.project), domain } }
      : { domain };
  const token = {
    expires_at: instant(issued.expiresAt),
    issued_at: instant(issued.issuedAt),
    methods: ['password'],
    user: { name: login.user, id: idOf(login.user), domain, password_expires_at: '' },
    roles: [{ id: '0', name: 'te_admin' }],
    catalog: [],
    ...scope,
  };
  return JSON.stringify({ token });
}

/** IAM writes microseconds. */
const instant = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** A made-up id of 32 hexadecimal digits, always the same for the same text. */
const idOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
