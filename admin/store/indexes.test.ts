import { type GraphQLInputType, getNamedType, isEnumType, isInputObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { describeOptions } from '../../src/config/option-types.ts';
import { type ControlPlane, describeEmbedded, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { argumentsOf, furnish, operationsOf } from '../../test/utils/admin-world.ts';
import { SYSTEM } from '../actor.ts';
import { COLLECTIONS, type CollectionName } from '../models/index.ts';
import { createAdminSchema } from '../schema/index.ts';
import { firstAdministrator } from '../stores/users.ts';

const schema = createAdminSchema(describeOptions());
const operations = operationsOf(schema);

describeStores('indexes', (plane) => {
  it('are in the store as the models have them', async () => {
    const { connection } = plane();
    for (const name of Object.keys(COLLECTIONS) as CollectionName[]) {
      const wanted = COLLECTIONS[name].schema
        .indexes()
        .map(([key, { unique }]) => JSON.stringify([key, unique === true]))
        .concat(JSON.stringify([{ _id: 1 }, false]));
      const found = await connection.collection(name).indexes();
      const there = found.map(({ key, unique }) => JSON.stringify([key, unique === true]));
      expect(there.sort(), name).toEqual(wanted.sort());
    }
  });
});

/** Queries that read a whole collection, by collection. */
function fullScans({ connection }: ControlPlane): Record<string, number> {
  const { fullScans } = connection.getClient() as unknown as { readonly fullScans: ReadonlyMap<string, number> };
  return Object.fromEntries(fullScans);
}

/** A value for an argument that is not given otherwise. */
function anyOf(type: GraphQLInputType): unknown {
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]?.name;
  return named.name === 'DateTime' ? '2030-01-01T00:00:00Z' : 'x';
}

describeEmbedded('indexes', (plane) => {
  it('serve every question that is asked, and every change', { timeout: 60_000 }, async () => {
    const world = await furnish(plane(), 'acme', await plane().createTenant('asker'));
    const given = argumentsOf(world);
    const before = fullScans(plane());
    const told = (place: string) => expect(fullScans(plane()), place).toEqual(before);
    await firstAdministrator(plane().as(SYSTEM), undefined);
    told('firstAdministrator');
    for (const actor of [world.actors.owner, PLATFORM_ADMIN])
      for (const { field, text } of operations) {
        await plane().run(actor, text, given[field]);
        told(`${field} of ${actor.name}`);
      }
    for (const name of Object.keys(COLLECTIONS) as CollectionName[]) {
      if (!COLLECTIONS[name].schema.indexes().some(([key]) => 'seq' in key)) continue;
      for await (const record of plane().store.feed.since(name, 5_000)) expect(record.seq).toBeGreaterThan(0);
      told(`changes of ${name}`);
    }
  });

  it('serve every list, however it is filtered and sorted', async () => {
    const world = await furnish(plane(), 'acme', await plane().createTenant('asker'));
    const before = fullScans(plane());
    const lists = operations.filter(({ text }) => text.includes('$after: String'));
    const fields = schema.getQueryType()?.getFields() ?? {};
    expect(lists.length).toBeGreaterThan(15);
    for (const { field, text } of lists) {
      const variants: Record<string, unknown>[] = [
        {},
        { archived: true },
        { name: 'a', tenant: 'acme' },
        { name: 'a' },
      ];
      for (const { name, type } of fields[field]?.args ?? []) {
        const named = getNamedType(type);
        if (name === 'sort' && isEnumType(named))
          variants.push(...named.getValues().map((value) => ({ sort: value.name, tenant: world.tenant._id })));
        if (name === 'where' && isInputObjectType(named))
          for (const filter of Object.values(named.getFields()))
            variants.push({ where: { [filter.name]: anyOf(filter.type) } });
      }
      const known = new Set(fields[field]?.args.map(({ name }) => name));
      for (const variables of variants)
        for (const actor of [world.actors.owner, PLATFORM_ADMIN]) {
          const names = Object.keys(variables);
          if (!names.every((name) => known.has(name))) continue;
          // Who counts all records of all tenants counts them.
          const isAll = actor === PLATFORM_ADMIN && names.every((name) => name === 'archived');
          await plane().run(actor, isAll ? text.replace(/\btotalCount\b/, '') : text, variables);
          expect(fullScans(plane()), `${field} ${JSON.stringify(variables)} of ${actor.name}`).toEqual(before);
        }
    }
  });
});
