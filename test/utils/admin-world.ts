import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import type { ApiKey, App } from '../../admin/models/app.ts';
import type { Feedback } from '../../admin/models/feedback.ts';
import type { Grant, Plan, Product } from '../../admin/models/product.ts';
import { RESOURCE_KINDS, type Resource, type ResourceKind } from '../../admin/models/resource.ts';
import type { Secret } from '../../admin/models/secret.ts';
import type { UsageRecord } from '../../admin/models/usage.ts';
import type { User, UserToken } from '../../admin/models/user.ts';
import type { Delivery, Webhook } from '../../admin/models/webhook.ts';
import { KINDS } from '../../admin/schema/configuration/kinds.ts';
import { apps, keys } from '../../admin/stores/apps.ts';
import { judge } from '../../admin/stores/feedback.ts';
import { grants } from '../../admin/stores/grants.ts';
import { plans, products } from '../../admin/stores/products.ts';
import { resources } from '../../admin/stores/resources.ts';
import { revisions } from '../../admin/stores/revisions.ts';
import { secrets } from '../../admin/stores/secrets.ts';
import { tokens, users } from '../../admin/stores/users.ts';
import { webhooks } from '../../admin/stores/webhooks.ts';
import type { ControlPlane, Members } from './admin-suite.ts';
import { usageRecord } from './usage-record.ts';

/** A tenant that has one of everything. */
export interface World extends Members {
  /** What all its names begin with. */
  readonly mark: string;
  readonly user: User;
  readonly token: UserToken;
  readonly app: App;
  readonly key: ApiKey;
  readonly plan: Plan;
  readonly product: Product;
  readonly secret: Secret;
  readonly resources: Readonly<Record<ResourceKind, Resource>>;
  /** What another tenant asks of it. */
  readonly asked: Grant;
  readonly audit: string;
  /** Of a call of its app. */
  readonly usage: UsageRecord;
  /** What its app has said of the call. */
  readonly feedback: Feedback;
  readonly webhook: Webhook;
  readonly delivery: Delivery;
}

export function promptOptions(mark: string) {
  return { template: `${mark}-template {{ text }}`, input: { text: 'String!' } };
}

export async function furnish(plane: ControlPlane, mark: string, asker: Members): Promise<World> {
  const members = await plane.createTenant(mark);
  const owner = plane.as(members.actors.owner);
  const user = await users.create(owner, { name: `${mark}-guest`, roles: ['analyst'] });
  const { token } = await tokens.createFor(owner, user._id, { name: `${mark}-token` });
  const app = await apps.create(owner, { name: `${mark}-app` });
  const { key } = await keys.createFor(owner, app._id, { name: `${mark}-key` });
  const plan = await plans.create(owner, { name: `${mark}-plan` });
  const made = await products.create(owner, {
    name: `${mark}-product`,
    fields: ['Query.a'],
    plans: [plan._id],
    visibility: 'listed',
  });
  const offered = await products.moveTo(owner, made._id, 1, 'published');
  const foreign = await apps.create(plane.as(asker.actors.owner), { name: `asks-${mark}` });
  const asked = await grants.request(plane.as(asker.actors.owner), { app: foreign._id, product: made._id });
  const product = await products.update(owner, made._id, offered.version, { visibility: 'private' });
  const secret = await secrets.create(owner, { name: `${mark}-secret`, value: `${mark}-value` });
  const hook = { name: `${mark}-webhook`, url: `https://${mark}.example/events` };
  const { webhook } = await webhooks.createWithSecret(owner, hook);
  const delivery = await plane.store.deliveries.insert(
    { all: true },
    {
      ...{ tenant: members.tenant._id, webhook: webhook._id, event: 'aud_1', type: 'key.create' },
      ...{ state: 'waiting', attempts: 0, nextAt: null, answer: `${mark}-answer` },
    },
  );
  const entries: Partial<Record<ResourceKind, Resource>> = {};
  for (const kind of RESOURCE_KINDS)
    entries[kind] = await resources.save(owner, kind, {
      name: `${mark}-${kind}`,
      options: kind === 'prompts' ? promptOptions(mark) : { note: `${mark}-options` },
      ...(kind === 'sources' ? { document: { name: 'openapi.yaml', text: `${mark}-document` } } : {}),
    });
  await revisions.publish(owner, { message: `${mark}-message` });
  const { tenant } = members;
  const usage = usageRecord(new Date(owner.clock.now()), {
    ...{ tenant: tenant._id, app: app._id, key: key._id, requestId: `${mark}-request` },
    ...{ prompt: `${mark}-prompts`, promptVersion: `${mark}-version`, model: `${mark}-models` },
  });
  const byOthers = usageRecord(new Date(owner.clock.now()), {
    ...{ tenant: asker.tenant._id, app: foreign._id, key: `${mark}-foreign-key`, owner: tenant._id },
    ...{ product: made._id, grant: asked._id, prompt: `${mark}-prompts`, model: `${mark}-models` },
  });
  await plane.store.usage.write({ writer: mark, number: 1, records: [usage, byOthers] });
  const record = { ...usage, prompt: `${mark}-prompts` };
  const said = { by: `${mark}-by`, app: app._id, user: `${mark}-user`, score: 1, comment: `${mark}-comment` };
  const { feedback } = await judge(plane.store, { record, ...said });
  const audit = await plane.store.audit.find({ all: true }, { tenant: members.tenant._id });
  return {
    ...members,
    ...{ mark, user, token, app, key, plan, product, secret, asked, webhook, delivery },
    resources: entries as World['resources'],
    audit: audit?._id ?? '',
    ...{ usage, feedback },
  };
}

type Given = Readonly<Record<string, unknown>>;

/** For every field of the admin schema, arguments that name what there is of a tenant. */
export function argumentsOf(world: World): Readonly<Record<string, Given>> {
  const { tenant, user, token, app, key, plan, product, secret, asked, audit, usage, mark } = world;
  const of = { tenant: tenant._id };
  const known = ({ _id, version }: { _id: string; version: number }) => ({ id: _id, version });
  const entity = (
    name: string,
    record: { _id: string; version: number },
    create: Given | undefined,
    update: Given = {},
  ) => ({
    ...(create === undefined ? {} : { [`create${name}`]: { ...of, input: create } }),
    [`update${name}`]: { ...known(record), input: update },
    [`archive${name}`]: known(record),
    [`restore${name}`]: known(record),
  });
  const one = (name: string, record: { _id: string }) => ({ [name]: { id: record._id } });
  const prompt = world.resources.prompts.name;
  return {
    viewer: {},
    ...one('tenant', tenant),
    tenants: of,
    ...one('user', user),
    users: of,
    ...one('userToken', token),
    userTokens: { ...of, where: { user: user._id } },
    ...one('app', app),
    apps: of,
    ...one('apiKey', key),
    apiKeys: { ...of, where: { app: app._id } },
    ...one('plan', plan),
    plans: of,
    ...one('product', product),
    products: of,
    catalog: { search: mark },
    ...one('catalogProduct', product),
    ...one('grant', asked),
    grants: { ...of, where: { product: product._id } },
    ...one('secret', secret),
    secrets: of,
    ...one('auditEntry', { _id: audit }),
    auditEntries: of,
    usage: { ...of, groupBy: ['TENANT', 'DAY', 'MODEL'], where: { app: app._id } },
    ...one('usageRecord', usage),
    usageRecords: { ...of, where: { key: key._id } },
    productUsage: { ...of, product: product._id, groupBy: ['GRANT', 'APP', 'DAY', 'MODEL'], where: { app: asked.app } },
    promptVersionMetrics: { ...of, prompt: usage.prompt, groupBy: ['MODEL'] },
    promptFeedback: { ...of, where: { call: usage._id } },
    recountUsage: { from: '2030-01-01T00:00:00Z', until: '2030-01-02T00:00:00Z' },
    ...one('webhook', world.webhook),
    webhooks: of,
    ...one('delivery', world.delivery),
    deliveries: { ...of, where: { webhook: world.webhook._id } },
    revision: { ...of, number: 1 },
    revisions: of,
    compareRevisions: { ...of, from: 1, to: 1 },
    createTenant: { input: { name: 'made-by-walk' } },
    updateTenant: { ...known(tenant), input: { title: 'walked' } },
    archiveTenant: known(tenant),
    restoreTenant: known(tenant),
    ...entity('User', user, { name: 'walked', roles: ['ANALYST'] }, { title: 'walked' }),
    createUserToken: { user: user._id, input: { name: 'walked' } },
    revokeUserToken: { id: token._id },
    ...entity('App', app, { name: 'walked' }, { title: 'walked' }),
    createApiKey: { app: app._id, input: { name: 'walked', products: [product._id] } },
    updateApiKey: { ...known(key), input: { name: 'walked' } },
    rotateApiKey: { id: key._id },
    revokeApiKey: { id: key._id },
    ...entity('Plan', plan, { name: 'walked' }, { title: 'walked' }),
    ...entity('Product', product, { name: 'walked', fields: ['Query.a'], plans: [plan._id] }, { title: 'walked' }),
    publishProduct: known(product),
    withdrawProduct: known(product),
    deprecateProduct: known(product),
    retireProduct: known(product),
    requestGrant: { input: { app: app._id, product: product._id, reason: 'walked' } },
    approveGrant: { id: asked._id, comment: 'walked' },
    rejectGrant: { id: asked._id, comment: 'walked' },
    revokeGrant: { id: asked._id, comment: 'walked' },
    ...entity('Webhook', world.webhook, { name: 'walked', url: 'https://walked.example' }, { name: 'walked' }),
    rotateWebhookSecret: known(world.webhook),
    ...entity('Secret', secret, { name: 'walked', value: 'walked' }, { description: 'walked' }),
    ...Object.assign({}, ...RESOURCE_KINDS.map((kind) => entryArguments(world, kind))),
    exportState: { tenants: [tenant._id] },
    diffState: { text: `tenants: { ${tenant.name}: {} }` },
    applyState: { text: `tenants: { ${tenant.name}: { title: walked } }` },
    validateConfiguration: of,
    publishConfiguration: { ...of, message: 'walked' },
    rollBackConfiguration: { ...of, number: 1, message: 'walked' },
    addPromptVersion: { ...of, name: prompt, version: 'walked', input: { template: 'walked' } },
    releasePrompt: { ...of, name: prompt, release: [{ version: 'inline', weight: 1 }] },
    promotePromptVersion: { ...of, name: prompt, version: 'inline' },
    runPrompt: { ...of, name: prompt, input: {}, models: ['m'] },
  };
}

function entryArguments({ tenant, resources }: World, kind: ResourceKind): Record<string, Given> {
  const { type, plural } = KINDS[kind];
  const { _id, name, version } = resources[kind];
  const of = { tenant: tenant._id };
  const lower = (text: string) => `${text[0]?.toLowerCase()}${text.slice(1)}`;
  const input = { name, options: { note: 'walked' } };
  return {
    [lower(type)]: { id: _id },
    [`${lower(type)}ByName`]: { ...of, name },
    [lower(plural)]: of,
    [`create${type}`]: { ...of, input: { name: `walked-${kind}`, options: {} } },
    [`update${type}`]: { id: _id, version, input: { options: { note: 'walked' } } },
    [`archive${type}`]: { id: _id, version },
    [`restore${type}`]: { id: _id, version },
    [`validate${type}`]: { ...of, input },
    [`publish${type}`]: { ...of, version, input },
  };
}

/** Every query and mutation of the schema, as an operation that selects all there is. */
export function operationsOf(
  schema: GraphQLSchema,
): readonly { readonly kind: 'query' | 'mutation'; readonly field: string; readonly text: string }[] {
  return (['query', 'mutation'] as const).flatMap((kind) => {
    const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
    return Object.values(root?.getFields() ?? {}).map((field) => ({
      kind,
      field: field.name,
      text: operation(kind, field),
    }));
  });
}

function operation(kind: string, field: GraphQLField<unknown, unknown>): string {
  const variables = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const called = given === '' ? field.name : `${field.name}(${given})`;
  return `${kind}${variables === '' ? '' : `(${variables})`} { ${called}${selection(field, [])} }`;
}

const MOST_DEPTH = 7;

function selection(field: GraphQLField<unknown, unknown>, path: readonly GraphQLObjectType[]): string {
  const type = getNamedType(field.type);
  if (isLeafType(type) || !isObjectType(type)) return '';
  const inner = Object.values(type.getFields()).filter((candidate) => {
    const of = getNamedType(candidate.type);
    const isSeen = isObjectType(of) && (of === type || path.includes(of) || path.length > MOST_DEPTH);
    return !isSeen && !candidate.args.some(isRequiredArgument);
  });
  return ` { ${inner.map((candidate) => `${candidate.name}${selection(candidate, [...path, type])}`).join(' ')} }`;
}
