import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { SCALARS } from '../../sources/scalars.ts';
import { type Choices, isRootType, type Report } from './choose.ts';

/** What things of a source are called in the graph. All take the source's names. */
export interface Names {
  type(name: string): string;
  field(typeName: string, fieldName: string): string;
  argument(typeName: string, fieldName: string, argumentName: string): string;
  value(enumName: string, valueName: string): string;
}

/** Whether everybody knows the type under its name: it is the same in every source. */
export function isCommonType(name: string): boolean {
  return isRootType(name) || Object.hasOwn(SCALARS, name) || /^(ID|String|Int|Float|Boolean)$/.test(name);
}

/** Gives everything its name in the graph. */
export function createNames({ prefix, types, fields }: Choices): Names {
  const shown = new Map<string, string>();
  return {
    type(name) {
      let known = shown.get(name);
      if (known === undefined) {
        const own = () => types.get(name)?.transform.name ?? `${capital(prefix.types ?? '')}${name}`;
        known = isCommonType(name) ? name : own();
        shown.set(name, known);
      }
      return known;
    },
    field(typeName, fieldName) {
      const own = fields.size === 0 ? undefined : fields.get(`${typeName}.${fieldName}`)?.transform.name;
      if (own !== undefined) return own;
      if (prefix.fields === undefined || !isRootType(typeName)) return fieldName;
      return prefix.fields.endsWith('_') ? `${prefix.fields}${fieldName}` : `${prefix.fields}${capital(fieldName)}`;
    },
    argument: (typeName, fieldName, argumentName) =>
      fields.get(`${typeName}.${fieldName}`)?.transform.arguments[argumentName]?.name ?? argumentName,
    value: (enumName, valueName) => types.get(enumName)?.transform.values[valueName]?.name ?? valueName,
  };
}

/** Reports what would have the same name. `isHidden` knows coordinates. */
export function* checkNames(
  { types, fields, added }: Choices,
  schema: GraphQLSchema,
  names: Names,
  isHidden: (coordinate: string) => boolean,
  report: Report,
): Steps<void> {
  for (const [name, { transform, path }] of types) {
    const type = schema.getType(name);
    if (transform.name !== undefined && transform.name !== name && isCommonType(name))
      report({ path: [...path, 'name'], message: `${name} keeps its name: it is the same for all sources.` });
    const values = isEnumType(type) ? type.getValues().map((value) => value.name) : [];
    for (const value of Object.keys(transform.values)) {
      if (values.includes(value) || (path[2]?.includes('*') === true && !isEnumType(type))) continue;
      const message = isEnumType(type)
        ? `The enum ${name} has no value "${value}".${didYouMean(value, values)}`
        : `${name} is no enum: it has no values.`;
      report({ path: [...path, 'values', value], message });
    }
  }
  const all = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
  const collide = (entries: readonly { readonly from: string; readonly to: string; readonly key: string }[]) => {
    const taken = new Map<string, string>();
    for (const { from, to, key } of entries) {
      if (isHidden(key)) continue;
      const other = taken.get(to);
      if (other === undefined) taken.set(to, from);
      else
        report({
          path: (fields.get(from) ?? fields.get(other) ?? types.get(from) ?? types.get(other))?.path ?? ['transforms'],
          message: `${from} and ${other} would both be "${to}".`,
        });
    }
  };
  collide([
    ...[...Object.keys(SCALARS), 'ID', 'String', 'Int', 'Float', 'Boolean']
      .filter((name) => schema.getType(name) === undefined)
      .map((name) => ({ from: `the scalar ${name}`, to: name, key: name })),
    ...all.map(({ name }) => ({ from: name, to: names.type(name), key: name })),
  ]);
  const addedTo = new Map<string, string[]>();
  for (const key of added) {
    const [typeName = '', fieldName = ''] = key.split('.');
    const known = addedTo.get(typeName);
    if (known === undefined) addedTo.set(typeName, [fieldName]);
    else known.push(fieldName);
  }
  for (const type of all) {
    yield;
    if (isEnumType(type)) {
      collide(
        type.getValues().map(({ name }) => {
          const from = `${type.name}.${name}`;
          return { from, to: names.value(type.name, name), key: from };
        }),
      );
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    const own = Object.keys(type.getFields());
    const more = addedTo.get(type.name) ?? [];
    collide(
      [...own, ...more].map((name) => {
        const from = `${type.name}.${name}`;
        return { from, to: names.field(type.name, name), key: from };
      }),
    );
    if (isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const chosen = fields.get(`${type.name}.${field.name}`);
      if (chosen === undefined) continue;
      const given = field.args.map(({ name }) => name);
      collide(
        given.map((name) => {
          const from = `${type.name}.${field.name}(${name})`;
          return { from, to: names.argument(type.name, field.name, name), key: from };
        }),
      );
      for (const argument of Object.keys(chosen.transform.arguments)) {
        if (given.includes(argument) || chosen.path[2]?.includes('*') === true) continue;
        report({
          path: [...chosen.path, 'arguments', argument],
          message: `${type.name}.${field.name} has no argument "${argument}".${didYouMean(argument, given)}`,
        });
      }
    }
  }
  yield* checkInterfaces(schema, names, report);
}

/** What an interface has is selected by one name on all of its types. */
function* checkInterfaces(schema: GraphQLSchema, names: Names, report: Report): Steps<void> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    yield;
    for (const base of type.getInterfaces()) {
      for (const field of Object.keys(base.getFields())) {
        if (names.field(type.name, field) === names.field(base.name, field)) continue;
        report({
          path: ['transforms', 'fields', `${type.name}.${field}`],
          message: `${type.name} is a ${base.name}: ${type.name}.${field} and ${base.name}.${field} need the same name in the graph.`,
          suggestion: `Rename both, e.g. by a pattern such as "*.${field}".`,
        });
      }
    }
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
