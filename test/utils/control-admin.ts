import type { ControlGateway, GraphqlAnswer } from './control-gateway.ts';

/** What administrators do, through the admin schema alone. Mistakes are errors. */
export interface Administrator {
  /** Runs one mutation, and gives its payload. @throws Error with the user errors */
  run(mutation: string, variables?: object): Promise<Record<string, never>>;
  /** The same, whatever comes of it. */
  try(query: string, variables?: object): Promise<GraphqlAnswer>;
  query(query: string, variables?: object): Promise<Record<string, never>>;
  publishSource(name: string, options: object, document?: { name: string; text: string }): Promise<void>;
  createApp(name: string, input?: object): Promise<{ readonly id: string; readonly version: number }>;
  createKey(
    app: string,
    name: string,
    input?: object,
  ): Promise<{ readonly id: string; readonly secret: string; readonly version: number }>;
  publishProduct(name: string, input: object): Promise<{ readonly id: string; readonly version: number }>;
  requestGrant(app: string, product: string, plan?: string): Promise<string>;
  approve(grant: string): Promise<void>;
  revokeGrant(grant: string): Promise<void>;
}

export interface TenantAdministrator extends Administrator {
  readonly tenant: string;
  readonly token: string;
}

export function administrator(gateway: ControlGateway, token?: string): Administrator {
  const ask = (query: string, variables?: object) => gateway.admin(query, variables, token);
  const query = async (text: string, variables?: object) => {
    const { data, errors } = await ask(text, variables);
    if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join(' '));
    return data as unknown as Record<string, never>;
  };
  const run = async (text: string, variables?: object) => {
    const data = await query(text, variables);
    const [payload] = Object.values(data) as unknown as { errors: { path: string[]; message: string }[] }[];
    if (payload === undefined || payload.errors.length > 0)
      throw new Error(payload?.errors.map(({ path, message }) => `${path.join('.')}: ${message}`).join(' '));
    return payload as unknown as Record<string, never>;
  };
  const errors = 'errors { path message code }';
  return {
    run,
    query,
    try: ask,
    async publishSource(name, options, document) {
      await run(`mutation($input: SourceInput!) { publishSource(input: $input, message: "by a test") { ${errors} } }`, {
        input: { name, options, ...(document === undefined ? {} : { document }) },
      });
    },
    async createApp(name, input = {}) {
      const { app } = await run(
        `mutation($input: CreateAppInput!) { createApp(input: $input) { app { id version } ${errors} } }`,
        {
          input: { name, ...input },
        },
      );
      return app as never;
    },
    async createKey(app, name, input = {}) {
      const made = await run(
        `mutation($app: ID!, $input: CreateApiKeyInput!) {
          createApiKey(app: $app, input: $input) { apiKey { id version } secret ${errors} }
        }`,
        { app, input: { name, ...input } },
      );
      return { ...(made.apiKey as unknown as object), secret: made.secret } as never;
    },
    async publishProduct(name, input) {
      const { product } = await run(
        `mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id version } ${errors} } }`,
        { input: { name, visibility: 'LISTED', ...input } },
      );
      const published = await run(
        `mutation($id: ID!, $version: Int!) { publishProduct(id: $id, version: $version) { product { id version } ${errors} } }`,
        product,
      );
      return published.product as never;
    },
    async requestGrant(app, product, plan) {
      const { grant } = await run(
        `mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } ${errors} } }`,
        { input: { app, product, reason: 'please', ...(plan === undefined ? {} : { plan }) } },
      );
      return (grant as unknown as { id: string }).id;
    },
    async approve(id) {
      await run(`mutation($id: ID!) { approveGrant(id: $id, comment: "ok") { ${errors} } }`, { id });
    },
    async revokeGrant(id) {
      await run(`mutation($id: ID!) { revokeGrant(id: $id) { ${errors} } }`, { id });
    },
  };
}

/** A tenant with an owner. */
export async function createTenant(
  gateway: ControlGateway,
  name: string,
  input: object = {},
): Promise<TenantAdministrator> {
  const platform = administrator(gateway);
  const { tenant } = (await platform.run(
    'mutation($input: CreateTenantInput!) { createTenant(input: $input) { tenant { id } errors { path message } } }',
    { input: { name, network: 'ANY', ...input } },
  )) as unknown as { tenant: { id: string } };
  const { user } = (await platform.run(
    `mutation($tenant: ID, $input: CreateUserInput!) {
      createUser(tenant: $tenant, input: $input) { user { id } errors { path message } }
    }`,
    { tenant: tenant.id, input: { name: `owner@${name}.example`, roles: ['OWNER'] } },
  )) as unknown as { user: { id: string } };
  const { secret } = (await platform.run(
    'mutation($user: ID!) { createUserToken(user: $user, input: { name: "t" }) { secret errors { path message } } }',
    { user: user.id },
  )) as unknown as { secret: string };
  return { ...administrator(gateway, secret), tenant: tenant.id, token: secret };
}
