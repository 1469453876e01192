import type { ValueShape } from './codec.ts';
import { deprecation, described } from './descriptions.ts';
import { type EnumValue, unknownValue } from './enum-values.ts';
import type { Operation, RootType } from './operations.ts';
import { type ProtoField, type ProtoMessage, type ProtoSchema, shortName } from './proto-schema.ts';
import type { ReachableTypes } from './reachable.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';
import { isValueMessage } from './value-message.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';

/** All that the SDL of a source is written from. */
export interface SdlInput {
  readonly schema: ProtoSchema;
  readonly operations: readonly Operation[];
  readonly types: ReachableTypes;
  readonly names: ReadonlyMap<string, string>;
  readonly inputNames: ReadonlyMap<string, string>;
  readonly enums: ReadonlyMap<string, readonly EnumValue[]>;
}

export function writeSdl({ schema, operations, types, names, inputNames, enums }: SdlInput): string {
  const scalars = new Set<string>();

  function shapeOf({ kind, type }: Pick<ProtoField, 'kind' | 'type'>): ValueShape {
    const known = kind === 'scalar' ? SCALAR_CODECS.get(type) : WELL_KNOWN_SHAPES.get(type);
    if (known !== undefined) return known;
    if (kind === 'enum') {
      const name = names.get(type) ?? shortName(type);
      return { output: name, input: name, mayReadNull: unknownValue(enums.get(type) ?? []) === null };
    }
    if (isValueMessage(schema, type)) return { output: 'Boolean', input: 'Boolean' };
    return { output: names.get(type) ?? shortName(type), input: inputNames.get(type) ?? shortName(type) };
  }

  function outputOf(field: ProtoField): string {
    if (field.label === 'map') return 'JSON!';
    const { output, mayReadNull = false } = shapeOf(field);
    if (field.label === 'repeated') return `[${output}${mayReadNull ? '' : '!'}]!`;
    const isAbsent = field.presence && !field.required && field.defaultValue === undefined;
    return mayReadNull || isAbsent ? output : `${output}!`;
  }

  function inputOf(field: ProtoField): string {
    if (field.label === 'map') return 'JSON';
    const { input } = shapeOf(field);
    if (field.label === 'repeated') return field.type === 'google.protobuf.Value' ? `[${input}]` : `[${input}!]`;
    // Messages that require themselves could not be written: they are checked when they are sent.
    return field.required && field.kind !== 'message' ? `${input}!` : input;
  }

  function used(type: string): string {
    const name = type.replace(/[[\]!]/g, '');
    if (name === 'JSON' || name === 'Int64') scalars.add(name);
    return type;
  }

  function fieldLine(field: ProtoField, type: string, indent: string): string {
    const mark = deprecation(field.deprecated && (indent === '  ' ? true : !type.endsWith('!')));
    return `${described(field.description, indent)}${indent}${field.name}: ${used(type)}${mark}`;
  }

  function objectSdl(message: ProtoMessage | undefined, name: string | undefined, keyword: 'type' | 'input'): string {
    const lines = (message?.fields ?? []).map((field) => {
      if (keyword === 'type') return fieldLine(field, outputOf(field), '  ');
      const type = inputOf(field);
      return fieldLine(field.required ? { ...field, deprecated: false } : field, type, '  ');
    });
    return `${described(message?.description)}${keyword} ${name} {\n${lines.join('\n')}\n}`;
  }

  function argumentLines({ method }: Operation): readonly string[] {
    const { request, requestStream } = method;
    if (requestStream) return [`    requests: [${used(shapeOf({ kind: 'message', type: request }).input)}!]!`];
    if (!isValueMessage(schema, request)) {
      return (schema.messages.get(request)?.fields ?? []).map((field) => fieldLine(field, inputOf(field), '    '));
    }
    const shape = WELL_KNOWN_SHAPES.get(request);
    return shape === undefined || request === 'google.protobuf.Empty' ? [] : [`    value: ${used(shape.input)}`];
  }

  function rootFieldSdl(operation: Operation): string {
    const { method, name } = operation;
    const lines = argumentLines(operation);
    const list = lines.length === 0 ? '' : `(\n${lines.join('\n')}\n  )`;
    const output = used(shapeOf({ kind: 'message', type: method.response }).output);
    return `${described(method.description, '  ')}  ${name}${list}: ${output}${deprecation(method.deprecated)}`;
  }

  function enumSdl(fullName: string): string {
    const lines = (enums.get(fullName) ?? []).map(
      (value) => `${described(value.description, '  ')}  ${value.name}${deprecation(value.deprecated)}`,
    );
    return `${described(schema.enums.get(fullName)?.description)}enum ${names.get(fullName)} {\n${lines.join('\n')}\n}`;
  }

  const roots = new Map<RootType, string[]>();
  for (const operation of operations) {
    const fields = roots.get(operation.root);
    if (fields === undefined) roots.set(operation.root, [rootFieldSdl(operation)]);
    else fields.push(rootFieldSdl(operation));
  }
  const definitions = [
    ...[...roots].map(([root, fields]) => `type ${root} {\n${fields.join('\n')}\n}`),
    ...[...types.outputs].map((fullName) => objectSdl(schema.messages.get(fullName), names.get(fullName), 'type')),
    ...[...types.inputs].map((fullName) => objectSdl(schema.messages.get(fullName), inputNames.get(fullName), 'input')),
    ...[...types.enums].map(enumSdl),
  ];
  return [
    ...[...scalars]
      .sort()
      .reverse()
      .map((name) => `scalar ${name}`),
    ...definitions,
  ].join('\n\n');
}
