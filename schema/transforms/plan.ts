import {
  type ConstValueNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Steps } from '../../kernel/steps.ts';
import { type Choices, chooseTransforms, isRootType, namedType, type Report } from './choose.ts';
import { compileExpression, type Expression } from './expression.ts';
import { type Hidden, hide } from './hide.ts';
import { toLiteral } from './literal.ts';
import { checkNames, createNames, type Names } from './names.ts';
import type { TransformOptions } from './options.ts';
import { readInput } from './read-input.ts';
import { renameValue } from './rewrite-document.ts';
import { createTypeReader, type NewType } from './types.ts';

/** All that is to become of a source. Coordinates are the source's own, what is given for them the graph's. */
export interface Plan {
  /** Of the source; enum values as they are called upstream. */
  readonly schema: GraphQLSchema;
  readonly choices: Choices;
  readonly names: Names;
  readonly hidden: Hidden;
  /** Types of fields and arguments that have another one in the graph. */
  readonly types: ReadonlyMap<string, NewType>;
  /** Defaults of arguments, as they are shown. */
  readonly defaults: ReadonlyMap<string, ConstValueNode>;
  /** Fields with such arguments. */
  readonly defaulted: ReadonlySet<string>;
  /** `Query.products` → argument → what is sent whatever the client says. */
  readonly constants: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly requests: ReadonlyMap<string, Expression>;
  readonly responses: ReadonlyMap<string, Expression>;
}

export function* createPlan(options: TransformOptions, schema: GraphQLSchema, report: Report): Steps<Plan> {
  const choices = yield* chooseTransforms(options, schema, report);
  const names = createNames(choices);
  const types = yield* readTypes(choices, schema, names, report);
  const hidden = yield* hide({ choices, schema, typeOf: (coordinate) => types.get(coordinate)?.named, report });
  yield* checkNames(choices, schema, names, (coordinate) => hidden.has(coordinate), report);
  const base = { schema, choices, names, hidden, types, defaults: new Map(), constants: new Map() };
  const defaults = yield* readDefaults(base, report);
  return { ...base, ...defaults, ...(yield* readExpressions(choices, schema, report)) };
}

function* readTypes(
  choices: Choices,
  schema: GraphQLSchema,
  names: Names,
  report: Report,
): Steps<Map<string, NewType>> {
  const types = new Map<string, NewType>();
  const read = createTypeReader(schema, names, report);
  for (const [coordinate, { transform, path }] of choices.fields) {
    yield;
    const field = fieldAt(schema, coordinate);
    const isInput = isInputObjectType(schema.getType(coordinate.split('.')[0] ?? ''));
    if (transform.type !== undefined) {
      const type = read({
        text: transform.type,
        // A new field can be anything.
        from: field?.type ?? (schema.getQueryType() as never),
        place: isInput ? 'input' : 'output',
        isFree: transform.response !== undefined,
        path: [...path, 'type'],
        label: coordinate,
      });
      if (type !== undefined) types.set(coordinate, type);
    }
    for (const [name, { type: text }] of Object.entries(transform.arguments)) {
      const argument = argumentsOf(field).find((one) => one.name === name);
      if (text === undefined || argument === undefined) continue;
      const place = `${coordinate}(${name})`;
      const type = read({
        text,
        from: argument.type,
        place: 'input',
        isFree: transform.request !== undefined,
        path: [...path, 'arguments', name, 'type'],
        label: `The argument "${name}" of ${coordinate}`,
      });
      if (type === undefined) continue;
      types.set(place, type);
      const { default: own } = transform.arguments[name] ?? {};
      const isNeeded = String(argument.type).endsWith('!') && argument.defaultValue === undefined;
      if (isNeeded && !type.isNonNull && own === undefined && transform.request === undefined)
        report({
          path: [...path, 'arguments', name, 'type'],
          message: `The argument "${name}" of ${coordinate} must be given: the source needs it.`,
          suggestion: 'Give it a default, or a type that ends in !.',
        });
    }
  }
  return types;
}

type Defaults = Pick<Plan, 'defaults' | 'defaulted' | 'constants'>;

function* readDefaults(plan: Omit<Plan, 'requests' | 'responses' | 'defaulted'>, report: Report): Steps<Defaults> {
  const defaults = new Map<string, ConstValueNode>();
  const defaulted = new Set<string>();
  const constants = new Map<string, Readonly<Record<string, unknown>>>();
  const hiding = [...plan.hidden].flatMap((place) => (place.includes('(') ? [place.replace(/\(.*$/, '')] : []));
  for (const coordinate of new Set([...plan.choices.fields.keys(), ...hiding])) {
    yield;
    const { transform, path = [] } = plan.choices.fields.get(coordinate) ?? {};
    const own: Record<string, unknown> = {};
    for (const argument of argumentsOf(fieldAt(plan.schema, coordinate))) {
      const place = `${coordinate}(${argument.name})`;
      const { default: given, hide: isHidden } = transform?.arguments[argument.name] ?? {};
      const value = given === undefined ? argument.defaultValue : given;
      if (value === undefined) continue;
      let sent: unknown;
      try {
        sent = readInput(argument.type, value);
      } catch (error) {
        report({
          path: [...path, 'arguments', argument.name, 'default'],
          message: `The default of the argument "${argument.name}" of ${coordinate} does not fit: ${describeError(error)}`,
        });
        continue;
      }
      if (isHidden === true || plan.hidden.has(place)) own[argument.name] = sent;
      else if (given !== undefined) {
        const literal = toLiteral(given, argument.type);
        const named = argument.astNode?.type;
        defaulted.add(coordinate);
        defaults.set(place, named === undefined ? literal : renameValue(literal, namedType(named), plan as Plan));
      }
    }
    if (Object.keys(own).length > 0) constants.set(coordinate, own);
  }
  return { defaults, defaulted, constants };
}

function* readExpressions(
  choices: Choices,
  schema: GraphQLSchema,
  report: Report,
): Steps<Pick<Plan, 'requests' | 'responses'>> {
  const requests = new Map<string, Expression>();
  const responses = new Map<string, Expression>();
  for (const [coordinate, { transform, path }] of choices.fields) {
    yield;
    const [typeName = ''] = coordinate.split('.');
    for (const [kind, into] of [
      ['request', requests],
      ['response', responses],
    ] as const) {
      const text = transform[kind];
      if (text === undefined) continue;
      const at = [...path, kind];
      const compiled = compileExpression(text);
      if (compiled.problem !== undefined) {
        report({
          path: at,
          message: `The ${kind} expression of ${coordinate} ${compiled.problem}.`.replace(/\?\.$/, '?'),
        });
        continue;
      }
      const isUnfit = kind === 'request' ? !isRootType(typeName) : !isObjectType(schema.getType(typeName));
      if (isUnfit) {
        const where = kind === 'request' ? 'root fields' : 'fields of object types';
        report({ path: at, message: `${coordinate} takes no ${kind} expression: only ${where} do.` });
        continue;
      }
      const { node } = compiled;
      const known = argumentsOf(fieldAt(schema, coordinate)).map(({ name }) => name);
      if (kind === 'request' && node.type === 'MultiSelectHash') {
        for (const { name } of node.children.filter((child) => !known.includes(child.name)))
          report({
            path: at,
            message: `The request expression of ${coordinate} makes "${name}", which is no argument of it.`,
          });
      }
      into.set(coordinate, compiled.evaluate);
    }
  }
  return { requests, responses };
}

export function fieldAt(
  schema: GraphQLSchema,
  coordinate: string,
): GraphQLField<unknown, unknown> | { readonly type: GraphQLInputType } | undefined {
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const type = schema.getType(typeName);
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return undefined;
  return type.getFields()[fieldName];
}

export function argumentsOf(field: ReturnType<typeof fieldAt>): readonly GraphQLArgument[] {
  return field !== undefined && 'args' in field ? field.args : [];
}
