import { NETWORKS, type Tenant } from '../models/tenant.ts';
import type { GraphState } from '../stores/ports.ts';
import { tenants } from '../stores/tenants.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';
import type { Rates } from './rates.ts';

const NO_GRAPH: GraphState = { generation: undefined, problems: [] };

export function addTenants(builder: Builder, shared: Shared, rates: Rates) {
  const network = builder.enumType('Network', {
    description: 'Which addresses sources may call.',
    values: {
      PUBLIC: {
        value: NETWORKS[0],
        description: 'Public addresses only: loopback, private and link-local ones are refused.',
      },
      ANY: { value: NETWORKS[1], description: 'Any address, those of the gateway’s own network too.' },
    },
  });
  const graph = builder.objectRef<GraphState>('TenantGraph').implement({
    description: 'The graph that the clients of a tenant have, as the instance that answers has it.',
    fields: (t) => ({
      generation: t.int({
        nullable: true,
        description: 'Counts the graphs of the tenant since the instance was started. Null: there is none now.',
        resolve: ({ generation }) => generation ?? null,
      }),
      problems: t.stringList({
        description:
          'Why it is not as what is published and what was granted say: a source that cannot be taken, a product that does not fit beside what is its own. Empty: it is.',
        resolve: ({ problems }) => [...problems],
      }),
    }),
  });
  return addEntity<Tenant>(builder, shared, {
    name: 'Tenant',
    plural: 'Tenants',
    description: 'An organisation of its own: nothing of one is seen from another, but the products it offers.',
    entity: tenants,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique among all tenants.' }),
      title: t.exposeString('title', { description: 'What people call it.' }),
      description: t.exposeString('description', { description: 'What it is, in Markdown.' }),
      rates: t.field({
        type: [rates.type],
        description: 'Limits of all its requests together.',
        resolve: ({ rates }) => [...rates],
      }),
      network: t.field({
        type: network,
        description: 'Which addresses its sources may call.',
        resolve: ({ network }) => network,
      }),
      graph: t.field({
        type: graph,
        description: 'The graph that its clients have now.',
        resolve: ({ _id }, _arguments, { ports }) => ports.graphOf?.(_id) ?? NO_GRAPH,
      }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits of all its requests together.' }),
      network: t.field({ type: network, description: 'Which addresses its sources may call. Default: PUBLIC.' }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is, in Markdown.' }),
      rates: t.field({
        type: [rates.input],
        description: 'Limits of all its requests together; they replace those there are.',
      }),
      network: t.field({ type: network, description: 'Which addresses its sources may call.' }),
    }),
  });
}
