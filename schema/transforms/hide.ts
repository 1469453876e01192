import {
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import type { Choices, Report } from './choose.ts';

/** Coordinates that are not in the graph: `Type`, `Type.field`, `Type.field(argument)`, `Enum.VALUE`. */
export type Hidden = ReadonlySet<string>;

export interface Hiding {
  readonly choices: Choices;
  readonly schema: GraphQLSchema;
  /** Name, at the source, of the type that a field or argument is of in the graph. */
  readonly typeOf: (coordinate: string) => string | undefined;
  readonly report: Report;
}

/**
 * What is hidden, and all that cannot be without it: fields, arguments and members of a hidden type, and types that have
 * nothing left. A thing that must be given and cannot be is a mistake.
 */
export function* hide({ choices, schema, typeOf, report }: Hiding): Steps<Hidden> {
  const hidden = new Set<string>();
  const told = new Set<string>();
  const tell = (path: readonly string[], message: string, suggestion?: string) => {
    if (told.has(message)) return;
    told.add(message);
    report({ path, message, ...(suggestion === undefined ? {} : { suggestion }) });
  };
  for (const [name, { transform, path }] of choices.types) {
    if (transform.hide === true) hidden.add(name);
    const type = schema.getType(name);
    if (!isEnumType(type)) continue;
    for (const [value, { hide: isHidden }] of Object.entries(transform.values))
      if (isHidden === true) hidden.add(`${name}.${value}`);
    if (type.getValues().every((value) => hidden.has(`${name}.${value.name}`)))
      tell(path, `All values of ${name} are hidden.`, 'Hide the type.');
  }
  for (const [coordinate, { transform }] of choices.fields) {
    if (transform.hide === true) hidden.add(coordinate);
    for (const [argument, { hide: isHidden }] of Object.entries(transform.arguments))
      if (isHidden === true) hidden.add(`${coordinate}(${argument})`);
  }

  if (hidden.size === 0) return hidden;

  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'));
  yield* hideDependents(types, hidden, { choices, typeOf });
  for (const type of types) {
    if (hidden.has(type.name) || (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type))) continue;
    yield;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      const path = choices.fields.get(coordinate)?.path ?? ['transforms', 'types'];
      if (isInputObjectType(type)) {
        if (hidden.has(coordinate) && isRequiredInputField(field as GraphQLInputField))
          tell(path, `${coordinate} cannot be hidden: it must be given.`, 'Hide what takes it, too.');
        continue;
      }
      if (hidden.has(coordinate)) continue;
      for (const argument of (field as GraphQLField<unknown, unknown>).args) {
        const { default: value, hide: isAsked } =
          choices.fields.get(coordinate)?.transform.arguments[argument.name] ?? {};
        const isMade = choices.fields.get(coordinate)?.transform.request !== undefined;
        if (!hidden.has(`${coordinate}(${argument.name})`) || !isRequiredArgument(argument)) continue;
        if (value === undefined && !isMade)
          tell(
            isAsked === true
              ? [...path, 'arguments', argument.name]
              : (choices.types.get(getNamedType(argument.type).name)?.path ?? path),
            `The argument "${argument.name}" of ${coordinate} cannot be hidden: it must be given.`,
            'Give it a default, make it by a request expression, or hide the field.',
          );
      }
    }
  }
  return hidden;
}

/** Adds what is of a hidden type, and what has nothing left, until nothing more follows. */
function* hideDependents(
  types: readonly GraphQLNamedType[],
  hidden: Set<string>,
  { choices, typeOf }: Pick<Hiding, 'choices' | 'typeOf'>,
): Steps<void> {
  /** Type → fields and arguments of it, and unions with it. */
  const users = new Map<string, string[]>();
  /** Type → how many fields or members it has left. */
  const left = new Map<string, number>();
  const use = (name: string, user: string) => {
    const known = users.get(name);
    if (known === undefined) users.set(name, [user]);
    else known.push(user);
  };
  const addedTo = new Set([...choices.added].map((coordinate) => coordinate.split('.')[0] ?? ''));
  for (const type of types) {
    yield;
    if (isUnionType(type)) {
      for (const member of type.getTypes()) use(member.name, `${type.name}.`);
      left.set(type.name, type.getTypes().length);
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    const fields: readonly (GraphQLField<unknown, unknown> | GraphQLInputField)[] = Object.values(type.getFields());
    for (const field of fields) {
      const coordinate = `${type.name}.${field.name}`;
      use(typeOf(coordinate) ?? getNamedType(field.type).name, coordinate);
      for (const argument of 'args' in field ? field.args : []) {
        const place = `${coordinate}(${argument.name})`;
        use(typeOf(place) ?? getNamedType(argument.type).name, place);
      }
    }
    left.set(type.name, addedTo.has(type.name) ? Number.POSITIVE_INFINITY : fields.length);
  }
  const lose = (typeName: string) => {
    const remaining = (left.get(typeName) ?? Number.POSITIVE_INFINITY) - 1;
    left.set(typeName, remaining);
    if (remaining <= 0) hidden.add(typeName);
  };
  for (const [name, count] of left) if (count === 0) hidden.add(name);
  // A set that grows while it is walked is walked to its end.
  for (const coordinate of hidden) {
    yield;
    const [typeName = ''] = coordinate.split('.');
    if (coordinate === typeName) {
      for (const user of users.get(typeName) ?? []) {
        if (user.endsWith('.')) lose(user.slice(0, -1));
        else hidden.add(user);
      }
    } else if (!coordinate.endsWith(')')) lose(typeName);
  }
}
