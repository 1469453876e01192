import fc from 'fast-check';
import { coerceInputValue, type GraphQLSchema, isInputType } from 'graphql';
import type { ChoiceType, ObjectType, OptionType } from '../../admin/schema/options/option-type.ts';
import { toOptions } from '../../admin/schema/options/to-options.ts';

type Options = Readonly<Record<string, unknown>>;

/** The input that says plain options, as a client would send it in variables. @throws Error where none can */
export function toInput(type: OptionType, options: unknown): unknown {
  switch (type.kind) {
    case 'scalar':
      return options;
    case 'word': {
      const word = type.words.find(({ value }) => value === options);
      if (word === undefined) throw new Error(`${type.name} has no ${JSON.stringify(options)}`);
      return word.name;
    }
    case 'list':
      return (options as readonly unknown[]).map((item) => toInput(type.of, item));
    case 'map':
      return Object.entries(options as Options).map(([name, value]) => {
        const input = toInput(type.of, value);
        return { [type.key.name]: name, ...(type.of.kind === 'object' ? (input as object) : { value: input }) };
      });
    case 'object':
      return toObject(type, options);
    case 'choice':
      return toChoice(type, options);
  }
}

function toObject(type: ObjectType, options: unknown): unknown {
  const { short, booleans = [], fields, name } = type;
  if (typeof options === 'boolean' && booleans.includes(options)) return { enabled: options };
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    if (short === undefined) throw new Error(`${name} is no ${typeof options}`);
    const entries = short.fields.map((field) => [field, options]);
    return toObject(type, Object.fromEntries(entries));
  }
  const inputs = Object.entries(options).map(([key, value]) => {
    const field = fields.find((candidate) => candidate.name === key);
    if (field === undefined) throw new Error(`${name} has no ${key}`);
    return [key, toInput(field.type, value)];
  });
  return Object.fromEntries(inputs);
}

function toChoice({ name, tag, members }: ChoiceType, options: unknown): unknown {
  if (tag !== undefined) {
    const { [tag]: kind, ...rest } = options as Options;
    const member = members.find((candidate) => candidate.name === kind);
    if (member === undefined) throw new Error(`${name} has no ${String(kind)}`);
    return { [member.name]: toInput(member.type, rest) };
  }
  const member = members.find((candidate) => isOf(candidate.type, candidate.isWrapped, options));
  if (member === undefined) throw new Error(`${name} has no form for ${JSON.stringify(options)}`);
  const inner = member.isWrapped ? (options as Options)[member.name] : options;
  return { [member.name]: toInput(member.type, inner) };
}

function isOf(type: OptionType, isWrapped: boolean, options: unknown): boolean {
  if (isWrapped || type.kind === 'object') return typeof options === 'object';
  if (type.kind === 'word') return type.words.some(({ value }) => value === options);
  return type.kind === 'scalar' && typeof options === (type.scalar === 'Boolean' ? 'boolean' : 'string');
}

/** What the gateway makes of an input that came in variables. @throws Error where GraphQL refuses it */
export function throughSchema(schema: GraphQLSchema, type: OptionType, input: unknown): unknown {
  const named = schema.getType(`${'name' in type ? type.name : ''}Input`);
  if (!isInputType(named)) throw new Error('There is no input of the type.');
  const coerced = coerceInputValue(input, named, (path, _value, error) => {
    throw new Error(`${path.join('.')}: ${error.message}`);
  });
  return toOptions(type, coerced, []);
}

/** Any options of a type, as people would write them: the short form where it says all. */
export function anyOptions(type: OptionType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return ANY[type.scalar];
    case 'word':
      return fc.constantFrom(...type.words.map(({ value }) => value));
    case 'list':
      return fc.array(anyOptions(type.of), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.string(), anyOptions(type.of), { maxKeys: 3 });
    case 'object':
      return anyObject(type);
    case 'choice':
      return fc.oneof(
        ...type.members.map(({ name, type: form, isWrapped }) =>
          anyOptions(form).map((options) => {
            if (type.tag !== undefined) return { [type.tag]: name, ...(options as object) };
            return isWrapped ? { [name]: options } : options;
          }),
        ),
      );
  }
}

const ANY = {
  String: fc.string(),
  ID: fc.string(),
  Int: fc.integer(),
  Float: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  Boolean: fc.boolean(),
  JSON: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
};

function anyObject({ fields, short, booleans = [] }: ObjectType): fc.Arbitrary<unknown> {
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const object = fc
    .record(Object.fromEntries(fields.map((field) => [field.name, anyOptions(field.type)])), {
      requiredKeys: required,
      noNullPrototype: true,
    })
    .filter((options) => short === undefined || !saysAll(options, short.fields));
  const forms: fc.Arbitrary<unknown>[] = [object];
  if (short !== undefined) forms.push(anyOptions(short.of));
  if (booleans.length > 0) forms.push(fc.constantFrom(...booleans));
  return fc.oneof(...forms);
}

/** Whether the short form says the same. */
function saysAll(options: Options, fields: readonly string[]): boolean {
  const values = fields.map((field) => options[field]);
  const isAlone =
    Object.keys(options).length === fields.length && fields.every((field) => Object.hasOwn(options, field));
  const isShort = (value: unknown) => !Array.isArray(value) || value.every((item) => typeof item === 'string');
  return isAlone && values.every((value) => value === values[0]) && isShort(values[0]);
}
