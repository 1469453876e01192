import { z } from 'zod';
import { userError } from '../errors.ts';
import { type Delivery, EVENT_TYPES, type Webhook } from '../models/webhook.ts';
import { demand } from '../permissions.ts';
import type { SecretContext } from '../secrets/encryption.ts';
import { newSecret } from '../secrets/new-secret.ts';
import { change } from './change.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { check, defineEntity } from './entity.ts';
import { listOf, slug } from './inputs.ts';

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2_000, 'must have 2,000 characters at the most')
  .refine((text) => URL.canParse(text) && new URL(text).username === '', 'must have no user information');
const events = listOf(z.enum(EVENT_TYPES)).optional();
const create = z.strictObject({ name: slug, url, events });
const update = z.strictObject({ name: slug.optional(), url: url.optional(), events });

export interface MadeWebhook {
  readonly webhook: Webhook;
  /** What calls are signed with. Shown once. */
  readonly secret: string;
}

const entity = defineEntity<Webhook, never, z.infer<typeof update>>({
  name: 'webhook',
  nameOf: (webhook) => webhook.name,
  collection: (store) => store.webhooks,
  write: 'configuration',
  create: z.never(),
  update,
  make() {
    throw new Error('Webhooks are made with their secret.');
  },
});

export const webhooks = {
  ...entity,
  /** Makes a webhook, and what its calls are signed with. */
  async createWithSecret(context: AdminContext, input: unknown, tenant?: string | null): Promise<MadeWebhook> {
    demand(context.actor, 'configuration');
    const { _id, name: tenantName } = await tenantFor(context, tenant);
    const { name, url, events = [] } = check(create, input);
    const { text } = newSecret('skein_webhook');
    const record = { tenant: _id, name, url, events, secret: context.ports.encrypt(text, secretContext(tenantName)) };
    const told = { action: 'webhook.create', tenant: _id, entity: '', entityName: name };
    return change(context, { ...told, after: record }, async () => ({
      webhook: await context.store.webhooks.insert({ all: false, tenant: _id }, record),
      secret: text,
    }));
  },
  /** Gives the webhook another secret, at once. */
  async rotateSecret(context: AdminContext, id: string, version: number): Promise<MadeWebhook> {
    demand(context.actor, 'configuration');
    const webhook = await entity.need(context, id);
    if (webhook.version !== version)
      throw userError('STALE', ['version'], `It has version ${webhook.version} now. Read it again.`);
    const { name: tenantName } = await tenantFor(context, webhook.tenant);
    const { text } = newSecret('skein_webhook');
    const secret = context.ports.encrypt(text, secretContext(tenantName));
    return { webhook: await entity.write(context, webhook, 'rotateSecret', { secret }), secret: text };
  },
};

/** What their secrets are encrypted as: webhooks may be renamed, so it is the same for all of a tenant. */
export const WEBHOOK_SECRET = 'webhook';

export function secretContext(tenantName: string): SecretContext {
  return { tenantName, secretName: WEBHOOK_SECRET };
}

export const deliveries = defineEntity<Delivery, never, never>({
  name: 'delivery',
  nameOf: ({ type }) => type,
  collection: (store) => store.deliveries,
  write: 'configuration',
  create: z.never(),
  update: z.never(),
  make() {
    throw new Error('Events make deliveries.');
  },
});
