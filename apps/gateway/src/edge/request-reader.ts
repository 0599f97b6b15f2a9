import type { Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { kindOf, Refusal } from '#protocol';
import { ValidationPlan } from './validation-plan.js';

/** Most faults that one answer names. */
const FAULTS_MAX = 3;

/**
 * Checks what clients send, in the same way on every edge. It is called by hand and not through Nest's pipe: each edge
 * writes its own form of refusal, and the pipe takes three times as long for the request that begins each connection.
 */
export class RequestReader {
  private readonly plans = new Map<Type, ValidationPlan>();

  /** @throws {Refusal} `invalid` */
  read<T extends object>(Shape: Type<T>, body: unknown): T {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new Refusal('invalid', `the request must be an object, and it is ${kindOf(body)}`);
    }
    const plan = this.planOf(Shape);
    const request = known(Shape, body, plan.names);
    const errors = plan.accepts(request) ? [] : validateSync(request, { stopAtFirstError: true });
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
    const { names } = this.planOf(Shape);
    if (Object.keys(body as object).some((name) => !names.includes(name))) {
      throw new Refusal('invalid', `the request has other members than ${names.join(', ')}`);
    }
    return request;
  }

  private planOf(Shape: Type): ValidationPlan {
    let plan = this.plans.get(Shape);
    if (plan === undefined) {
      plan = new ValidationPlan(Shape);
      this.plans.set(Shape, plan);
    }
    return plan;
  }
}

/** Copies the members that the shape names and no other one, not even one called `__proto__`. */
function known<T extends object>(Shape: Type<T>, body: object, names: readonly string[]): T {
  const request = new Shape();
  for (const name of names) {
    if (Object.hasOwn(body, name)) {
      Reflect.set(request, name, Reflect.get(body, name));
    }
  }
  return request;
}

function faults(errors: readonly ValidationError[]): string {
  const texts = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
  return texts.slice(0, FAULTS_MAX).join('; ');
}
