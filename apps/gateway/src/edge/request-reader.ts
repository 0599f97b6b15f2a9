import type { Type } from '@nestjs/common';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { kindOf, Refusal } from '#protocol';

/** Most faults that one answer names. */
const FAULTS_MAX = 3;

/**
 * Checks what clients send, in the same way on every edge. It is called by hand and not through Nest's pipe: each edge
 * writes its own form of refusal, and the pipe takes three times as long for the request that begins each connection.
 */
export class RequestReader {
  private readonly properties = new Map<Type, readonly string[]>();

  /** @throws {Refusal} `invalid` */
  read<T extends object>(Shape: Type<T>, body: unknown): T {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new Refusal('invalid', `the request must be an object, and it is ${kindOf(body)}`);
    }
    const request = this.known(Shape, body);
    const errors = validateSync(request, { stopAtFirstError: true });
    if (errors.length > 0) {
      throw new Refusal('invalid', faults(errors));
    }
    return request;
  }

  /**
   * As {@link read}, and refuses members that the shape does not name. It is for requests of which a part means something
   * else: a mistyped member would change what is asked for.
   *
   * @throws {Refusal} `invalid`
   */
  readClosed<T extends object>(Shape: Type<T>, body: unknown): T {
    const request = this.read(Shape, body);
    const names = this.propertiesOf(Shape);
    if (Object.keys(body as object).some((name) => !names.includes(name))) {
      throw new Refusal('invalid', `the request has other members than ${names.join(', ')}`);
    }
    return request;
  }

  /** Copies the members that the shape names and no other one, not even one called `__proto__`. */
  private known<T extends object>(Shape: Type<T>, body: object): T {
    const request = new Shape();
    for (const name of this.propertiesOf(Shape)) {
      if (Object.hasOwn(body, name)) {
        Reflect.set(request, name, Reflect.get(body, name));
      }
    }
    return request;
  }

  private propertiesOf(Shape: Type): readonly string[] {
    let names = this.properties.get(Shape);
    if (names === undefined) {
      const rules = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
      names = [...new Set(rules.map(({ propertyName }) => propertyName))];
      this.properties.set(Shape, names);
    }
    return names;
  }
}

function faults(errors: readonly ValidationError[]): string {
  const texts = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
  return texts.slice(0, FAULTS_MAX).join('; ');
}
