import { SECRET_PLACES, type Secret } from '../models/secret.ts';
import { secrets } from '../stores/secrets.ts';
import type { Builder, Shared } from './builder.ts';
import { addEntity } from './entity.ts';

export function addSecrets(builder: Builder, shared: Shared) {
  const place = builder.enumType('SecretPlace', {
    description: 'Where a secret is.',
    values: {
      VALUE: { value: SECRET_PLACES[0], description: 'In the store, encrypted.' },
      ENVIRONMENT: { value: SECRET_PLACES[1], description: 'In an environment variable of the gateway.' },
      FILE: { value: SECRET_PLACES[2], description: 'In a file of the gateway’s machine.' },
    },
  });
  return addEntity<Secret>(builder, shared, {
    name: 'Secret',
    plural: 'Secrets',
    description:
      'A credential of the configuration, which names it as `$' +
      '{secrets.name}`. Its value can be given and changed, and never read.',
    entity: secrets,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      description: t.exposeString('description', { description: 'What it is for.' }),
      place: t.field({ type: place, description: 'Where it is.', resolve: ({ place }) => place }),
      reference: t.string({
        nullable: true,
        description: 'Name of the variable, or path of the file; null for one in the store.',
        resolve: ({ place, content }) => (place === 'value' ? null : content),
      }),
      lastFour: t.exposeString('lastFour', {
        description: 'Its last four characters; empty for one shorter than twelve, or elsewhere.',
      }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Letters, digits, _ and -.' }),
      description: t.string({ description: 'What it is for.' }),
      value: t.string({ description: 'The secret itself.' }),
      environment: t.string({
        description: 'Name of an environment variable of the gateway. For platform administrators.',
      }),
      file: t.string({ description: 'Path of a file on the gateway’s machine. For platform administrators.' }),
    }),
    updateInput: (t) => ({
      description: t.string({ description: 'What it is for.' }),
      value: t.string({ description: 'The secret itself.' }),
      environment: t.string({
        description: 'Name of an environment variable of the gateway. For platform administrators.',
      }),
      file: t.string({ description: 'Path of a file on the gateway’s machine. For platform administrators.' }),
    }),
  });
}
