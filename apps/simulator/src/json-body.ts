import { Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidInput } from './fields.js';

/**
 * Parses JSON bodies from bytes. The documentation of IAM makes clients send `charset=utf8`, a name that body parsers
 * refuse.
 *
 * @throws InvalidInput
 */
export function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) throw new InvalidInput(['the body is missing']);
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new InvalidInput(['the body is not JSON']);
  }
}

/** Applies it to a parameter of a controller. */
@Injectable()
export class JsonBody implements PipeTransform<unknown, unknown> {
  transform(body: unknown): unknown {
    return parseJson(body);
  }
}
