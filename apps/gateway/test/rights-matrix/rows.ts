/** What the token of a cell is. */
export type TokenKind =
  | 'good'
  | 'without hints'
  | 'expired'
  | 'too early'
  | 'forged'
  | 'revoked'
  /** {@link REVOKED_TICKET} was revoked from it. */
  | 'with a revoked ticket'
  | 'none';

/** What the client of a cell asks for, and what has to become of it. */
export interface Row {
  readonly name: string;
  readonly caseIds: readonly string[];
  readonly groupId?: string;
  /** `good` unless given. */
  readonly token?: TokenKind;
  /** Why it is refused; absent if it is granted. */
  readonly refused?: Expected;
}

export interface Expected {
  readonly code: 'unauthorized' | 'forbidden';
  readonly detail: string;
  readonly caseIds?: readonly string[];
}

/** What every good token of the matrix allows. */
export const GRANTS = { cases: ['OWN-1', 'TEAM-*'], groups: ['G-OWN'], hints: true } as const;

const tickets = (...caseIds: string[]): Expected => ({
  code: 'forbidden',
  detail: 'the token does not allow these tickets',
  caseIds,
});
const group = (...caseIds: string[]): Expected => ({
  code: 'forbidden',
  detail: 'the token does not allow this group_id',
  caseIds,
});
const token = (detail: string): Expected => ({ code: 'unauthorized', detail });
const NOT_VALID = 'the token is not valid here';

/** The ticket that is revoked from some tokens. */
export const REVOKED_TICKET = 'OWN-1';

/** Tickets with history and with live messages, in no group and in each group of {@link GROUPS}. */
export const EXISTING = ['OWN-1', 'TEAM-7', 'FOREIGN-1', 'TEAM', 'OWN-10'] as const;
/** The groups of existing tickets. */
export const GROUPS = [undefined, 'G-OWN', 'G-FOREIGN'] as const;

export const ROWS: readonly Row[] = [
  { name: 'own', caseIds: ['OWN-1'] },
  { name: 'own in an own group', caseIds: ['OWN-1'], groupId: 'G-OWN' },
  { name: 'prefix', caseIds: ['TEAM-7'] },
  { name: 'prefix in an own group', caseIds: ['TEAM-7'], groupId: 'G-OWN' },
  { name: 'own and prefix', caseIds: ['OWN-1', 'TEAM-7'] },
  { name: 'foreign', caseIds: ['FOREIGN-1'], refused: tickets('FOREIGN-1') },
  { name: 'foreign in an own group', caseIds: ['FOREIGN-1'], groupId: 'G-OWN', refused: tickets('FOREIGN-1') },
  { name: 'unknown', caseIds: ['UNKNOWN-1'], refused: tickets('UNKNOWN-1') },
  { name: 'mixed with foreign', caseIds: ['OWN-1', 'FOREIGN-1', 'TEAM-7'], refused: tickets('FOREIGN-1') },
  { name: 'mixed with unknown', caseIds: ['UNKNOWN-1', 'OWN-1'], refused: tickets('UNKNOWN-1') },
  { name: 'shorter than the prefix', caseIds: ['TEAM'], refused: tickets('TEAM') },
  { name: 'longer than the own id', caseIds: ['OWN-10'], refused: tickets('OWN-10') },
  { name: 'the own id in other letters', caseIds: ['own-1'], refused: tickets('own-1') },
  { name: 'a star', caseIds: ['*'], refused: tickets('*') },
  { name: 'own in a foreign group', caseIds: ['OWN-1'], groupId: 'G-FOREIGN', refused: group('OWN-1') },
  { name: 'own in an unknown group', caseIds: ['OWN-1'], groupId: 'G-UNKNOWN', refused: group('OWN-1') },
  { name: 'own in the group of a star', caseIds: ['OWN-1'], groupId: '*', refused: group('OWN-1') },
  { name: 'both foreign', caseIds: ['FOREIGN-1'], groupId: 'G-FOREIGN', refused: group('FOREIGN-1') },
  { name: 'without the right to hints', caseIds: ['OWN-1'], token: 'without hints' },
  { name: 'a revoked ticket', caseIds: ['OWN-1'], token: 'with a revoked ticket', refused: tickets('OWN-1') },
  {
    name: 'mixed with a revoked ticket',
    caseIds: ['TEAM-7', 'OWN-1'],
    token: 'with a revoked ticket',
    refused: tickets('OWN-1'),
  },
  { name: 'beside a revoked ticket', caseIds: ['TEAM-7'], token: 'with a revoked ticket' },
  { name: 'revoked', caseIds: ['OWN-1'], token: 'revoked', refused: token('the token was revoked') },
  { name: 'foreign and revoked', caseIds: ['FOREIGN-1'], token: 'revoked', refused: token('the token was revoked') },
  { name: 'expired', caseIds: ['OWN-1'], token: 'expired', refused: token('the token has expired') },
  { name: 'foreign and expired', caseIds: ['FOREIGN-1'], token: 'expired', refused: token('the token has expired') },
  { name: 'too early', caseIds: ['OWN-1'], token: 'too early', refused: token(NOT_VALID) },
  { name: 'forged', caseIds: ['OWN-1'], token: 'forged', refused: token(NOT_VALID) },
  { name: 'no token', caseIds: ['OWN-1'], token: 'none', refused: token('no token was given') },
];
