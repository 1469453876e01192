import type { InputFieldMap, ObjectRef } from '@pothos/core';
import type { StoredRecord } from '../models/record.ts';
import { endOfPage, type Page, type Sort, writeCursor } from '../store/page.ts';
import type { AdminContext } from '../stores/context.ts';
import { DEFAULT_SORT, type Entity, type ListRequest } from '../stores/entity.ts';
import { type AdminTypes, type Builder, type Outcome, orError, outcome, type Shared, withoutNulls } from './builder.ts';

type Types = PothosSchemaTypes.ExtendDefaultTypes<AdminTypes>;
type InputBuilder = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;
export type Fields = (t: InputBuilder) => InputFieldMap;
export type ObjectFields<T> = (t: PothosSchemaTypes.ObjectFieldBuilder<Types, T>) => Record<string, unknown>;

export interface EntityType<T extends StoredRecord> {
  /** `App`: the names of everything are made of it. */
  readonly name: string;
  readonly plural: string;
  readonly description: string;
  readonly entity: Pick<Entity<T, never, never>, 'list' | 'count' | 'get' | 'create' | 'update' | 'archive'> & {
    readonly options: { readonly name: string };
  };
  readonly fields: ObjectFields<T>;
  /** Fields that a list can be filtered by. */
  readonly where?: Fields;
  /** Whether names are unique in a tenant, so that lists can be in their order. */
  readonly isNamed?: boolean;
  readonly createInput?: Fields;
  readonly updateInput?: Fields;
  readonly canArchive?: boolean;
}

export interface Connection<T> {
  readonly page: Page<T>;
  readonly sort: Sort;
  readonly total: () => Promise<number>;
}

/** Adds a type with its list, its lookup and its changes. All entities are asked for and changed alike. */
export function addEntity<T extends StoredRecord>(
  builder: Builder,
  { userError, pageInfo }: Shared,
  {
    name,
    plural,
    description,
    entity,
    fields,
    where,
    isNamed = true,
    createInput,
    updateInput,
    canArchive = true,
  }: EntityType<T>,
): ObjectRef<Types, T> {
  const field = name[0]?.toLowerCase() + name.slice(1);
  const list = plural[0]?.toLowerCase() + plural.slice(1);
  const what = entity.options.name;
  const type = builder.objectRef<T>(name);
  type.implement({
    description,
    fields: ((t: PothosSchemaTypes.ObjectFieldBuilder<Types, T>) => ({
      id: t.id({ description: 'Never changes.', resolve: ({ _id }) => _id }),
      tenant: t.id({ description: 'Id of the tenant that it belongs to.', resolve: ({ tenant }) => tenant }),
      version: t.int({
        description:
          'Counts its changes. Who changes it gives the version that they saw, so that nobody overwrites what they have not seen.',
        resolve: ({ version }) => version,
      }),
      createdAt: t.field({ type: 'DateTime', description: 'When it was made.', resolve: ({ createdAt }) => createdAt }),
      updatedAt: t.field({
        type: 'DateTime',
        description: 'When it was last changed.',
        resolve: ({ updatedAt }) => updatedAt,
      }),
      archivedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Since when it is archived: kept, and without effect. Null: it is in use.',
        resolve: ({ archivedAt }) => archivedAt,
      }),
      ...fields(t),
    })) as never,
  });
  const connection = addConnection(builder, pageInfo, name, type);
  const sort = builder.enumType(`${name}Sort`, {
    description: `In which order ${list} are listed.`,
    values: {
      CREATED: { value: '_id', description: 'The oldest first.' },
      CREATED_DESC: { value: '-_id', description: 'The newest first.' },
      ...(isNamed
        ? {
            NAME: { value: 'name', description: 'By name, within a tenant.' },
            NAME_DESC: { value: '-name', description: 'By name, backwards, within a tenant.' },
          }
        : {}),
    } as Record<string, { value: string; description: string }>,
  });
  const filter =
    where === undefined
      ? undefined
      : builder.inputType(`${name}Filter`, {
          description: `Which ${list} are meant. All that is given must hold.`,
          fields: where as never,
        });

  builder.queryField(field, (t) =>
    t.field({
      type,
      nullable: true,
      description: `The ${what} with this id; null where there is none, or none that the caller may see.`,
      args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
      resolve: (_root, { id }, context) => orError(async () => (await entity.get(context, id)) ?? null) as never,
    }),
  );
  builder.queryField(list, (t) =>
    t.field({
      type: connection,
      description: `${plural} in pages.`,
      args: {
        tenant: t.arg.id({
          description: 'Id or name of a tenant, for platform administrators. Default: all they may see.',
        }),
        ...(isNamed ? { name: t.arg.string({ description: 'How its name begins.' }) } : {}),
        archived: t.arg.boolean({ defaultValue: false, description: 'Whether archived ones are listed, too.' }),
        ...(filter === undefined ? {} : { where: t.arg({ type: filter, description: 'Which ones.' }) }),
        sort: t.arg({ type: sort, description: 'In which order. Default: CREATED.' }),
        first: t.arg.int({ defaultValue: 50, description: 'How many at the most: 1 to 500.' }),
        after: t.arg.string({ description: '`endCursor` of the page before.' }),
      },
      resolve: (_root, args, context) => orError(() => listOf(entity, args as ListArguments, context)),
    }),
  );
  if (createInput === undefined && updateInput === undefined && !canArchive) return type;
  const payload = addPayload(builder, userError, name, field, type, what);
  const change =
    <Given>(work: (context: AdminContext, args: Given) => Promise<T>) =>
    (_root: unknown, args: unknown, context: AdminContext) =>
      outcome(() => work(context, args as Given)) as never;
  const versioned = (arg: PothosSchemaTypes.InputFieldBuilder<Types, 'Arg'>) => ({
    id: arg.id({ required: true, description: 'Its id.' }),
    version: arg.int({ required: true, description: 'The version that was seen.' }),
  });

  if (createInput !== undefined) {
    const input = builder.inputType(`Create${name}Input`, {
      description: `A new ${what}.`,
      fields: createInput as never,
    });
    builder.mutationField(`create${name}`, (t) =>
      t.field({
        type: payload,
        description: `Makes ${withArticle(what)}.`,
        args: {
          ...(name === 'Tenant'
            ? {}
            : {
                tenant: t.arg.id({
                  description: 'Id or name of the tenant it is made in, for platform administrators.',
                }),
              }),
          input: t.arg({ type: input, required: true, description: `The new ${what}.` }),
        },
        resolve: change<{ tenant?: string | null; input: unknown }>((context, { tenant, input }) =>
          entity.create(context, withoutNulls(input), tenant ?? null),
        ),
      }),
    );
  }
  if (updateInput !== undefined) {
    const input = builder.inputType(`Update${name}Input`, {
      description: `What changes of ${withArticle(what)}. What is not given stays.`,
      fields: updateInput as never,
    });
    builder.mutationField(`update${name}`, (t) =>
      t.field({
        type: payload,
        description: `Changes ${withArticle(what)}.`,
        args: {
          ...versioned(t.arg as never),
          input: t.arg({ type: input, required: true, description: 'What changes.' }),
        },
        resolve: change<{ id: string; version: number; input: unknown }>((context, { id, version, input }) =>
          entity.update(context, id, version, withoutNulls(input)),
        ),
      }),
    );
  }
  if (canArchive) {
    for (const [verb, archived, effect] of [
      ['archive', true, 'Archives it: it is kept, and has no effect any more.'],
      ['restore', false, 'Takes it out of the archive: it has effect again.'],
    ] as const)
      builder.mutationField(`${verb}${name}`, (t) =>
        t.field({
          type: payload,
          description: effect,
          args: versioned(t.arg as never),
          resolve: change<{ id: string; version: number }>((context, { id, version }) =>
            entity.archive(context, id, version, archived),
          ),
        }),
      );
  }
  return type;
}

/** `<Name>Payload`: what a change made, or the mistakes. */
export function addPayload<T>(
  builder: Builder,
  userError: Shared['userError'],
  name: string,
  field: string,
  type: ObjectRef<Types, T>,
  what: string,
) {
  return builder.objectRef<Outcome<T>>(`${name}Payload`).implement({
    description: `What came of a change of ${withArticle(what)}.`,
    fields: ((t: PothosSchemaTypes.ObjectFieldBuilder<Types, Outcome<T>>) => ({
      [field]: t.field({
        type: type as never,
        nullable: true,
        description: `The ${what} as it is now; null where there are mistakes.`,
        resolve: ({ value }: Outcome<T>) => value as never,
      }),
      errors: t.field({
        type: [userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }: Outcome<T>) => [...errors],
      }),
    })) as never,
  });
}

export function addConnection<T extends { readonly _id: string }>(
  builder: Builder,
  pageInfo: Shared['pageInfo'],
  name: string,
  type: ObjectRef<Types, T>,
) {
  const edge = builder.objectRef<{ readonly node: T; readonly cursor: string }>(`${name}Edge`).implement({
    description: 'One of a list, with its place in it.',
    fields: (t) => ({
      node: t.field({ type: type as never, description: 'The thing itself.', resolve: ({ node }) => node as never }),
      cursor: t.exposeString('cursor', { description: 'Its place: give it as `after` for what follows.' }),
    }),
  });
  return builder.objectRef<Connection<T>>(`${name}Connection`).implement({
    description: 'A page of a list.',
    fields: (t) => ({
      nodes: t.field({
        type: [type] as never,
        description: 'What is on the page.',
        resolve: ({ page }) => [...page.records] as never,
      }),
      edges: t.field({
        type: [edge],
        description: 'The same, each with its place.',
        resolve: ({ page, sort }) => page.records.map((node) => ({ node, cursor: writeCursor(node, sort) })),
      }),
      pageInfo: t.field({
        type: pageInfo,
        description: 'Where the page ends.',
        resolve: ({ page, sort }) => endOfPage(page, sort),
      }),
      totalCount: t.int({ description: 'How many there are on all pages.', resolve: ({ total }) => total() }),
    }),
  });
}

interface ListArguments extends Omit<ListRequest, 'sort'> {
  readonly sort?: string | null;
}

async function listOf<T extends StoredRecord>(
  entity: Pick<Entity<T, never, never>, 'list' | 'count'>,
  { sort: order, ...request }: ListArguments,
  context: AdminContext,
): Promise<Connection<T>> {
  const sort = readSort(order);
  const page = await entity.list(context, { ...request, sort });
  return { page, sort, total: () => orError(() => entity.count(context, { ...request, sort })) };
}

function readSort(order: string | null | undefined): Sort {
  if (order === undefined || order === null) return DEFAULT_SORT;
  const descending = order.startsWith('-');
  return { field: descending ? order.slice(1) : order, descending };
}

/** `an app`, `a user`. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
