import {
  type GraphQLField,
  type GraphQLInputField,
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
export function hide({ choices, schema, typeOf, report }: Hiding): Hidden {
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
  const addedTo = new Set([...choices.added].map((coordinate) => coordinate.split('.')[0] ?? ''));
  const isGone = (coordinate: string, field: GraphQLField<unknown, unknown> | GraphQLInputField) =>
    hidden.has(typeOf(coordinate) ?? getNamedType(field.type).name);
  for (let size = -1; size !== hidden.size; ) {
    size = hidden.size;
    for (const type of types) {
      if (hidden.has(type.name)) continue;
      if (isUnionType(type) && type.getTypes().every((member) => hidden.has(member.name))) hidden.add(type.name);
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        const coordinate = `${type.name}.${field.name}`;
        if (isGone(coordinate, field)) hidden.add(coordinate);
        if (isInputObjectType(type) || hidden.has(coordinate)) continue;
        for (const argument of (field as GraphQLField<unknown, unknown>).args)
          if (isGone(`${coordinate}(${argument.name})`, argument)) hidden.add(`${coordinate}(${argument.name})`);
      }
      const fields = Object.keys(type.getFields());
      if (fields.every((name) => hidden.has(`${type.name}.${name}`)) && !addedTo.has(type.name)) hidden.add(type.name);
    }
  }
  for (const type of types) {
    if (hidden.has(type.name) || (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type))) continue;
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
