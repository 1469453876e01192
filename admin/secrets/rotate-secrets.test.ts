import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { gitopsContext } from '../../test/utils/gitops.ts';
import type { Store } from '../store/store.ts';
import { secrets } from '../stores/secrets.ts';
import { tenants } from '../stores/tenants.ts';
import { webhooks } from '../stores/webhooks.ts';
import { createEncryption } from './encryption.ts';
import { rotateSecrets } from './rotate-secrets.ts';

const [OLD, NEW] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const old = createEncryption({ key: OLD });
const both = createEncryption({ key: NEW, previous: [OLD] });

describeStores('rotation of secrets', (plane) => {
  async function make(store: Store) {
    const context = gitopsContext(store, old);
    const tenant = await tenants.create(context, { name: 'acme' });
    const made = [];
    for (const name of ['one', 'two', 'three'])
      made.push(await secrets.create(context, { name, value: `value of ${name}` }, tenant._id));
    await secrets.create(context, { name: 'elsewhere', environment: 'X' }, tenant._id);
    const [first] = made;
    await secrets.archive(context, first?._id ?? '', 1, true);
    return made;
  }
  const open = async (store: Store) =>
    (await store.secrets.all({ all: true }, { place: 'value' })).map(({ content, name }) =>
      createEncryption({ key: NEW }).decrypt(content, { tenantName: 'acme', secretName: name }),
    );

  test('encrypts all of them with the present key, archived ones too, and changes nothing a second time', async () => {
    const { store } = plane();
    await make(store);
    expect(await rotateSecrets(gitopsContext(store, both), both)).toEqual({ rotated: 3, unchanged: 0, failed: [] });
    expect(await open(store)).toEqual(['value of one', 'value of two', 'value of three']);
    const before = await plane().dump();
    expect(await rotateSecrets(gitopsContext(store, both), both)).toEqual({ rotated: 0, unchanged: 3, failed: [] });
    expect(await plane().dump()).toEqual(before);
  });

  test('encrypts what webhooks sign with, too', async () => {
    const { store } = plane();
    const tenant = await tenants.create(gitopsContext(store, old), { name: 'acme' });
    const input = { name: 'hook', url: 'https://hooks.example/' };
    const { webhook, secret } = await webhooks.createWithSecret(gitopsContext(store, old), input, tenant._id);
    expect(await rotateSecrets(gitopsContext(store, both), both)).toEqual({ rotated: 1, unchanged: 0, failed: [] });
    const content = (await store.webhooks.get({ all: true }, webhook._id))?.secret ?? '';
    const whose = { tenantName: 'acme', secretName: 'webhook' };
    expect(createEncryption({ key: NEW }).decrypt(content, whose)).toBe(secret);
    expect(await rotateSecrets(gitopsContext(store, both), both)).toEqual({ rotated: 0, unchanged: 1, failed: [] });
  });

  test('goes on where it was interrupted', async () => {
    const { store } = plane();
    await make(store);
    let writes = 0;
    const update: Store['secrets']['update'] = (...args) => {
      writes += 1;
      if (writes === 2) throw new Error('The process ends here.');
      return store.secrets.update(...args);
    };
    const failing = { ...store, secrets: { ...store.secrets, update } };
    await expect(rotateSecrets(gitopsContext(failing, both), both)).rejects.toThrow('The process ends here.');
    expect(await rotateSecrets(gitopsContext(store, both), both)).toEqual({ rotated: 2, unchanged: 1, failed: [] });
    expect(await open(store)).toHaveLength(3);
  });

  test('keeps what somebody gives at the same time', async () => {
    const { store } = plane();
    const [, , three] = await make(store);
    let isFirst = true;
    const update: Store['secrets']['update'] = async (scope, id, version, changes) => {
      if (id === three?._id && isFirst) {
        isFirst = false;
        await secrets.update(gitopsContext(store, old), id, version, { value: 'given anew' });
      }
      return store.secrets.update(scope, id, version, changes);
    };
    const racing = { ...store, secrets: { ...store.secrets, update } };
    expect(await rotateSecrets(gitopsContext(racing, both), both)).toMatchObject({ rotated: 3, failed: [] });
    expect(await open(store)).toEqual(['value of one', 'value of two', 'given anew']);
  });

  test('tells secrets that no key opens, and goes on with the others', async () => {
    const { store } = plane();
    const [, two] = await make(store);
    await store.secrets.touch(two?._id ?? '', { content: 'v1:AAAAAAAA:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAA' });
    const result = await rotateSecrets(gitopsContext(store, both), both);
    expect(result).toMatchObject({ rotated: 2, unchanged: 0 });
    expect(result.failed).toEqual([
      'The secret "two" of the tenant "acme" is encrypted with the key AAAAAAAA, which is not there. Add it to SKEIN_ENCRYPTION_KEY_PREVIOUS.',
    ]);
  });
});
