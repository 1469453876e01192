import { expect, it } from 'vitest';
import { createTenant } from '../utils/control-admin.ts';
import { describeControlStores } from '../utils/control-stores.ts';

describeControlStores('a tenant of the admin schema', (store) => {
  it('runs no code of a package in the gateway, whatever it calls its provider', async () => {
    const gateway = await store.start();
    const acme = await createTenant(gateway, 'acme');
    const publish = async (name: string, options: object) => {
      const mutation =
        'mutation($i: ProviderInput!) { publishProvider(input: $i, message: "m") { errors { path message } } }';
      return (await acme.try(mutation, { i: { name, options } })).text;
    };
    const refused = /is spoken with by a package, whose code would run in the gateway/;
    expect(await publish('mine', { dialect: 'ai-sdk', package: '@ai-sdk/cohere', apiKey: 'k' })).toMatch(refused);
    expect(await publish('mine', { preset: 'bedrock', apiKey: 'k' })).toMatch(refused);
    expect(await publish('bedrock', { apiKey: 'k' })).toMatch(refused);
    expect(await publish('mine', { preset: 'openai', apiKey: 'k' })).not.toMatch(/would run/);
  });
});
