import type { App } from '../models/app.ts';
import { apps } from '../stores/apps.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';
import type { Rates } from './rates.ts';

export function addApps(builder: Builder, shared: Shared, rates: Rates) {
  return addEntity<App>(builder, shared, {
    name: 'App',
    plural: 'Apps',
    description: 'A client application of a tenant. It calls the graph with its keys.',
    entity: apps,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      title: t.exposeString('title', { description: 'What people call it.' }),
      description: t.exposeString('description', { description: 'What it is, in Markdown.' }),
      rates: t.field({
        type: [rates.type],
        description: 'Limits of all its requests together.',
        resolve: ({ rates }) => [...rates],
      }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits of all its requests together.' }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is, in Markdown.' }),
      rates: t.field({
        type: [rates.input],
        description: 'Limits of all its requests together; they replace those there are.',
      }),
    }),
  });
}
