import { isUtf8 } from 'node:buffer';
import { UpstreamFailure, type AnsweredMessage, type JsonObject } from '#core';
import type { HttpAnswer } from './http-exchange.js';
import { errorBody, isDeclaredJson, topOf, type ReadingContext } from './osm.answer.js';
import { failureOf } from './osm.errors.js';
import { parseMessages } from './osm.parser.js';

/**
 * The messages of an answer to "Querying More Messages", in the upstream's order, which is not documented. Its `count` is not
 * used: whether it counts the answer or the ticket is not documented either.
 *
 * @throws {UpstreamFailure} for everything that is not an answer
 */
export function readOlder(
  answer: HttpAnswer,
  { offsetMinutes, now }: Pick<ReadingContext, 'offsetMinutes' | 'now'>,
): readonly AnsweredMessage[] {
  return parseMessages(topOfAnswer(answer, now), 'message_list', offsetMinutes);
}

/** The parsed body of an answer. @throws {UpstreamFailure} for everything that is not an answer */
export function topOfAnswer(answer: HttpAnswer, now: number): JsonObject {
  const isJson = isDeclaredJson(answer);
  if (answer.status !== 200 || !isJson) {
    const failure = failureOf(answer, isJson ? errorBody(answer.body) : null, now);
    throw failure ?? new UpstreamFailure('malformed', 'the answer is not declared to be JSON in UTF-8');
  }
  if (!isUtf8(answer.body)) {
    throw new UpstreamFailure('malformed', 'the answer is not UTF-8');
  }
  const top = topOf(answer.body.toString('utf8'));
  const failure = failureOf(answer, top, now);
  if (failure) {
    throw failure;
  }
  return top;
}
