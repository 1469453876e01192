import { NETWORKS, type Tenant } from '../models/tenant.ts';
import { tenants } from '../stores/tenants.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';
import type { Rates } from './rates.ts';

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
