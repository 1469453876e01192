import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { administrator, createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { startTokenIssuer, type TokenIssuer } from '../utils/token-issuer.ts';

const VIEWER = '{ viewer { id name tenant roles } }';

describeControlStores('administrators who sign in elsewhere', (store) => {
  let issuer: TokenIssuer;
  let gateway: ControlGateway;
  let acme: TenantAdministrator;

  beforeEach(async () => {
    issuer = await startTokenIssuer();
    const jwt = `{ issuer: "${issuer.url}", audience: skein, claims: { tenant: org.name, roles: groups }, roles: { admins: admin, readers: analyst, ops: platform } }`;
    await writeFile(join(await store.folder(), 'skein.yaml'), `auth:\n  jwt:\n    - ${jwt}\n`);
    gateway = await store.start();
    acme = await createTenant(gateway, 'acme');
  });
  afterEach(() => issuer.close());

  const ask = async (token: string, query = VIEWER) => {
    const { status, data, errors } = await gateway.admin(query, {}, token);
    return { status, data: data as unknown, code: errors?.[0]?.extensions.code, message: errors?.[0]?.message };
  };
  const of = (tenant: string, groups: readonly string[] = [], more: object = {}) =>
    issuer.sign({ org: { name: tenant }, groups, ...more });
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('have the tenant and the roles that their claims say, and no more', async () => {
    const admin = await of('acme', ['admins', 'unknown'], { name: 'Ada', sub: 'ada' });
    expect(await ask(admin)).toMatchObject({
      status: 200,
      data: { viewer: { name: 'Ada', tenant: acme.tenant, roles: ['ADMIN'] } },
    });
    const made = 'mutation { createApp(input: { name: "by-token" }) { app { id } errors { code } } }';
    expect(await ask(admin, made)).toMatchObject({ data: { createApp: { errors: [] } } });
    const { auditEntries } = (await acme.query(
      '{ auditEntries(first: 1, sort: CREATED_DESC) { nodes { action actor actorName } } }',
    )) as never as { auditEntries: { nodes: object[] } };
    expect(auditEntries.nodes).toEqual([{ action: 'app.create', actor: `token: ${issuer.url} ada`, actorName: 'Ada' }]);
    // An analyst reads, and changes nothing.
    const reader = await of('acme', ['readers']);
    expect(await ask(reader)).toMatchObject({ data: { viewer: { roles: ['ANALYST'] } } });
    const refused = await ask(reader, made.replace('by-token', 'refused'));
    expect(JSON.stringify(refused)).toContain('FORBIDDEN');
    // Nothing of another tenant.
    await createTenant(gateway, 'beta');
    const other = await of('beta', ['admins']);
    expect(JSON.stringify(await ask(other, '{ apps { nodes { name } } }'))).not.toContain('by-token');
    expect(JSON.stringify(await ask(other, `{ tenant(id: "${acme.tenant}") { name } }`))).not.toContain('"acme"');
    // The platform is above all, by the role that says so alone.
    expect(await ask(await of('acme', ['ops']))).toMatchObject({ data: { viewer: { roles: ['PLATFORM'] } } });
    expect(await ask(await of('acme', ['platform']))).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(await ask(await of('nobody', ['admins']))).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('count as the user of their tenant whose name they have, as long as that is there', async () => {
    const claims = { sub: 'subject-7', email: 'ann@acme.example', email_verified: true };
    expect(await ask(await of('acme', [], claims))).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const { user } = (await acme.run(
      'mutation { createUser(input: { name: "ann@acme.example", roles: [DEVELOPER] }) { user { id version } errors { message } } }',
    )) as never as { user: { id: string; version: number } };
    await expect
      .poll(async () => ask(await of('acme', [], claims)))
      .toMatchObject({ data: { viewer: { id: user.id, roles: ['DEVELOPER'] } } });
    expect(await ask(await of('acme', [], { ...claims, email_verified: false }))).toMatchObject({ code: 'FORBIDDEN' });
    await acme.run(
      'mutation($id: ID!, $version: Int!) { archiveUser(id: $id, version: $version) { errors { message } } }',
      user,
    );
    await expect.poll(async () => ask(await of('acme', [], claims))).toMatchObject({ code: 'FORBIDDEN' });
    // Nor is it taken at the graph any more.
    const { errors } = await gateway.ask(await of('acme', ['admins'], claims), '{ __typename }');
    expect(errors?.[0]?.message).toBe('The user that the token is for is archived.');
  });

  it('are refused with what is expired, for others, unsigned, or signed with what everybody has', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: issuer.url,
      aud: 'skein',
      sub: 'eve',
      iat: now,
      exp: now + 300,
      org: { name: 'acme' },
      groups: ['ops'],
    };
    const { kid } = issuer.publicKey();
    const pem = createPublicKey({ key: issuer.publicKey() as JsonWebKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const signedWith = (key: string | Buffer) => {
      const text = `${base64({ alg: 'HS256', kid, typ: 'JWT' })}.${base64(claims)}`;
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    };
    const good = await of('acme', ['admins']);
    const [head = '', body = '', signature = ''] = good.split('.');
    const elsewhere = await startTokenIssuer();
    const tokens: Record<string, string> = {
      expired: await of('acme', ['admins'], { iat: now - 900, exp: now - 600 }),
      'not yet': await of('acme', ['admins'], { nbf: now + 600 }),
      'of another audience': await of('acme', ['admins'], { aud: 'other' }),
      'of no audience': await of('acme', ['admins'], { aud: null }),
      'without an end': await of('acme', ['admins'], { exp: null }),
      'without a subject': await of('acme', ['admins'], { sub: null }),
      'of another issuer': await elsewhere.sign({ org: { name: 'acme' }, groups: ['ops'] }),
      'in the name of the issuer': await elsewhere.sign(
        { iss: issuer.url, org: { name: 'acme' }, groups: ['ops'] },
        { kid },
      ),
      unsigned: `${base64({ alg: 'none', typ: 'JWT' })}.${base64(claims)}.`,
      'unsigned, with a key': `${base64({ alg: 'none', kid })}.${base64(claims)}.${signature}`,
      'signed with the public key': signedWith(pem),
      'signed with the public key, as JSON': signedWith(JSON.stringify(issuer.publicKey())),
      'with other claims': `${head}.${base64({ ...claims })}.${signature}`,
      'with a cut signature': `${head}.${body}.${signature.slice(0, -4)}`,
    };
    expect(await ask(good)).toMatchObject({ status: 200 });
    for (const [what, token] of Object.entries(tokens))
      expect([what, await ask(token)]).toMatchObject([what, { status: 401, code: 'UNAUTHENTICATED', data: undefined }]);
    await elsewhere.close();
  });

  it('sign in with a new key of their issuer, and with the old one as long as it is published', async () => {
    const old = await of('acme', ['admins']);
    expect(await ask(old)).toMatchObject({ status: 200 });
    await issuer.rotate('second');
    const fresh = await of('acme', ['admins']);
    // Asked for again soon: until then it is not known, which is no reason to ask each time.
    const asked = issuer.asked();
    await Promise.all(Array.from({ length: 20 }, () => ask(fresh)));
    expect(issuer.asked() - asked).toBeLessThanOrEqual(1);
    await vi.waitFor(async () => expect(await ask(fresh)).toMatchObject({ status: 200 }), {
      timeout: 60_000,
      interval: 1_000,
    });
    expect(await ask(await of('acme', ['readers']))).toMatchObject({ data: { viewer: { roles: ['ANALYST'] } } });
    expect(await ask(old)).toMatchObject({ status: 200 });
  });

  it('are told that it cannot be known now who they are, while their issuer does not answer', async () => {
    issuer.answerWith((_request, response) => response.writeHead(503).end());
    expect(await ask(await of('acme', ['admins']))).toMatchObject({ status: 503, code: 'IDENTITY_UNAVAILABLE' });
    issuer.answerWith(undefined);
    await vi.waitFor(async () => expect(await ask(await of('acme', ['admins']))).toMatchObject({ status: 200 }), {
      timeout: 15_000,
      interval: 250,
    });
    expect(await administrator(gateway).query(VIEWER)).toMatchObject({ viewer: { roles: ['PLATFORM'] } });
  });
});
