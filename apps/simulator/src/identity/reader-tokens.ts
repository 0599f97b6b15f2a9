import { InvalidInput, listOf, record, text } from '../fields.js';
import { type ReaderTokens } from './tokens.js';

const TOKEN_MAX = 5_000;
const caseIds = listOf(text(64, 1), 0, 10_000);

/**
 * Reads an object whose names are tokens and whose values are lists of tickets. Problems name no token: it is a secret.
 *
 * @param where what the object is called in a problem
 * @throws InvalidInput
 */
export function readReaderTokens(value: unknown, where: string): ReaderTokens {
  if (!record.accepts(value)) throw new InvalidInput([`${where} must be ${record.expected}`]);
  const isWrong = Object.entries(value).some(
    ([token, tickets]) => token === '' || token.length > TOKEN_MAX || !caseIds.accepts(tickets),
  );
  if (isWrong) throw new InvalidInput([`${where} must have tokens as names, and for each ${caseIds.expected}`]);
  return value as ReaderTokens;
}
