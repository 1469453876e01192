import { z } from 'zod';
import { RESOURCE_KINDS, type ResourceKind } from '../../admin/models/resource.ts';
import { KINDS } from '../../admin/schema/configuration/kinds.ts';
import type {
  ChoiceType,
  MapType,
  ObjectType,
  OptionType,
  OptionTypes,
} from '../../admin/schema/options/option-type.ts';
import { promptShare, promptVersionOptions } from '../../sources/prompt/options.ts';
import { explainOption, metaOf, type OptionMeta, textOf, unwrap, wordName } from './option-meta.ts';
import { SECTIONS } from './schema.ts';

/** The place of a schema: what its type is called and says, where it does not say so itself. */
interface Place {
  readonly name: string;
  readonly description: string;
}

const INT = 2_147_483_647;

/** What the sections of skein.yaml look like, as data for the inputs of the admin schema. */
export function describeOptions(): OptionTypes {
  const describe = createDescriber();
  const kinds = RESOURCE_KINDS.map((kind): [ResourceKind, OptionType] => {
    const { type, description } = KINDS[kind];
    return [kind, describe(SECTIONS[kind].entry, { name: `${type}Settings`, description })];
  });
  return {
    kinds: Object.fromEntries(kinds) as Record<ResourceKind, OptionType>,
    promptVersion: describe(promptVersionOptions, { name: 'PromptVersion', description: '' }),
    promptShare: describe(promptShare, { name: 'PromptShare', description: '' }),
  };
}

/** One schema is one type, wherever it is. */
function createDescriber() {
  const known = new Map<z.core.$ZodType, OptionType>();

  function describe(schema: z.core.$ZodType, place: Place): OptionType {
    const inner = unwrap(schema);
    const type = known.get(inner) ?? read(inner, place);
    known.set(inner, type);
    return type;
  }

  function read(schema: z.core.$ZodType, place: Place): OptionType {
    const meta = metaOf(schema);
    const { description = place.description } = meta;
    const name = meta.id ?? place.name;
    if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat)
      return { kind: 'scalar', scalar: meta.scalar ?? 'String' };
    if (schema instanceof z.ZodBoolean || schema instanceof z.ZodLiteral) return { kind: 'scalar', scalar: 'Boolean' };
    if (schema instanceof z.ZodNumber) return { kind: 'scalar', scalar: numberOf(schema) };
    if (schema instanceof z.ZodLazy) return { kind: 'scalar', scalar: 'JSON' };
    if (schema instanceof z.ZodEnum)
      return {
        ...{ kind: 'word', name, description },
        words: schema.options.map((value) => ({
          name: wordName(String(value)),
          value: String(value),
          description: meta.values?.[value] ?? '',
        })),
      };
    if (schema instanceof z.ZodArray)
      return { kind: 'list', of: describe(schema.element, singular({ name, description })) };
    if (schema instanceof z.ZodRecord) return readRecord(schema, meta, { name: singular(place).name, description });
    if (schema instanceof z.ZodDiscriminatedUnion) return readKinds(schema, { name, description });
    if (schema instanceof z.ZodUnion) return readUnion(schema, meta, { name, description });
    if (schema instanceof z.ZodObject) return readObject(schema, { name, description });
    throw new Error(`There is no input for ${schema._zod.def.type} at ${name}.`);
  }

  function readObject(schema: z.ZodObject, { name, description }: Place, without?: string): ObjectType {
    const fields = Object.entries(schema.shape).filter(([field]) => field !== without);
    return {
      ...{ kind: 'object', name, description },
      fields: fields.map(([field, option]) => ({
        name: field,
        description: explainOption(option),
        type: describe(option, {
          name: `${name.replace(/Settings$/, '')}${capital(field)}`,
          description: textOf(option).replace(/ Default: .*$/, ''),
        }),
        isRequired: option._zod.optin === undefined,
      })),
    };
  }

  function readRecord(schema: z.ZodRecord, meta: OptionMeta, place: Place): OptionType {
    const name = meta.id ?? place.name;
    const of = describe(schema.valueType, { ...place, name });
    if (of.kind === 'scalar' && of.scalar === 'JSON') return of;
    const key = { name: meta.key ?? 'name', description: textOf(schema.keyType) };
    const description = meta.description ?? ('description' in of ? of.description : place.description);
    const map: MapType = {
      kind: 'map',
      name,
      description,
      key,
      of,
      value: textOf(schema.valueType),
    };
    return map;
  }

  function readKinds(schema: z.ZodDiscriminatedUnion, { name, description }: Place): ChoiceType {
    const tag = schema.def.discriminator;
    const members = schema.options.map((option) => {
      const [value] = option._zod.propValues?.[tag] ?? [];
      if (!(option instanceof z.ZodObject) || typeof value !== 'string')
        throw new Error(`${name} has a form without ${tag}.`);
      const { id = `${name}${capital(value)}`, description = '' } = metaOf(option);
      const type = readObject(option, { name: id, description }, tag);
      return { name: value, description, type, isWrapped: false };
    });
    return { kind: 'choice', name, description, tag, members };
  }

  function readUnion(schema: z.ZodUnion, meta: OptionMeta, place: Place): OptionType {
    const forms = schema.options.map(unwrap);
    const object = forms.find((form) => form instanceof z.ZodObject);
    const others = forms.filter((form) => form !== object);
    if (meta.members !== undefined) return readMembers(forms, meta.members, place);
    const [short] = others;
    if (object === undefined || short === undefined) throw new Error(`The forms of ${place.name} have no names.`);
    const type = readObject(object, place);
    if (meta.short !== undefined)
      return { ...type, short: { fields: [meta.short].flat(), of: describe(short, place) } };
    return { ...type, booleans: others.flatMap(booleansOf) };
  }

  function readMembers(
    forms: readonly z.core.$ZodType[],
    names: readonly string[],
    { name, description }: Place,
  ): ChoiceType {
    const members = names.map((member, index) => {
      const form = forms[index];
      if (form === undefined) throw new Error(`${name} has no form for ${member}.`);
      const wrapped =
        form instanceof z.ZodObject && Object.keys(form.shape).join() === member ? form.shape[member] : undefined;
      const text = textOf(wrapped ?? form);
      const type = describe(wrapped ?? form, { name: `${name}${capital(member)}`, description: text });
      return { name: member, description: text, type, isWrapped: wrapped !== undefined };
    });
    return { kind: 'choice', name, description, members };
  }

  return describe;
}

/** Whole numbers above what Int has are of Float, and checked where all options are. */
function numberOf(schema: z.ZodNumber): 'Int' | 'Float' {
  const isBounded = schema.maxValue === null || schema.maxValue === Number.MAX_SAFE_INTEGER || schema.maxValue <= INT;
  return schema.isInt && isBounded ? 'Int' : 'Float';
}

function booleansOf(schema: z.core.$ZodType): boolean[] {
  if (schema instanceof z.ZodBoolean) return [true, false];
  const values = schema instanceof z.ZodLiteral ? [...schema.values] : [];
  if (values.some((value) => typeof value !== 'boolean')) throw new Error('A form beside an object needs a name.');
  return values as boolean[];
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

function singular({ name, description }: Place): Place {
  return { name: name.replace(/ies$/, 'y').replace(/(?<!s)s$/, ''), description };
}
