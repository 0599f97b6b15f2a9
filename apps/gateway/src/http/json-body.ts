import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  BadRequestException,
  PayloadTooLargeException,
  RequestTimeoutException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import readBody, { type RawBodyError } from 'raw-body';
import type { Deadline } from '../edge/deadline.js';

/** `application/json`, and types that are based on it, such as `application/cloudevents+json`. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)*json *(?:;|$)/i;
const CHARSET = /; *charset *= *"?([^";]*)/i;

/**
 * Reads the body of a request as JSON. Call it after the token was checked: a client without one is not waited for.
 *
 * @param maxBytes a larger body is read to its end and thrown away: many clients hear an answer only after they have sent
 * everything
 * @throws {HttpException} 400, 408, 413 or 415. The text says what was received, and quotes nothing of the body
 */
export async function readJson(request: IncomingMessage, maxBytes: number, deadline: Deadline): Promise<unknown> {
  checkType(request.headers);
  const text = await textOf(request, maxBytes, deadline);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BadRequestException('the body could not be read as JSON');
  }
}

function checkType({ 'content-type': type, 'content-encoding': encoding }: IncomingHttpHeaders): void {
  if (type === undefined || !JSON_TYPE.test(type)) {
    const received = type === undefined ? 'has no Content-Type' : `is ${shown(type)}`;
    throw new UnsupportedMediaTypeException(`the body must be application/json, and this one ${received}`);
  }
  const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset.trim())) {
    throw new UnsupportedMediaTypeException(`the body must be UTF-8, and this one is ${shown(charset)}`);
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new UnsupportedMediaTypeException(`the body must not be compressed, and this one is ${shown(encoding)}`);
  }
}

async function textOf(request: IncomingMessage, maxBytes: number, deadline: Deadline): Promise<string> {
  const length = request.headers['content-length'];
  try {
    return await deadline.bound(readBody(request, { encoding: 'utf-8', limit: maxBytes, length }), tooSlow);
  } catch (error) {
    request.resume();
    if (error instanceof RequestTimeoutException) {
      throw error;
    }
    throw (error as RawBodyError).type === 'entity.too.large'
      ? new PayloadTooLargeException(`a body has at most ${maxBytes} bytes, and this one has more`)
      : new BadRequestException('the body was cut off');
  }
}

const tooSlow = () => new RequestTimeoutException('the body was not complete in time');

const SHOWN_MAX = 60;

function shown(value: string): string {
  return JSON.stringify(value.slice(0, SHOWN_MAX));
}
