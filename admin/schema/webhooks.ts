import { DELIVERY_STATES, type Delivery, EVENT_TYPES, type Webhook } from '../models/webhook.ts';
import { deliveries, type MadeWebhook, webhooks } from '../stores/webhooks.ts';
import { type Builder, type Outcome, outcome, type Shared, withoutNulls } from './builder.ts';
import { addEntity } from './entity.ts';

const EVENT_DESCRIPTIONS: Readonly<Record<(typeof EVENT_TYPES)[number], string>> = {
  'grant.request': 'An app asked for access to a product.',
  'grant.approve': 'An app was given access to a product.',
  'grant.reject': 'An app was refused access to a product.',
  'grant.revoke': 'Access to a product was taken away.',
  'product.publish': 'A product was published.',
  'product.deprecate': 'A product was deprecated.',
  'product.retire': 'A product was retired.',
  'configuration.publish': 'A revision was published.',
  'configuration.rollBack': 'An earlier revision was published again.',
  'key.create': 'A key was made.',
  'key.rotate': 'A key was replaced.',
  'key.revoke': 'A key was revoked.',
};

export function addWebhooks(builder: Builder, shared: Shared) {
  const type = builder.enumType('EventType', {
    description: 'What webhooks are told of.',
    values: Object.fromEntries(
      EVENT_TYPES.map((value) => [
        value
          .replace(/([A-Z])/g, '_$1')
          .replace('.', '_')
          .toUpperCase(),
        { value, description: EVENT_DESCRIPTIONS[value] },
      ]),
    ) as Record<string, { value: (typeof EVENT_TYPES)[number]; description: string }>,
  });
  const webhook = addEntity<Webhook>(builder, shared, {
    name: 'Webhook',
    plural: 'Webhooks',
    description:
      'An address that is told of events of its tenant, by POST with JSON. `Skein-Signature` has the time and the HMAC-SHA256 of time, dot and body: `t=…,v1=…`.',
    entity: webhooks,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      url: t.exposeString('url', { description: 'Where events are sent.' }),
      events: t.field({
        type: [type],
        description: 'What it is told of. Empty: everything.',
        resolve: ({ events }) => [...events],
      }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      url: t.string({ description: 'Where events are sent: an http or https URL.' }),
      events: t.field({ type: [type], description: 'What it is told of. Empty: everything.' }),
    }),
  });
  const input = builder.inputType('CreateWebhookInput', {
    description: 'A new webhook.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      url: t.string({ required: true, description: 'Where events are sent: an http or https URL.' }),
      events: t.field({ type: [type], description: 'What it is told of. Default: everything.' }),
    }),
  });
  const made = builder.objectRef<Outcome<MadeWebhook>>('NewWebhookPayload').implement({
    description: 'A webhook and what its calls are signed with.',
    fields: (t) => ({
      webhook: t.field({
        type: webhook,
        nullable: true,
        description: 'The webhook; null where there are mistakes.',
        resolve: ({ value }) => value?.webhook ?? null,
      }),
      secret: t.string({
        nullable: true,
        description: 'What its calls are signed with. It is shown now and never again.',
        resolve: ({ value }) => value?.secret ?? null,
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  builder.mutationFields((t) => ({
    createWebhook: t.field({
      type: made,
      description: 'Makes a webhook. What its calls are signed with is in the answer, this once.',
      args: {
        tenant: t.arg.id({ description: 'Id or name of the tenant it is made in, for platform administrators.' }),
        input: t.arg({ type: input, required: true, description: 'The new webhook.' }),
      },
      resolve: (_root, { tenant, input }, context) =>
        outcome(() => webhooks.createWithSecret(context, withoutNulls(input), tenant ?? null)),
    }),
    rotateWebhookSecret: t.field({
      type: made,
      description: 'Signs its calls with another secret from now on.',
      args: {
        id: t.arg.id({ required: true, description: 'Its id.' }),
        version: t.arg.int({ required: true, description: 'The version that was seen.' }),
      },
      resolve: (_root, { id, version }, context) => outcome(() => webhooks.rotateSecret(context, id, version)),
    }),
  }));
  addDeliveries(builder, shared);
}

function addDeliveries(builder: Builder, shared: Shared) {
  const state = builder.enumType('DeliveryState', {
    description: 'What became of an event on its way to a webhook.',
    values: {
      WAITING: { value: DELIVERY_STATES[0], description: 'It is tried, or tried again.' },
      DELIVERED: { value: DELIVERY_STATES[1], description: 'It was answered with a status from 200 to 299.' },
      GIVEN_UP: { value: DELIVERY_STATES[2], description: 'It was tried for a day, and is not tried again.' },
    },
  });
  addEntity<Delivery>(builder, shared, {
    name: 'Delivery',
    plural: 'Deliveries',
    description: 'One event on its way to one webhook.',
    entity: deliveries,
    isNamed: false,
    canArchive: false,
    where: (t) => ({
      webhook: t.id({ description: 'Id of the webhook.' }),
    }),
    fields: (t) => ({
      webhook: t.id({ description: 'Id of the webhook.', resolve: ({ webhook }) => webhook }),
      event: t.id({ description: 'Id of the entry of the audit log.', resolve: ({ event }) => event }),
      type: t.exposeString('type', { description: 'What happened, e.g. `grant.approve`.' }),
      state: t.field({ type: state, description: 'What became of it.', resolve: ({ state }) => state }),
      attempts: t.exposeInt('attempts', { description: 'How often it was tried.' }),
      nextAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it is tried next; null: it is not.',
        resolve: ({ nextAt }) => nextAt,
      }),
      answer: t.exposeString('answer', { description: 'Status or reason of the last attempt.' }),
    }),
  });
}
