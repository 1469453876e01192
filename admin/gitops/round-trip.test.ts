import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { emptyStore, gitopsContext, seed } from '../../test/utils/gitops.ts';
import { SYSTEM } from '../actor.ts';
import { hashSecret } from '../secrets/new-secret.ts';
import type { Store } from '../store/store.ts';
import { applyState } from './apply.ts';
import { exportState } from './export.ts';
import { diffState } from './plan.ts';

describeStores('the state of the control plane', (plane) => {
  let other: Store;
  beforeEach(async () => {
    other = await emptyStore();
  });
  afterEach(() => other.close());

  test('comes back byte for byte from an empty store that it was applied to', async () => {
    await seed(gitopsContext(other));
    const text = await exportState(gitopsContext(other));
    const context = gitopsContext(plane().store);
    const { changes, unchanged } = await applyState(context, text);
    expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(['created']));
    expect(unchanged).toBe(0);
    expect(await exportState(context)).toBe(text);
    expect(text.replace(/(hash|prefix|encrypted): \S+/g, '$1: …')).toMatchInlineSnapshot(`
      "# The state of the control plane. "skein diff --state FILE" shows what "skein apply --file FILE" would change.
      allTenants: true
      tenants:
        acme:
          title: 'Acme: "yes"'
          description: |-
            Two
            lines
          rates:
            - limit: 100
              windowSeconds: 60
            - limit: 5
              windowSeconds: 1
              field: Query.products
          users:
            ann@acme.example:
              title: Ann
              roles:
                - owner
                - approver
            bob@acme.example:
              roles:
                - developer
          apps:
            internal:
              rates:
                - limit: 100
                  windowSeconds: 60
                - limit: 5
                  windowSeconds: 1
                  field: Query.products
          plans:
            free: {}
            gold:
              title: Gold
              rates:
                - limit: 100
                  windowSeconds: 60
                - limit: 5
                  windowSeconds: 1
                  field: Query.products
          products:
            catalog:
              title: Catalog
              description: All that is sold.
              tags:
                - shop
                - b2b
              owner: sales
              state: published
              visibility: public
              approval: required
              fields:
                - Query.products
                - Product.*
              plans:
                - gold
                - free
            idea:
              state: draft
              visibility: private
              approval: required
              fields:
                - Query.idea
            old:
              state: deprecated
              visibility: private
              approval: automatic
              fields:
                - Query.old
              sunsetAt: 2030-01-02T00:00:00.000Z
          secrets:
            fromEnvironment:
              environment: STRIPE_KEY
            fromFile:
              file: /run/secrets/stripe
            stripe:
              description: Payments
              encrypted: …
              lastFour: "6789"
          sources:
            catalog:
              document: openapi.yaml
              headers:
                authorization: \${secrets.stripe}
              kind: openapi
          links:
            Review.product:
              args:
                "10":
                  - 1.5
                  - -0.25
                  - null
                  - true
                  - "1e3"
                <<: yes
                id: $id
              field: productById
              source: catalog
          prompts:
            say:
              input:
                what: String!
              model: small
              template: "Say {{ what }}\\r\\nin one line: \\"---\\"\\n\\n"
          documents:
            sources:
              catalog:
                openapi.yaml: |
                  openapi: 3.1.0
                  info:
                    title: Catalogue — "all of it"
                    description: |
                      Lines end  
                      	with spaces, and begin with tabs.
                  paths: {}
        default:
          network: any
        globex:
          network: any
          apps:
            web:
              title: Web
              keys:
                Main key:
                  hash: …
                  prefix: …
                  expiresAt: 2030-01-01T00:00:01.000Z
                  products:
                    - acme/catalog
                  origins:
                    - https://shop.example
                  cidrs:
                    - 10.0.0.0/8
                    - ::1
                  rates:
                    - limit: 100
                      windowSeconds: 60
                    - limit: 5
                      windowSeconds: 1
                      field: Query.products
                other:
                  hash: …
                  prefix: …
              grants:
                acme/catalog:
                  plan: gold
                  state: approved
                  reason: We sell it, too.
                  comment: Welcome
                acme/old:
                  state: approved
      "
    `);
  });

  test('is the same from the store that it came from, whatever is left out of it', async () => {
    await seed(gitopsContext(plane().store));
    const context = gitopsContext(plane().store);
    const text = await exportState(context);
    const before = await plane().dump();
    const { changes } = await applyState(context, text, { prune: true });
    expect(changes).toEqual([]);
    expect(await diffState(context, text, { prune: true })).toMatchObject({ changes: [], breaking: [] });
    expect(await plane().dump()).toEqual(before);
  });

  test('makes no revision and no entry in the audit log when it is applied again', async () => {
    await seed(gitopsContext(other));
    const text = await exportState(gitopsContext(other));
    const context = gitopsContext(plane().store);
    await applyState(context, text, { message: 'from git' });
    const before = await plane().dump();
    expect(before.audit?.length).toBeGreaterThan(10);
    expect((await applyState(context, text, { prune: true })).changes).toEqual([]);
    expect(await plane().dump()).toEqual(before);
  });

  test('keeps keys and secrets, though nobody can read them in it', async () => {
    const { key } = await seed(gitopsContext(other));
    const text = await exportState(gitopsContext(other));
    expect(text).not.toContain(key);
    expect(text).not.toContain('sk_live_123456789');
    const context = gitopsContext(plane().store);
    await applyState(context, text);
    const found = await plane().store.keys.find({ all: true }, { hash: hashSecret(key) });
    expect(found).toMatchObject({ name: 'Main key', revokedAt: null, cidrs: ['10.0.0.0/8', '::1'] });
    const grants = await plane().store.grants.all({ all: true }, {});
    expect(grants.map(({ state }) => state).sort()).toEqual(['approved', 'approved']);
    expect(found?.products).toEqual([grants.find(({ plan }) => plan !== null)?.product]);
    const secret = await plane().store.secrets.find({ all: true }, { name: 'stripe' });
    expect(context.ports.opens?.(secret?.content ?? '', { tenantName: 'acme', secretName: 'stripe' })).toBe('yes');
    expect(context.ports.opens?.(secret?.content ?? '', { tenantName: 'globex', secretName: 'stripe' })).toBe('no');
  });

  test('of one tenant has nothing of the others, and changes nothing of them', async () => {
    await seed(gitopsContext(other));
    const context = gitopsContext(other);
    const text = await exportState(context, { tenants: ['acme'] });
    expect(text).not.toContain('allTenants');
    expect(text).not.toContain('globex');
    const here = gitopsContext(plane().store);
    await applyState(here, text);
    await applyState(here, await exportState(context, { tenants: ['globex'] }), { prune: true });
    expect(await exportState(here, { tenants: ['acme'] })).toBe(text);
  });

  test.each([1, 9, 18, 22, 24])(
    'is finished by applying it again, where it was interrupted after %i writes',
    async (most) => {
      await seed(gitopsContext(other));
      const text = await exportState(gitopsContext(other));
      const { store } = plane();
      let writes = 0;
      const failing = {
        ...store,
        audit: {
          ...store.audit,
          async insert(...args: Parameters<Store['audit']['insert']>) {
            writes += 1;
            if (writes > most) throw new Error('The process ends here.');
            return store.audit.insert(...args);
          },
        },
      };
      await expect(applyState(gitopsContext(failing), text)).rejects.toThrow('The process ends here.');
      await applyState(gitopsContext(store), text);
      expect(await exportState(gitopsContext(store))).toBe(text);
      expect((await applyState(gitopsContext(store), text)).changes).toEqual([]);
    },
  );

  test('is for platform administrators alone', async () => {
    await seed(gitopsContext(plane().store));
    const context = gitopsContext(plane().store);
    const tenant = (await plane().store.tenants.find({ all: true }, { name: 'acme' }))?._id ?? '';
    const owner = { ...context, actor: { ...SYSTEM, id: 'usr_1', tenant, roles: ['owner'] as const } };
    const before = await plane().dump();
    const text = 'tenants: {}';
    for (const work of [
      exportState(owner),
      exportState(owner, { tenants: ['acme'] }),
      applyState(owner, text),
      diffState(owner, text),
    ])
      await expect(work).rejects.toThrow('That is for platform administrators; you have owner.');
    expect(await plane().dump()).toEqual(before);
  });
});
