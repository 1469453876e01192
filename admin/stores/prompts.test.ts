import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, mistakes } from '../../test/utils/admin-suite.ts';
import { runPrompt } from './playground.ts';
import type { PlaygroundRequest } from './ports.ts';
import { prompts } from './prompts.ts';
import { resources } from './resources.ts';
import { readState, revisions } from './revisions.ts';

const PLAIN = { input: { text: 'String!' }, route: 'fast', template: 'Say: {{ text }}', temperature: 0.1 };

async function withPrompt(plane: ControlPlane) {
  const members = await plane.createTenant('acme');
  const developer = plane.as(members.actors.developer);
  await revisions.publishEntry(developer, 'prompts', { name: 'say', options: PLAIN }, {});
  const served = async () => readState(await revisions.latest(developer, members.tenant)).prompts?.say?.options;
  const draft = async () => JSON.parse((await resources.get(developer, 'prompts', 'say'))?.options ?? 'null');
  return { ...members, developer, served, draft };
}

describeStores('prompts', (plane) => {
  it('get versions, which answer nobody before they are released', async () => {
    const { developer, served, draft } = await withPrompt(plane());
    await prompts.addVersion(developer, { name: 'say', version: 'brief', options: { template: 'Briefly.' } }, {});
    const versions = { inline: { template: 'Say: {{ text }}', temperature: 0.1 }, brief: { template: 'Briefly.' } };
    const said = { input: { text: 'String!' }, route: 'fast', versions };
    expect(await served()).toEqual({ ...said, release: [{ version: 'inline' }] });
    const release = [
      { version: 'inline', weight: 90 },
      { version: 'brief', weight: 10, callers: { apps: ['app_beta'] } },
    ];
    await prompts.release(developer, { name: 'say', release }, { message: 'try' });
    expect(await served()).toEqual({ ...said, release });
    const { revision } = await prompts.promote(developer, { name: 'say', version: 'brief' }, {});
    expect(await served()).toEqual({ ...said, release: [{ version: 'brief', weight: 100 }] });
    expect(revision.number).toBe(4);
    expect(await draft()).toEqual(await served());
    await revisions.rollBack(developer, 3, {});
    expect(await served()).toEqual({ ...said, release });
  });

  it('tell of versions and prompts that there are not, or are already', async () => {
    const { developer } = await withPrompt(plane());
    const version = { name: 'say', version: 'inline', options: { template: 'x' } };
    expect(await mistakes(prompts.addVersion(developer, version, {}))).toEqual(['TAKEN version']);
    const release = [{ version: 'a' }, { version: 'inline' }, { version: '__proto__' }];
    expect(await mistakes(prompts.release(developer, { name: 'say', release }, {}))).toEqual([
      'NOT_FOUND release.0.version',
      'NOT_FOUND release.2.version',
    ]);
    expect(await mistakes(prompts.release(developer, { name: 'say', release: [] }, {}))).toEqual(['INVALID release']);
    expect(await mistakes(prompts.promote(developer, { name: 'say', version: 'a' }, {}))).toEqual([
      'NOT_FOUND version',
    ]);
    expect(await mistakes(prompts.promote(developer, { name: 'no', version: 'a' }, {}))).toEqual(['NOT_FOUND name']);
  });

  it('keep what is in the working copy and not published', async () => {
    const { developer, served, draft } = await withPrompt(plane());
    await resources.save(developer, 'prompts', {
      name: 'say',
      options: { ...PLAIN, description: 'draft' },
      version: 1,
    });
    await prompts.addVersion(developer, { name: 'say', version: 'brief', options: { template: 'Briefly.' } }, {});
    expect(await served()).not.toHaveProperty('description');
    expect(await draft()).toMatchObject({ description: 'draft', versions: { brief: { template: 'Briefly.' } } });
  });

  it('never have a published version changed, not even one that was taken out since', async () => {
    const { developer, served } = await withPrompt(plane());
    await prompts.addVersion(developer, { name: 'say', version: 'brief', options: { template: 'Briefly.' } }, {});
    const options = (await served()) as { versions: Record<string, unknown> };
    const publish = (versions: object, version: number) =>
      revisions.publishEntry(developer, 'prompts', { name: 'say', options: { ...options, versions }, version }, {});
    const other = { ...options.versions, brief: { template: 'Other.' } };
    const place = 'INVALID prompts.say.versions.brief';
    expect(await mistakes(publish(other, 2))).toEqual([place]);
    await publish({ inline: options.versions.inline }, 2);
    expect(await mistakes(publish(other, 3))).toEqual([place]);
    expect((await publish(options.versions, 3)).revision.number).toBe(4);
  });

  it('are run as drafts, as they are or in one of their versions', async () => {
    const { developer, tenant } = await withPrompt(plane());
    const asked: PlaygroundRequest[] = [];
    plane().ports.playground = async (request) => {
      asked.push(request);
      return [];
    };
    const run = { input: { text: 'x' }, models: ['a', 'b'] };
    await runPrompt(developer, { ...run, name: 'say' });
    expect(asked[0]).toMatchObject({ tenant: { _id: tenant._id }, name: 'say', options: PLAIN, ...run });
    const options = { versions: { one: { template: '1' }, two: { template: '2' } } };
    await runPrompt(developer, { ...run, options, version: 'two' });
    expect(asked[1]).toMatchObject({ name: 'draft', options, version: 'two' });
    const release = [{ version: 'one' }, { version: 'two', weight: 9 }];
    await runPrompt(developer, { ...run, options: { ...options, release } });
    expect(asked[2]).toMatchObject({ version: 'two' });
    expect(await mistakes(runPrompt(developer, { ...run, name: 'no' }))).toEqual(['NOT_FOUND name']);
    expect(await mistakes(runPrompt(developer, { ...run, options, version: 'three' }))).toEqual(['NOT_FOUND version']);
    expect(await mistakes(runPrompt(developer, run))).toEqual(['INVALID name']);
    expect(await mistakes(runPrompt(developer, { name: 'say', input: [], models: [] }))).toEqual([
      'INVALID input',
      'INVALID models',
    ]);
  });
});
