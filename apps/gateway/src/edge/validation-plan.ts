import type { Type } from '@nestjs/common';
import {
  getMetadataStorage,
  ValidationTypes,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Condition = (request: object, value: unknown) => boolean;

interface Check {
  readonly constraint: ValidatorConstraintInterface;
  /** For the values of a list, one by one. */
  readonly each: boolean;
  /** What the constraint is called with. One object for all requests: one for each check would be 2.5 kB a request. */
  readonly args: ValidationArguments;
}

const NONE = {};

/** The rules of one member. */
interface Member {
  readonly name: string;
  /** Where one of them does not hold, the member is not checked. */
  readonly conditions: readonly Condition[];
  readonly checks: readonly Check[];
}

/**
 * The decorators of a shape, looked up once. class-validator looks them up for each request, and makes an error for each
 * member before it knows of a fault: 20 kB for the request that begins a connection. The plan calls the same checks in the
 * same way, and only says whether all of them hold. It never says which one does not.
 */
export class ValidationPlan {
  /** The members that the shape names. */
  readonly names: readonly string[];
  /** Null: the shape has a rule of a kind that is not known here. */
  private readonly members: readonly Member[] | null;

  constructor(Shape: Type) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
    this.names = [...new Set(rules.map(({ propertyName }) => propertyName))];
    const areKnown = rules.length > 0 && rules.every(isKnown);
    this.members = areKnown ? this.names.map((name) => memberOf(Shape, name, rules)) : null;
  }

  /** @returns true: class-validator finds no fault; false: it has to look */
  accepts(request: object): boolean {
    return this.members !== null && areGood(this.members, request);
  }
}

// Loops and not `every`: a function for each member would be made for each request.
function areGood(members: readonly Member[], request: object): boolean {
  for (const member of members) {
    const value: unknown = Reflect.get(request, member.name);
    if (isChecked(member, request, value) && !areHeld(member, request, value)) {
      return false;
    }
  }
  return true;
}

function isChecked({ conditions }: Member, request: object, value: unknown): boolean {
  for (const holds of conditions) {
    if (!holds(request, value)) {
      return false;
    }
  }
  return true;
}

function areHeld({ checks }: Member, request: object, value: unknown): boolean {
  for (const check of checks) {
    if (!isHeld(check, request, value)) {
      return false;
    }
  }
  return true;
}

function isHeld({ constraint, each, args }: Check, request: object, value: unknown): boolean {
  args.object = request;
  args.value = value;
  const isHeld =
    each && Array.isArray(value)
      ? value.every((item: unknown) => constraint.validate(item, args) === true)
      : constraint.validate(value, args) === true;
  args.object = NONE;
  args.value = undefined;
  return isHeld;
}

function isKnown({ type, validateIf, constraintCls }: Metadata): boolean {
  if (type === ValidationTypes.CONDITIONAL_VALIDATION) {
    return true;
  }
  return (
    type === ValidationTypes.CUSTOM_VALIDATION && validateIf === undefined && constraintsOf(constraintCls).length > 0
  );
}

function memberOf(Shape: Type, name: string, rules: readonly Metadata[]): Member {
  const own = rules.filter(({ propertyName }) => propertyName === name);
  const conditions = own.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
  const checks = own.filter(({ type }) => type === ValidationTypes.CUSTOM_VALIDATION);
  return {
    name,
    conditions: conditions.map(({ constraints: [condition] }) => condition as Condition),
    checks: checks.flatMap((metadata) => checksOf(Shape, metadata)),
  };
}

function checksOf(Shape: Type, { constraintCls, each, propertyName: property, constraints = [] }: Metadata): Check[] {
  return constraintsOf(constraintCls).map(({ instance: constraint }) => ({
    constraint,
    each,
    args: { targetName: Shape.name, property, object: NONE, value: undefined, constraints },
  }));
}

function constraintsOf(constraintClass: Metadata['constraintCls']) {
  return getMetadataStorage().getTargetValidatorConstraints(constraintClass);
}
