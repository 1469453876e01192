import { stringify } from 'yaml';
import { RESOURCE_KINDS, type ResourceKind } from '../../models/resource.ts';
import type { PublishedEntry } from '../../models/revision.ts';
import { maskSecrets } from '../../stores/masking.ts';
import type { SchemaChange } from '../../stores/ports.ts';
import type { EntryChange, FieldUser, Preview } from '../../stores/preview.ts';
import type { Builder } from '../builder.ts';
import { KINDS } from './kinds.ts';

export function asYaml(options: unknown): string {
  return stringify(maskSecrets(options), { lineWidth: 0 });
}

/** The types that say what a publish did, or would do. */
export function addPreview(builder: Builder) {
  const kind = builder.enumType('EntryKind', {
    description: 'The sections of a configuration.',
    values: Object.fromEntries(
      RESOURCE_KINDS.map((value) => {
        const { type, description } = KINDS[value];
        return [type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(), { value, description }];
      }),
    ) as Record<string, { value: ResourceKind; description: string }>,
  });
  const entry = builder.objectRef<PublishedEntry>('PublishedEntry').implement({
    description: 'An entry of a configuration as it was published.',
    fields: (t) => ({
      options: t.field({
        type: 'JSON',
        description: 'As under its name in skein.yaml, with secrets masked.',
        resolve: ({ options }) => maskSecrets(options),
      }),
      yaml: t.string({ description: 'The same as YAML.', resolve: ({ options }) => asYaml(options) }),
      document: t.id({
        nullable: true,
        description: 'Id of its document; null: it has none.',
        resolve: ({ document }) => document ?? null,
      }),
    }),
  });
  const entryChange = builder.objectRef<EntryChange>('EntryChange').implement({
    description: 'An entry that is new, gone, or another.',
    fields: (t) => ({
      kind: t.field({ type: kind, description: 'Which section it is in.', resolve: ({ kind }) => kind }),
      name: t.exposeString('name', { description: 'What it is called.' }),
      before: t.field({
        type: entry,
        nullable: true,
        description: 'What it was; null: it is new.',
        resolve: ({ before }) => before,
      }),
      after: t.field({
        type: entry,
        nullable: true,
        description: 'What it becomes; null: it is gone.',
        resolve: ({ after }) => after,
      }),
    }),
  });
  const schemaChange = builder.objectRef<SchemaChange>('SchemaChange').implement({
    description: 'A change of the graph.',
    fields: (t) => ({
      path: t.exposeString('path', { description: 'Coordinate of what changes, e.g. `Product.price`.' }),
      message: t.exposeString('message', { description: 'What changes, for people.' }),
      type: t.exposeString('type', { description: 'What changes, for programs, e.g. `FIELD_REMOVED`.' }),
    }),
  });
  const fieldUser = builder.objectRef<FieldUser>('FieldUser').implement({
    description: 'A product with a field that changes so that clients may break.',
    fields: (t) => ({
      field: t.exposeString('field', { description: 'Coordinate of what changes.' }),
      product: t.id({ description: 'Id of the product.', resolve: ({ product }) => product }),
      productName: t.exposeString('productName', { description: 'Name of the product.' }),
      apps: t.exposeInt('apps', { description: 'How many apps have access to it.' }),
    }),
  });
  const preview = builder.objectRef<Preview>('Preview').implement({
    description: 'What a publish does, or would do.',
    fields: (t) => ({
      entries: t.field({
        type: [entryChange],
        description: 'Entries that change.',
        resolve: ({ entries }) => [...entries],
      }),
      breaking: t.field({
        type: [schemaChange],
        description: 'Changes of the graph by which clients may break.',
        resolve: ({ changes }) => [...changes.breaking],
      }),
      dangerous: t.field({
        type: [schemaChange],
        description: 'Changes that clients may notice, e.g. another value of an enum.',
        resolve: ({ changes }) => [...changes.dangerous],
      }),
      safe: t.field({
        type: [schemaChange],
        description: 'Changes that no client notices.',
        resolve: ({ changes }) => [...changes.safe],
      }),
      notices: t.stringList({
        description: 'What documents say and the graph does not have, and services that cannot be reached.',
        resolve: ({ notices }) => [...notices],
      }),
      users: t.field({
        type: [fieldUser],
        description: 'Products that have what changes so that clients may break.',
        resolve: ({ users }) => [...users],
      }),
    }),
  });
  return { kind, entry, entryChange, preview };
}

export type PreviewTypes = ReturnType<typeof addPreview>;
