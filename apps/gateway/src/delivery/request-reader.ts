import { ValidationPipe, type Type, type ValidationError } from '@nestjs/common';
import { Refusal } from '#core';

/** Faults that one answer names at most. */
const FAULTS_MAX = 3;

/** Checks what clients send, the same way on every edge. Used by hand, so that each edge answers in its own words. */
export class RequestReader {
  private readonly pipe = new ValidationPipe({
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => new Refusal('invalid', faults(errors)),
  });

  /** @throws {Refusal} `invalid` */
  async read<T extends object>(Shape: Type<T>, body: unknown): Promise<T> {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new Refusal('invalid', 'the request must be an object');
    }
    return (await this.pipe.transform(body, { type: 'body', metatype: Shape })) as T;
  }
}

function faults(errors: readonly ValidationError[]): string {
  const texts = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
  return texts.slice(0, FAULTS_MAX).join('; ');
}
