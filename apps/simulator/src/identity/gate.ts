import { type IncomingMessage } from 'node:http';
import { type ApiError, wrongIdentity } from '../api-error.js';
import { AccessKeys } from './access-keys.js';
import { type Tokens } from './tokens.js';

const MAX_TOKEN_LENGTH = 5_000;

/** The first check of the API gateway: a request has a valid token or a valid signature. */
export class Gate {
  constructor(
    private readonly tokens: Tokens,
    private readonly accessKeys: AccessKeys,
  ) {}

  refusal({ method = '', url = '', headers }: IncomingMessage): ApiError | undefined {
    if (AccessKeys.isSigned(headers.authorization)) {
      return this.accessKeys.refusal({ method, url, headers }, headers.authorization);
    }
    const token = headers['x-auth-token'];
    if (typeof token !== 'string' || token === '') return wrongIdentity('token not found');
    if (token.length > MAX_TOKEN_LENGTH || !this.tokens.accepts(token)) return wrongIdentity('decrypt token fail');
    return undefined;
  }
}
