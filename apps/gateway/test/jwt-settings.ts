import type { JwtSettings } from '../src/auth/jwt-verifier.js';

export const JWT_SECRET = 'a secret for tests of at least 32 bytes';
/** As they are where an operator sets none. */
export const JWT_SETTINGS: JwtSettings = {
  authJwtIssuer: '',
  authJwtAudience: '',
  authJwtTyp: '',
  authCasesClaim: 'cases',
  authGroupsClaim: 'groups',
  authHintsClaim: 'hints',
  authScopePrefix: '',
  authDetailsType: '',
  authClockToleranceS: 30,
};
