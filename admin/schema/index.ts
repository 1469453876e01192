import type { GraphQLSchema } from 'graphql';
import { addApps } from './apps.ts';
import { addAudit } from './audit.ts';
import { addShared, createBuilder } from './builder.ts';
import { addCatalog } from './catalog.ts';
import { addConfiguration } from './configuration/index.ts';
import { addGitops } from './gitops.ts';
import { addGrants } from './grants.ts';
import { addKeys } from './keys.ts';
import type { OptionTypes } from './options/option-type.ts';
import { addPlans } from './plans.ts';
import { addProducts } from './products.ts';
import { addRates } from './rates.ts';
import { addSecrets } from './secrets.ts';
import { addTenants } from './tenants.ts';
import { addUsage } from './usage.ts';
import { addUsers } from './users.ts';
import { addWebhooks } from './webhooks.ts';

/** The schema that administrators use, at `/admin/graphql`. `options` is what the entries of a configuration look like. */
export function createAdminSchema(options: OptionTypes): GraphQLSchema {
  const builder = createBuilder();
  const shared = addShared(builder);
  const rates = addRates(builder);
  addTenants(builder, shared, rates);
  addUsers(builder, shared);
  addApps(builder, shared, rates);
  addKeys(builder, shared, rates);
  addPlans(builder, shared, rates);
  const product = addProducts(builder, shared);
  addCatalog(builder, shared, product);
  addGrants(builder, shared);
  addConfiguration(builder, shared, options);
  addSecrets(builder, shared);
  addAudit(builder, shared);
  addUsage(builder, shared);
  addWebhooks(builder, shared);
  addGitops(builder, shared);
  return builder.toSchema();
}
