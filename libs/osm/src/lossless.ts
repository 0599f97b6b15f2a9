import { parse } from 'lossless-json';
import { RawNumber, UpstreamFailure, type JsonValue } from '#core';

/**
 * Finds, in most texts none, numbers that JavaScript might print otherwise than they were written: 16 digits or more,
 * a fraction, an exponent, or negative (-0 prints as 0). Whatever looks so inside a string only costs time.
 */
const RISKY_NUMBER = /[:,[]\s*(?:-|\d(?:\d{15}|\d{0,14}[.eE]))/;

/**
 * Parses JSON so that nothing is lost: numbers that would change become {@link RawNumber}.
 * The engine's own parser is some twenty times faster than any written in JavaScript, so it does all that it can.
 *
 * @throws {UpstreamFailure} `malformed`, also for numbers to be kept below some 3,000 levels, where the parser for them
 *   runs out of stack; the parser's own text is left out because it quotes contents
 */
export function parseJson(text: string): JsonValue {
  try {
    return RISKY_NUMBER.test(text) ? parseEveryNumber(text) : (JSON.parse(text) as JsonValue);
  } catch {
    throw new UpstreamFailure('malformed', `the answer is not JSON (${text.length} characters)`);
  }
}

function parseEveryNumber(text: string): JsonValue {
  // Of a repeated key the last value counts, as for JSON.parse.
  const options = { parseNumber: numberOf, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };
  return parse(text, null, options) as JsonValue;
}

function numberOf(literal: string): number | RawNumber {
  const number = Number(literal);
  return JSON.stringify(number) === literal ? number : new RawNumber(literal);
}
