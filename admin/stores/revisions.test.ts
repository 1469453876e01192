import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, mistakes, refused, VALID } from '../../test/utils/admin-suite.ts';
import { TakenError } from '../store/collection.ts';
import { apps } from './apps.ts';
import { PublishRefused } from './commit.ts';
import { grants } from './grants.ts';
import type { Validation } from './ports.ts';
import { products } from './products.ts';
import { resources, stateOf } from './resources.ts';
import { readState, revisions } from './revisions.ts';

const BREAKING: Validation = {
  ...VALID,
  changes: {
    breaking: [{ path: 'Query.prices', message: 'Field prices was removed', type: 'FIELD_REMOVED' }],
    dangerous: [],
    safe: [],
  },
};

async function withDeveloper(plane: ControlPlane) {
  const members = await plane.createTenant('acme');
  return { ...members, developer: plane.as(members.actors.developer) };
}

/** All but what says that something was tried. */
const TRACES = ['audit', 'counters'];

describeStores('revisions', (plane) => {
  it('are numbered, with author and message, and have all of the working copy', async () => {
    const { developer, users } = await withDeveloper(plane());
    await resources.save(developer, 'sources', {
      name: 'a',
      options: { kind: 'openapi' },
      document: { name: 'a.yaml', text: 'A' },
    });
    await resources.save(developer, 'models', { name: 'm', options: {} });
    const { revision, preview } = await revisions.publish(developer, { message: 'the first' });
    expect(revision).toMatchObject({ number: 1, author: users.developer._id, message: 'the first', restores: null });
    expect(preview.entries.map(({ kind, name }) => `${kind}.${name}`)).toEqual(['sources.a', 'models.m']);
    expect(readState(revision)).toEqual({
      sources: { a: { options: { kind: 'openapi' }, document: expect.stringMatching(/^doc_/) } },
      models: { m: { options: {} } },
    });
    await resources.remove(developer, 'models', 'm', 1);
    expect((await revisions.publish(developer, {})).revision.number).toBe(2);
    expect(await mistakes(revisions.publish(developer, {}))).toEqual(['INVALID']);
    expect((await revisions.list(developer, {})).records.map(({ number }) => number)).toEqual([2, 1]);
    expect((await revisions.list(developer, { before: 2 })).records.map(({ number }) => number)).toEqual([1]);
    expect(await mistakes(revisions.get(developer, 3))).toEqual(['NOT_FOUND number']);
    expect(await mistakes(revisions.list(developer, { first: -1 }))).toEqual(['INVALID first']);
    expect(await revisions.compare(developer, 1, 2)).toEqual([
      { kind: 'models', name: 'm', before: { options: {} }, after: undefined },
    ]);
  });

  it('give what is validated the documents that the state names', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    await resources.save(developer, 'sources', { name: 'a', options: {}, document: { name: 'a.yaml', text: 'A' } });
    const seen: unknown[] = [];
    plane().ports.validate = async (request) => {
      seen.push([
        request.tenant._id,
        [...request.documents.values()].map(({ name, text }) => `${name} ${text}`).sort(),
      ]);
      return VALID;
    };
    const input = { name: 'b', options: {}, document: { name: 'b.yaml', text: 'B' } };
    await revisions.publish(developer, {});
    await revisions.previewEntry(developer, 'sources', input);
    expect(seen).toEqual([
      [tenant._id, ['a.yaml A']],
      [tenant._id, ['a.yaml A', 'b.yaml B']],
    ]);
    expect(await plane().store.documents.count({ all: true }, {})).toBe(1);
  });

  it('are not made where something is wrong, and all is as it was', async () => {
    const { developer } = await withDeveloper(plane());
    await revisions.publishEntry(developer, 'sources', { name: 'a', options: {} }, {});
    const before = await plane().dump();
    const wrong = { code: 'INVALID' as const, path: ['sources', 'b', 'document'], message: 'cannot be read' };
    plane().ports.validate = async () => ({ ...VALID, errors: [wrong, { ...wrong, path: ['links', 'c'] }] });
    const input = { name: 'b', options: {}, document: { name: 'b.yaml', text: 'B' } };
    expect(await refused(revisions.publishEntry(developer, 'sources', input, {}))).toHaveLength(2);
    expect(
      await mistakes(revisions.publishEntry(developer, 'sources', { name: '1', options: { wrong: 1 } }, {})),
    ).toEqual(['INVALID name', 'INVALID options.wrong']);
    plane().ports.validate = async () => BREAKING;
    const refusal = await revisions.publishEntry(developer, 'sources', input, {}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PublishRefused);
    expect((refusal as PublishRefused).preview.changes).toEqual(BREAKING.changes);
    expect((refusal as PublishRefused).errors.map(({ path }) => path.join(' '))).toEqual([
      'allowBreaking',
      'graph Query.prices',
    ]);
    plane().ports.validate = () => Promise.reject(new Error('The worker is gone.'));
    await expect(revisions.publishEntry(developer, 'sources', input, {})).rejects.toThrow('The worker is gone.');
    expect(await plane().dump()).toEqual(before);
  });

  it('may break clients where that is meant, and tell whom', async () => {
    const { developer } = await withDeveloper(plane());
    const other = await plane().createTenant('other');
    const buyer = plane().as(other.actors.developer);
    const made = await products.create(developer, {
      name: 'prices',
      fields: ['Query.*'],
      visibility: 'listed',
      approval: 'automatic',
    });
    await products.moveTo(developer, made._id, 1, 'published');
    const app = await apps.create(buyer, { name: 'shop' });
    await grants.request(buyer, { app: app._id, product: made._id });
    plane().ports.validate = async () => BREAKING;
    const input = { name: 'a', options: {} };
    const preview = await revisions.previewEntry(developer, 'sources', input);
    expect(preview.users).toEqual([{ field: 'Query.prices', product: made._id, productName: 'prices', apps: 1 }]);
    const [first] = await refused(revisions.publishEntry(developer, 'sources', input, {}));
    expect(first?.message).toContain('prices (1 app)');
    expect((await revisions.publishEntry(developer, 'sources', input, { allowBreaking: true })).revision.number).toBe(
      1,
    );
  });

  it('have one entry published alone, and the rest as it served', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    await resources.save(developer, 'models', { name: 'draft', options: {} });
    const { revision } = await revisions.publishEntry(developer, 'sources', { name: 'a', options: { x: 1 } }, {});
    expect(readState(revision)).toEqual({ sources: { a: { options: { x: 1 } } } });
    const working = stateOf(await resources.all(developer, tenant));
    expect(working).toEqual({ sources: { a: { options: { x: 1 } } }, models: { draft: { options: {} } } });
    const again = { name: 'a', options: { x: 2 } };
    expect(await mistakes(revisions.publishEntry(developer, 'sources', again, {}))).toEqual(['TAKEN name']);
    expect(await mistakes(revisions.publishEntry(developer, 'sources', { ...again, version: 7 }, {}))).toEqual([
      'STALE version',
    ]);
    expect((await revisions.publishEntry(developer, 'sources', { ...again, version: 1 }, {})).revision.number).toBe(2);
  });

  it('are made by one of two that publish at once; of the other nothing is left', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    await revisions.publishEntry(developer, 'sources', { name: 'a', options: { x: 1 } }, {});
    // Both have been validated before either writes.
    let release = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    let waiting = 0;
    plane().ports.validate = async () => {
      waiting += 1;
      if (waiting === 2) release();
      await both;
      return VALID;
    };
    const results = await Promise.allSettled([
      revisions.publishEntry(developer, 'sources', { name: 'a', options: { x: 2 }, version: 1 }, {}),
      revisions.publishEntry(developer, 'models', { name: 'm', options: {} }, {}),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [reason] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(reason.errors).toMatchObject([{ code: 'STALE', path: [] }]);
    const latest = await revisions.latest(developer, tenant);
    expect(latest?.number).toBe(2);
    expect(stateOf(await resources.all(developer, tenant))).toEqual(readState(latest));
  });

  it('are brought back, with the working copy', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    const document = { name: 'a.yaml', text: 'A' };
    await revisions.publishEntry(developer, 'sources', { name: 'a', options: { x: 1 }, document }, {});
    await revisions.publishEntry(
      developer,
      'sources',
      { name: 'a', options: { x: 2 }, document: null, version: 1 },
      {},
    );
    await revisions.publishEntry(developer, 'models', { name: 'm', options: {} }, {});
    const { revision } = await revisions.rollBack(developer, 1, { message: 'back' });
    expect(revision).toMatchObject({ number: 4, restores: 1, message: 'back' });
    expect(revision.hash).toBe((await revisions.get(developer, 1)).hash);
    expect(stateOf(await resources.all(developer, tenant))).toEqual(readState(revision));
    expect(await mistakes(revisions.rollBack(developer, 1, {}))).toEqual(['INVALID']);
    expect(await mistakes(revisions.rollBack(developer, 9, {}))).toEqual(['NOT_FOUND number']);
    const before = await plane().dump(...TRACES);
    plane().ports.validate = async () => BREAKING;
    expect(await mistakes(revisions.rollBack(developer, 3, {}))).toContain('INVALID allowBreaking');
    expect(await plane().dump(...TRACES)).toEqual(before);
  });
});

describeStores('the working copy', (plane) => {
  it('is never behind what serves, wherever a return to an earlier state is cut off', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    await revisions.publishEntry(developer, 'models', { name: 'm', options: { x: 1 } }, {});
    await revisions.publishEntry(developer, 'models', { name: 'm', options: { x: 2 }, version: 1 }, {});
    const working = async () => stateOf(await resources.all(developer, tenant));
    const { resources: real } = plane().store;
    const update: typeof real.update = () => Promise.reject(new Error('The process ended.'));
    const cut = { ...developer, store: { ...developer.store, resources: { ...real, update } } };
    await expect(revisions.rollBack(cut, 1, {})).rejects.toThrow('The process ended.');
    expect(readState(await revisions.latest(developer, tenant))).toEqual(await working());
    expect((await revisions.rollBack(developer, 1, {})).revision.number).toBe(3);
    expect(readState(await revisions.latest(developer, tenant))).toEqual(await working());
  });

  it('stays as it was where somebody else published while an earlier state was brought back', async () => {
    const { developer, tenant } = await withDeveloper(plane());
    await revisions.publishEntry(developer, 'models', { name: 'm', options: { x: 1 } }, {});
    await revisions.publishEntry(developer, 'models', { name: 'm', options: { x: 2 }, version: 1 }, {});
    const before = stateOf(await resources.all(developer, tenant));
    const { revisions: real } = plane().store;
    const insert: typeof real.insert = () => Promise.reject(new TakenError(['number']));
    const late = { ...developer, store: { ...developer.store, revisions: { ...real, insert } } };
    expect(await mistakes(revisions.rollBack(late, 1, {}))).toEqual(['STALE']);
    expect(stateOf(await resources.all(developer, tenant))).toEqual(before);
  });

  it('keeps what is not given, and secrets that come back masked', async () => {
    const { developer } = await withDeveloper(plane());
    const document = { name: 'a.yaml', text: 'A' };
    const options = { apiKey: 'hush', list: [{ token: 'hush' }] };
    const saved = await resources.save(developer, 'sources', { name: 'a', options, document });
    const changed = await resources.save(developer, 'sources', {
      name: 'a',
      options: { apiKey: '***', list: [{ token: '***' }], more: 1 },
      version: 1,
    });
    expect(changed.document).toBe(saved.document);
    expect(JSON.parse(changed.options)).toEqual({ ...options, more: 1 });
    const lost = { name: 'a', options: { password: '***' }, version: 2 };
    expect(await mistakes(resources.save(developer, 'sources', lost))).toEqual(['INVALID options.password']);
    const without = await resources.save(developer, 'sources', { name: 'a', options: {}, document: null, version: 2 });
    expect(without.document).toBeNull();
  });

  it('takes entries out and back in, and refuses who did not see them', async () => {
    const { developer } = await withDeveloper(plane());
    await resources.save(developer, 'models', { name: 'm', options: { x: 1 } });
    expect(await mistakes(resources.save(developer, 'models', { name: 'm', options: {} }))).toEqual(['TAKEN name']);
    expect(await mistakes(resources.remove(developer, 'models', 'm', 2))).toEqual(['STALE version']);
    expect(await mistakes(resources.remove(developer, 'routes', 'm', 1))).toEqual(['NOT_FOUND name']);
    await resources.remove(developer, 'models', 'm', 1);
    expect(await resources.get(developer, 'models', 'm')).toBeUndefined();
    expect(await mistakes(resources.save(developer, 'models', { name: 'm', options: {}, version: 2 }))).toEqual([
      'NOT_FOUND name',
    ]);
    expect((await resources.restore(developer, 'models', 'm', 2)).options).toBe('{"x":1}');
  });

  it('refuses names, documents and options that cannot be', async () => {
    const { developer } = await withDeveloper(plane());
    const wrong = { name: '__proto__', options: 7, document: { name: '../etc/passwd', text: '' } };
    expect(await mistakes(resources.save(developer, 'sources', wrong))).toEqual([
      'INVALID name',
      'INVALID name',
      'INVALID options',
      'INVALID document.name',
    ]);
    const large = { name: 'a', options: { text: 'x'.repeat(1_048_577) } };
    expect(await mistakes(resources.save(developer, 'sources', large))).toEqual(['INVALID options']);
  });
});
