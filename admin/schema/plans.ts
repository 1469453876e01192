import type { Plan } from '../models/product.ts';
import { plans } from '../stores/products.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';
import type { Rates } from './rates.ts';

export function addPlans(builder: Builder, shared: Shared, rates: Rates) {
  return addEntity<Plan>(builder, shared, {
    name: 'Plan',
    plural: 'Plans',
    description: 'Limits that come with a grant.',
    entity: plans,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      title: t.exposeString('title', { description: 'What people call it.' }),
      description: t.exposeString('description', { description: 'What it gives, in Markdown.' }),
      rates: t.field({
        type: [rates.type],
        description: 'Limits of what an app sends that uses the product.',
        resolve: ({ rates }) => [...rates],
      }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it gives, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits of what an app sends that uses the product.' }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it gives, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits; they replace those there are.' }),
    }),
  });
}
