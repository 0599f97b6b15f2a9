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
  readonly metadata: Metadata;
  readonly constraint: ValidatorConstraintInterface;
}

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

  constructor(private readonly Shape: Type) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
    this.names = [...new Set(rules.map(({ propertyName }) => propertyName))];
    this.members = rules.length > 0 && rules.every(isKnown) ? this.names.map((name) => memberOf(name, rules)) : null;
  }

  /** @returns true: class-validator finds no fault; false: it has to look */
  accepts(request: object): boolean {
    return this.members?.every((member) => this.isGood(member, request)) === true;
  }

  private isGood({ name, conditions, checks }: Member, request: object): boolean {
    const value: unknown = Reflect.get(request, name);
    return (
      conditions.some((holds) => !holds(request, value)) || checks.every((check) => this.holds(check, request, value))
    );
  }

  private holds({ metadata, constraint }: Check, object: object, value: unknown): boolean {
    const { each, propertyName: property, constraints = [] } = metadata;
    const args: ValidationArguments = { targetName: this.Shape.name, property, object, value, constraints };
    return each && Array.isArray(value)
      ? value.every((item: unknown) => constraint.validate(item, args) === true)
      : constraint.validate(value, args) === true;
  }
}

function isKnown({ type, validateIf, constraintCls }: Metadata): boolean {
  if (type === ValidationTypes.CONDITIONAL_VALIDATION) {
    return true;
  }
  return (
    type === ValidationTypes.CUSTOM_VALIDATION && validateIf === undefined && constraintsOf(constraintCls).length > 0
  );
}

function memberOf(name: string, rules: readonly Metadata[]): Member {
  const own = rules.filter(({ propertyName }) => propertyName === name);
  const conditions = own.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
  const checks = own.filter(({ type }) => type === ValidationTypes.CUSTOM_VALIDATION);
  return {
    name,
    conditions: conditions.map(({ constraints: [condition] }) => condition as Condition),
    checks: checks.flatMap((metadata) =>
      constraintsOf(metadata.constraintCls).map(({ instance }) => ({ metadata, constraint: instance })),
    ),
  };
}

function constraintsOf(constraintClass: Metadata['constraintCls']) {
  return getMetadataStorage().getTargetValidatorConstraints(constraintClass);
}
