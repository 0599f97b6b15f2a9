import type { CaseId } from '#core';
import type { Rights } from './rights.js';

/** Rights that end before their tokens do. What is absent narrows nothing down; one of the first three is there. */
export interface Revocation {
  readonly id: string;
  /** `sub` of the tokens. */
  readonly sub?: string;
  /** `jti` of the token. */
  readonly jti?: string;
  /** The tickets that may not be read any more, as the claim `cases` names them; absent: all rights end. */
  readonly case_ids?: readonly CaseId[];
  /** When it was made, ms since 1970. Without `jti` it is about the tokens that were issued until then. */
  readonly at: number;
  /** When it ends, ms since 1970. */
  readonly until: number;
  /** Who made it. */
  readonly by: string;
  /** Who lifted it. It is kept until it ends, so that a gateway that has not heard of it does not bring it back. */
  readonly lifted_by?: string;
}

/** Whether a revocation is about the token that grants these rights. */
export function isAbout({ sub, jti, at }: Revocation, { subject, tokenId, issuedAt }: Rights): boolean {
  if (sub !== undefined && sub !== subject) {
    return false;
  }
  if (jti !== undefined) {
    return jti === tokenId;
  }
  return issuedAt === null || issuedAt <= at; // Without `iat` a token may be older.
}

/** The text that the store keeps. */
export function revocationText(revocation: Revocation): string {
  return JSON.stringify(revocation);
}

/** @throws if the text has another form */
export function readRevocation(text: string): Revocation {
  const read = JSON.parse(text) as Partial<Revocation>;
  if (typeof read.id !== 'string' || typeof read.at !== 'number' || typeof read.until !== 'number') {
    throw new Error('a revocation in the store is not of the form that gateways write');
  }
  return read as Revocation;
}
