import { z } from 'zod';
import { notFound, userError } from '../errors.ts';
import type { Resource, ResourceKind } from '../models/resource.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { defineEntity, type Entity, type ListRequest } from './entity.ts';
import type { EntryInput } from './entries.ts';
import { type GivenOptions, readOptions } from './read-options.ts';
import { resources } from './resources.ts';

/** An entry of the configuration as people give it. */
export interface GivenEntry extends GivenOptions {
  readonly document?: EntryInput['document'];
}

/** The entries of one kind in the working copy, asked for and changed like all entities. */
export function resourceEntity(kind: ResourceKind, name: string): Entity<Resource, never, never> {
  const entity = defineEntity<Resource, never, never>({
    name,
    nameOf: (resource) => resource.name,
    collection: (store) => store.resources,
    write: 'configuration',
    create: z.never(),
    update: z.never(),
    make() {
      throw new Error('Entries are saved.');
    },
  });
  const ofKind = (request: ListRequest): ListRequest => ({ ...request, where: { ...request.where, kind } });
  const need = async (context: AdminContext, id: string, path?: readonly string[]) => {
    const record = await entity.need(context, id, path);
    if (record.kind !== kind) throw notFound(name, path);
    return record;
  };
  return {
    ...entity,
    list: (context, request) => entity.list(context, ofKind(request)),
    count: (context, request) => entity.count(context, ofKind(request)),
    async get(context, id) {
      const record = await entity.get(context, id);
      return record?.kind === kind ? record : undefined;
    },
    need,
    async create(context, input, tenant) {
      const given = input as GivenEntry & { readonly name: string };
      const options = readOptions(given);
      if (options === undefined) throw userError('INVALID', ['options'], 'Give the options, as JSON or as YAML.');
      const { document } = given;
      return resources.save(context, kind, { name: given.name, options, document }, tenant);
    },
    async update(context, id, version, input) {
      const record = await need(context, id);
      const given = input as GivenEntry;
      const options = readOptions(given) ?? (JSON.parse(record.options) as unknown);
      const { document } = given;
      return resources.save(context, kind, { name: record.name, options, document, version }, record.tenant);
    },
    async archive(context, id, version, archived) {
      const record = await need(context, id);
      const write = archived ? resources.remove : resources.restore;
      return write(context, kind, record.name, version, record.tenant);
    },
  };
}

/** What is given to be tried or published: where no options are given, those of the working copy. */
export async function entryOf(
  context: AdminContext,
  kind: ResourceKind,
  { name, version, document, ...given }: GivenEntry & { readonly name: string; readonly version?: number | null },
  tenant: string | null | undefined,
): Promise<EntryInput> {
  let options = readOptions(given);
  if (options === undefined) {
    const of = await tenantFor(context, tenant);
    const known = await resources.get(context, kind, name, of._id);
    if (known === undefined) throw notFound(kind.slice(0, -1), ['name']);
    options = JSON.parse(known.options);
  }
  return { name, options, document, version };
}
