import type { InputRef } from '@pothos/core';
import type { Builder } from '../builder.ts';
import type { Fields } from '../entity.ts';
import type { ChoiceType, MapType, ObjectType, OptionType, WordType } from './option-type.ts';
import { isFlat } from './to-options.ts';

type Ref = InputRef<unknown> | 'String' | 'Int' | 'Float' | 'Boolean' | 'ID' | 'JSON';
export type InputOf = (type: OptionType) => Ref | [Ref];

/** What `settings` say of themselves, wherever they are. */
export const SETTINGS =
  'The options, each with its type and what it does. Words, numbers and booleans that come from the environment are given in `options` or `yaml`.';

interface Input {
  readonly name: string;
  readonly type: Ref | [Ref];
  readonly description: string;
  readonly required: boolean;
}

/** Makes the input types of options. Types of one name are made once. */
export function createInputs(builder: Builder): InputOf {
  const made = new Map<string, { readonly of: OptionType; readonly ref: Ref }>();

  function inputOf(type: OptionType): Ref | [Ref] {
    switch (type.kind) {
      case 'scalar':
        return type.scalar;
      case 'list': {
        const item = inputOf(type.of);
        if (Array.isArray(item)) throw new Error('There are no options that are lists of lists.');
        return [item];
      }
      case 'map':
        return [once(type, () => object(type, entryOf(type)))];
      case 'word':
        return once(type, () => words(type));
      case 'object':
        return once(type, () => object(type, fieldsOf(type)));
      case 'choice':
        return once(type, () => object(type, membersOf(type), true));
    }
  }

  function once(type: Exclude<OptionType, { kind: 'scalar' | 'list' }>, make: () => Ref): Ref {
    const known = made.get(type.name);
    if (known !== undefined && known.of !== type) throw new Error(`Two types of options are called ${type.name}.`);
    const ref = known?.ref ?? make();
    made.set(type.name, { of: type, ref });
    return ref;
  }

  function words({ name, description, words }: WordType): Ref {
    const values = words.map(({ name: word, ...value }) => [word, value]);
    return builder.enumType(name, { description, values: Object.fromEntries(values) });
  }

  function object({ name, description }: ObjectType | MapType | ChoiceType, inputs: readonly Input[], isOneOf = false) {
    const names = inputs.map((input) => input.name);
    if (new Set(names).size < names.length) throw new Error(`${name} has two fields of one name: ${names.join(', ')}.`);
    const fields: Fields = (t) =>
      Object.fromEntries(inputs.map(({ name: field, ...input }) => [field, t.field(input as never)]));
    return builder.inputType(`${name}Input`, { description, isOneOf, fields: fields as never });
  }

  function fieldsOf({ fields, booleans = [] }: ObjectType): Input[] {
    const inputs = fields.map(({ name, description, type, isRequired }) => ({
      ...{ name, description, type: inputOf(type) },
      // JSON may be null.
      required: isRequired && !(type.kind === 'scalar' && type.scalar === 'JSON'),
    }));
    if (booleans.length === 0) return inputs;
    const on = booleans.includes(true) ? 'True, alone: on, with all defaults. ' : '';
    const description = `${on}False: off, and nothing else is given.`;
    return [{ name: 'enabled', description, type: 'Boolean', required: false }, ...inputs];
  }

  function entryOf({ key, of, value }: MapType): Input[] {
    const name = { ...key, type: 'String', required: true } as const;
    if (isFlat(of)) return [name, ...fieldsOf(of)];
    return [name, { name: 'value', description: value, type: inputOf(of), required: true }];
  }

  function membersOf({ members }: ChoiceType): Input[] {
    return members.map(({ name, description, type }) => ({
      ...{ name, description, type: inputOf(type) },
      required: false,
    }));
  }

  return inputOf;
}
