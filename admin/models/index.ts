import type { Connection, Model } from 'mongoose';
import { type ApiKey, type App, apiKeySchema, appSchema } from './app.ts';
import { type AuditEntry, auditSchema } from './audit.ts';
import { type Feedback, feedbackSchema } from './feedback.ts';
import { type Grant, grantSchema, type Plan, type Product, planSchema, productSchema } from './product.ts';
import { documentSchema, type Resource, resourceSchema, type StoredDocument } from './resource.ts';
import { type Revision, revisionSchema } from './revision.ts';
import { type Secret, secretSchema } from './secret.ts';
import { type Tenant, tenantSchema } from './tenant.ts';
import { type User, type UserToken, userSchema, userTokenSchema } from './user.ts';
import { type Delivery, deliverySchema, type Webhook, webhookSchema } from './webhook.ts';

/** Everything the control plane keeps, by collection. */
export interface Records {
  tenants: Tenant;
  users: User;
  tokens: UserToken;
  apps: App;
  keys: ApiKey;
  resources: Resource;
  documents: StoredDocument;
  revisions: Revision;
  products: Product;
  plans: Plan;
  grants: Grant;
  secrets: Secret;
  audit: AuditEntry;
  webhooks: Webhook;
  deliveries: Delivery;
  feedback: Feedback;
}
export type CollectionName = keyof Records;

/** Collection → its schema, and how its ids begin. */
export const COLLECTIONS = {
  tenants: { schema: tenantSchema, prefix: 'ten' },
  users: { schema: userSchema, prefix: 'usr' },
  tokens: { schema: userTokenSchema, prefix: 'tok' },
  apps: { schema: appSchema, prefix: 'app' },
  keys: { schema: apiKeySchema, prefix: 'key' },
  resources: { schema: resourceSchema, prefix: 'res' },
  documents: { schema: documentSchema, prefix: 'doc' },
  revisions: { schema: revisionSchema, prefix: 'rev' },
  products: { schema: productSchema, prefix: 'prd' },
  plans: { schema: planSchema, prefix: 'pln' },
  grants: { schema: grantSchema, prefix: 'grt' },
  secrets: { schema: secretSchema, prefix: 'sec' },
  audit: { schema: auditSchema, prefix: 'aud' },
  webhooks: { schema: webhookSchema, prefix: 'whk' },
  deliveries: { schema: deliverySchema, prefix: 'dlv' },
  feedback: { schema: feedbackSchema, prefix: 'fdb' },
} as const satisfies Record<CollectionName, { schema: unknown; prefix: string }>;

export type Models = { readonly [Name in CollectionName]: Model<Records[Name]> };

export function createModels(connection: Connection): Models {
  const models: Partial<Record<CollectionName, unknown>> = {};
  for (const [name, { schema }] of Object.entries(COLLECTIONS)) {
    models[name as CollectionName] = connection.model(name, schema, name);
  }
  return models as Models;
}
