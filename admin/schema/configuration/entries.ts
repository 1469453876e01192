import type { Resource, ResourceKind, StoredDocument } from '../../models/resource.ts';
import { maskSecrets } from '../../stores/masking.ts';
import { entryOf, type GivenEntry, resourceEntity } from '../../stores/resource-entity.ts';
import { resources } from '../../stores/resources.ts';
import { revisions } from '../../stores/revisions.ts';
import { type Builder, orError, type Shared, withoutNulls } from '../builder.ts';
import { addEntity, type Fields, type ObjectFields, withArticle } from '../entity.ts';
import { type InputOf, SETTINGS } from '../options/inputs.ts';
import type { OptionType } from '../options/option-type.ts';
import { type GivenSettings, withSettings } from '../options/with-settings.ts';
import type { KindNames } from './kinds.ts';
import { type PayloadTypes, publishing, tried } from './payloads.ts';
import type { PreviewTypes } from './preview.ts';
import { asYaml } from './preview.ts';
import { documentOf, type EntryStatus, publishedEntry, statusOf } from './published.ts';
import { ALLOW_BREAKING, MESSAGE } from './revisions.ts';

const STATUS_DESCRIPTIONS: Readonly<Record<EntryStatus, string>> = {
  draft: 'It was never published, or taken out of what serves: it does not serve.',
  published: 'It serves as it is here.',
  changed: 'It serves as it was before its last changes.',
  removed: 'It was archived, and serves until that is published.',
  archived: 'It was archived, and does not serve.',
};

/** Types that all kinds of entries share. */
export function addEntryTypes(builder: Builder) {
  const status = builder.enumType('EntryStatus', {
    description: 'How an entry of the working copy compares with what serves.',
    values: Object.fromEntries(
      Object.entries(STATUS_DESCRIPTIONS).map(([value, description]) => [value.toUpperCase(), { value, description }]),
    ) as Record<string, { value: EntryStatus; description: string }>,
  });
  const document = builder.objectRef<StoredDocument>('ConfigurationDocument').implement({
    description: 'The text of a document that an entry came with, e.g. an OpenAPI document.',
    fields: (t) => ({
      id: t.id({ description: 'Made of its text: another text has another id.', resolve: ({ _id }) => _id }),
      name: t.exposeString('name', { description: 'Its file name: the options name it by this.' }),
      hash: t.exposeString('hash', { description: 'SHA-256 of its text, in hex.' }),
      text: t.exposeString('text', { description: 'The text itself.' }),
    }),
  });
  const documentInput = builder.inputType('DocumentInput', {
    description: 'The text of a document that the options name.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'A plain file name, e.g. `openapi.yaml`.' }),
      text: t.string({ required: true, description: 'The text: 12 MiB at the most.' }),
    }),
  });
  return { status, document, documentInput };
}

export type EntryTypes = ReturnType<typeof addEntryTypes>;

/** Adds one kind of entries: its type, list and lookups, its changes in the working copy, and its publishing. */
export function addEntries(
  builder: Builder,
  shared: Shared,
  kind: ResourceKind,
  names: KindNames,
  { options: optionType, inputOf }: KindOptions,
  { status, document, documentInput }: EntryTypes,
  { entry }: PreviewTypes,
  { validation, published }: PayloadTypes,
  more: ObjectFields<Resource> = () => ({}),
) {
  const { type: name, plural, word, description, nameIs, hasDocument } = names;
  const content: Fields = (t) => ({
    settings: t.field({ type: inputOf(optionType), description: SETTINGS }),
    options: t.field({
      type: 'JSON',
      description: 'The options as under its name in skein.yaml, instead of `settings`.',
    }),
    yaml: t.string({ description: 'The options as YAML, instead of `settings`.' }),
    ...(hasDocument
      ? {
          document: t.field({
            type: documentInput,
            description: 'The document that the options name, if it has one here.',
          }),
        }
      : {}),
  });
  const named: Fields = (t) => ({ name: t.string({ required: true, description: nameIs }), ...content(t) });
  const entity = resourceEntity(kind, word);
  const type = addEntity<Resource>(builder, shared, {
    name,
    plural,
    description: `${description} As it is in the working copy: it serves once it is published.`,
    entity: {
      ...entity,
      create: (context, input, tenant) =>
        withSettings(optionType, input as GivenSettings, (given) => entity.create(context, given as never, tenant)),
      update: (context, id, version, input) =>
        withSettings(optionType, input as GivenSettings, (given) =>
          entity.update(context, id, version, given as never),
        ),
    },
    fields: (t) => ({
      name: t.exposeString('name', { description: nameIs }),
      options: t.field({
        type: 'JSON',
        description:
          'As under its name in skein.yaml, with secrets masked. Masked ones that are given back stay as they are.',
        resolve: ({ options }) => maskSecrets(JSON.parse(options)),
      }),
      yaml: t.string({ description: 'The same as YAML.', resolve: ({ options }) => asYaml(JSON.parse(options)) }),
      document: t.field({
        type: document,
        nullable: true,
        description: 'The document that came with it; null: the options say where it is, if there is one.',
        resolve: async ({ document }, _args, context) =>
          document === null ? null : ((await documentOf(context, document)) ?? null),
      }),
      status: t.field({
        type: status,
        description: 'How it compares with what serves.',
        resolve: (resource, _args, context) => statusOf(context, resource),
      }),
      isPublished: t.boolean({
        description: 'Whether it serves as it is here.',
        resolve: async (resource, _args, context) => (await statusOf(context, resource)) === 'published',
      }),
      published: t.field({
        type: entry,
        nullable: true,
        description: 'What serves of it; null: nothing does.',
        resolve: async (resource, _args, context) => (await publishedEntry(context, resource)) ?? null,
      }),
      ...more(t),
    }),
    createInput: named,
    updateInput: content,
  });
  const input = builder.inputType(`${name}Input`, {
    description: `What is tried or published of ${withArticle(word)}. Without options it is taken as it is in the working copy.`,
    fields: named as never,
  });
  const tenant = 'Id or name of the tenant, for platform administrators. Default: one’s own.';
  builder.queryField(`${name[0]?.toLowerCase()}${name.slice(1)}ByName`, (t) =>
    t.field({
      type,
      nullable: true,
      description: `The ${word} of this name in the working copy; null where there is none.`,
      args: {
        name: t.arg.string({ required: true, description: nameIs }),
        tenant: t.arg.id({ description: tenant }),
      },
      resolve: (_root, { name, tenant }, context) =>
        orError(async () => (await resources.get(context, kind, name, tenant)) ?? null) as never,
    }),
  );
  builder.mutationFields((t) => ({
    [`validate${name}`]: t.field({
      type: validation,
      description: `Tries what publishing the ${word} would do. Nothing is saved.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The ${word}.` }),
        tenant: t.arg.id({ description: tenant }),
      },
      resolve: (_root, { input, tenant }, context) =>
        tried(() =>
          withSettings(optionType, plain(input), async (given) =>
            revisions.previewEntry(context, kind, await entryOf(context, kind, given, tenant), tenant),
          ),
        ),
    }),
    [`publish${name}`]: t.field({
      type: published,
      description: `Saves the ${word} and publishes it, with all else as it serves.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The ${word}.` }),
        version: t.arg.int({ description: 'The version that was seen; of one that exists, it must be given.' }),
        message: t.arg.string({ description: MESSAGE }),
        allowBreaking: t.arg.boolean({ defaultValue: false, description: ALLOW_BREAKING }),
        tenant: t.arg.id({ description: tenant }),
      },
      resolve: (_root, { input, version, tenant, ...request }, context) =>
        publishing(context, () =>
          withSettings(optionType, plain(input), async (given) => {
            const entry = await entryOf(context, kind, { ...given, version: version ?? null }, tenant);
            return revisions.publishEntry(context, kind, entry, request, tenant);
          }),
        ),
    }),
  }));
  return type;
}

/** What the options of a kind look like, and how their inputs are made. */
export interface KindOptions {
  readonly options: OptionType;
  readonly inputOf: InputOf;
}

type Given = GivenEntry & GivenSettings & { readonly name: string };

function plain(input: unknown): Given {
  return withoutNulls(input) as Given;
}
