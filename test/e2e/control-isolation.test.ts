import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { createTenant, type TenantAdministrator } from '../utils/control-admin.ts';
import { catalogDocument, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';

const SOON = { timeout: 15_000, interval: 50 };

describeControlStores('a tenant', (store) => {
  const mistakes = async (of: TenantAdministrator, kind: string, name: string, options: object, document?: object) => {
    const { text } = await of.try(
      `mutation($i: ${kind}Input!) { publish${kind}(input: $i, message: "m") { errors { path message } } }`,
      { i: { name, options, ...(document === undefined ? {} : { document }) } },
    );
    return text;
  };

  it('reads no variable, no file and no secret that is not its own', async () => {
    const gateway = await store.start({ env: { PLANTED: 'planted-variable' } });
    const file = join(await store.folder(), 'planted.yaml');
    await writeFile(file, `${catalogDocument('http://127.0.0.1:9')}\n# planted-content`);
    const acme = await createTenant(gateway, 'acme');
    const beta = await createTenant(gateway, 'beta');
    await acme.run('mutation { createSecret(input: { name: "key", value: "planted-secret" }) { errors { message } } }');
    const endpoint = 'http://127.0.0.1:9/';
    const document = { name: 'c.yaml', text: catalogDocument(endpoint) };
    const rest = { kind: 'openapi', document: 'c.yaml', endpoint };
    const wsdl = (location: string) => ({
      name: 'c.wsdl',
      text: `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" name="a"><import namespace="x" location="${location}"/></definitions>`,
    });
    const refused: [object, object?][] = [
      [{ ...rest, headers: { 'x-a': '${PLANTED}' } }, document],
      [{ ...rest, headers: { 'x-a': '${secrets.key}' } }, document],
      [{ ...rest, document: file }],
      [{ ...rest, document: '../planted.yaml' }],
      [{ ...rest, document: 'file:///etc/hostname' }],
      [{ ...rest, tls: { ca: file } }, document],
      [{ ...rest, document: 'https://catalog.example/a.yaml', documentTls: { ca: file } }],
      [{ kind: 'grpc', endpoint: '127.0.0.1:9', document: file }],
      [
        { kind: 'grpc', endpoint: '127.0.0.1:9', document: 'a.proto', includeDirs: ['/'] },
        { name: 'a.proto', text: 'syntax = "proto3"; import "etc/hostname";' },
      ],
      [{ kind: 'federation', supergraph: file }],
      [{ kind: 'graphql', endpoint, document: file }],
      [{ kind: 'soap', document: 'c.wsdl' }, wsdl(file)],
      [{ kind: 'soap', document: 'c.wsdl' }, wsdl('../../../planted.yaml')],
    ];
    for (const [options, given] of refused) {
      const text = await mistakes(beta, 'Source', 'tried', options, given);
      expect(text).toMatch(/"message"/);
      expect(text).not.toMatch(/planted-(variable|secret|content)/);
    }
    for (const place of ['environment: "PLANTED"', `file: ${JSON.stringify(file)}`]) {
      const { text } = await beta.try(`mutation { createSecret(input: { name: "a", ${place} }) { errors { code } } }`);
      expect(text).toMatch(/FORBIDDEN/);
    }
    expect(await mistakes(beta, 'Provider', 'p', { dialect: 'openai', endpoint, apiKey: '${PLANTED}' })).toMatch(
      /PLANTED/,
    );
    expect(gateway.stderr()).not.toMatch(/planted-(variable|secret|content)/);
  });

  it('that is held to public addresses reaches no other, not for documents, calls or models', async () => {
    const catalog = await startCatalog();
    const gateway = await store.start();
    const gamma = await createTenant(gateway, 'gamma', { network: 'PUBLIC' });
    const { port } = new URL(catalog.url);
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::ffff:127.0.0.1]']) {
      const document = `http://${host}:${port}/products`;
      const told = [
        await mistakes(gamma, 'Source', 'by-url', { kind: 'openapi', document, endpoint: 'https://catalog.example/' }),
        await mistakes(gamma, 'Source', 'asked', { kind: 'graphql', endpoint: `http://${host}:${port}/graphql` }),
        await mistakes(gamma, 'Source', 'soap', { kind: 'soap', document: `http://${host}:${port}/a.wsdl` }),
      ];
      // What names stand for is the operator's to know; an address says it itself.
      expect(told.join()).not.toMatch(
        host === 'localhost' ? /private|loopback|stands for|ECONN|ENOTFOUND/ : /stands for|ECONN|ENOTFOUND/,
      );
    }
    const options = { ...catalog.options, endpoint: `http://localhost:${port}`, upstream: { network: 'any' } };
    await mistakes(gamma, 'Source', 'called', options, catalog.document);
    const provider = { dialect: 'openai', endpoint: `http://localhost:${port}/v1`, apiKey: 'k' };
    await mistakes(gamma, 'Provider', 'stub', provider);
    await mistakes(gamma, 'Model', 'small', { provider: 'stub', model: 'small-1' });
    await mistakes(gamma, 'Route', 'default', ['small']);
    await mistakes(gamma, 'Prompt', 'say', { template: 'Say it.' });
    const app = await gamma.createApp('a');
    const { secret } = await gamma.createKey(app.id, 'k');
    await vi.waitFor(
      async () =>
        expect((await gateway.ask(secret, '{ products { sku } }')).errors?.[0]?.extensions.code).toBe(
          'UPSTREAM_UNREACHABLE',
        ),
      SOON,
    );
    await vi.waitFor(
      async () =>
        expect((await gateway.ask(secret, 'mutation { say }')).errors?.[0]?.extensions.code).toBe(
          'UPSTREAM_UNREACHABLE',
        ),
      SOON,
    );
    await gamma.run(
      'mutation($input: CreateSourceInput!) { createSource(input: $input) { errors { path message } } }',
      {
        input: { name: 'tried', options: { kind: 'graphql', endpoint: `http://localhost:${port}/graphql` } },
      },
    );
    const { text } = await gamma.try('mutation { validateConfiguration { preview { notices } errors { message } } }');
    expect(text).toContain('It cannot be reached from the public network.');
    expect(text).not.toMatch(/private|loopback|stands for|ECONN|ENOTFOUND/);
    expect(gateway.stderr()).toContain('The name localhost stands for');
    expect(catalog.requests).toEqual([]);
    await catalog.close();
  });
});
