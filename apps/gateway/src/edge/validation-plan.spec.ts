import { inspect } from 'node:util';
import type { Type } from '@nestjs/common';
import { IsOptional, IsString, ValidateIf, ValidateNested, validateSync } from 'class-validator';
import fc from 'fast-check';
import {
  AuthenticateDto,
  CaseMessagesDto,
  CaseSnapshotDto,
  ClientDto,
  InstantMessagesDto,
  StreamDto,
  SubscribeDto,
  TicketsDto,
} from '#protocol';
import * as admin from '../admin/admin.dto.js';
import { RevocationDto } from '../admin/revocation.dto.js';
import { ValidationPlan } from './validation-plan.js';

const isClass = (value: unknown): value is Type => typeof value === 'function' && value.name.endsWith('Dto');
const SHAPES: readonly Type[] = [
  AuthenticateDto,
  CaseMessagesDto,
  CaseSnapshotDto,
  ClientDto,
  InstantMessagesDto,
  RevocationDto,
  StreamDto,
  SubscribeDto,
  TicketsDto,
  ...Object.values(admin).filter(isClass),
];

/** Values of which some are good for each member. */
const good = fc.constantFrom<unknown>('A1', ['A1'], ['A1', 'B2'], 0, 1, 50, true, 'en-us', 'event', 'x'.repeat(32));
const bad = fc.constantFrom<unknown>(
  '',
  'a\nb',
  'x'.repeat(70),
  [],
  ['A 1'],
  [1],
  [['A1']],
  -1,
  1.5,
  1e9,
  NaN,
  {},
  'loud',
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(undefined, null) },
  { weight: 6, arbitrary: good },
  { weight: 1, arbitrary: bad },
);

describe('ValidationPlan', () => {
  it('says no to a list of which one value is bad, wherever it stands', () => {
    const plan = new ValidationPlan(TicketsDto);
    const tickets = (...case_ids: unknown[]) => plan.accepts(Object.assign(new TicketsDto(), { case_ids }));
    expect([tickets('A', 'B'), tickets('A', 'B C'), tickets('B C', 'A'), tickets('A', 7)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('keeps nothing of a request that it has looked at', () => {
    const plan = new ValidationPlan(TicketsDto);
    plan.accepts(Object.assign(new TicketsDto(), { case_ids: ['SEEN'], group_id: 'SEEN' }));
    expect(inspect(plan, { depth: 9 })).not.toContain('SEEN');
  });

  it.each(SHAPES.map((Shape) => [Shape.name, Shape] as const))(
    'says of %s what class-validator says',
    (_name, Shape) => {
      const plan = new ValidationPlan(Shape);
      const seen = new Set<boolean>();
      const request = fc.tuple(...plan.names.map(() => value));
      fc.assert(
        fc.property(request, (values) => {
          const one = new Shape() as object;
          plan.names.forEach((name, at) => values[at] !== undefined && Reflect.set(one, name, values[at]));
          const isGood = validateSync(one, { stopAtFirstError: true }).length === 0;
          seen.add(isGood);
          expect(plan.accepts(one)).toBe(isGood);
        }),
        { numRuns: 300 },
      );
      expect(seen.has(false)).toBe(true);
    },
  );

  it('accepts what is good of the shapes with which connections begin', () => {
    const accepts = (Shape: Type, members: object) =>
      new ValidationPlan(Shape).accepts(Object.assign(new Shape() as object, members));
    expect(accepts(StreamDto, { case_ids: ['A1'], history: 0, heartbeat: 'event' })).toBe(true);
    expect(accepts(SubscribeDto, { case_ids: ['A1'], last_event_id: null })).toBe(true);
    expect(accepts(ClientDto, {})).toBe(true);
    expect(accepts(ClientDto, { client_id: 'a b' })).toBe(false);
  });

  it('leaves a shape to class-validator whose rules it does not know', () => {
    class Nested {
      @ValidateNested()
      readonly inner = {};
    }
    class Conditional {
      @IsString({ validateIf: () => false })
      readonly text = 1;
    }
    class Ruleless {}
    class Other {
      @ValidateIf(() => false)
      @IsString()
      readonly text = 1;

      @IsOptional()
      @IsString()
      readonly more?: string;
    }
    for (const Shape of [Nested, Conditional, Ruleless]) {
      expect([Shape.name, new ValidationPlan(Shape).accepts(new Shape())]).toEqual([Shape.name, false]);
    }
    expect(new ValidationPlan(Other).accepts(new Other())).toBe(validateSync(new Other()).length === 0);
  });
});
