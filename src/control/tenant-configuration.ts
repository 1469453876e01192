import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ConfigurationState } from '../../admin/models/revision.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { Problem } from '../../kernel/problem.ts';
import { runsPackage } from '../../sources/ai/settle-provider.ts';
import { SECRET_VARIABLES } from '../config/environment.ts';
import { type ConfigReading, readConfigData } from '../config/read-config.ts';
import type { SkeinConfig } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';

/** What a tenant's configuration is read with. */
export interface TenantSurroundings {
  /** What the gateway was started with: what tenants cannot say for themselves comes from it. */
  readonly gateway: SkeinConfig;
  readonly env: Environment;
  /** Folder that documents of the store are put in, for whoever reads them by their path. */
  readonly documentsFolder: string;
}

export interface TenantContent {
  readonly tenant: Tenant;
  readonly state: ConfigurationState;
  /** By name. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Those that the state names, by id. */
  readonly documents: ReadonlyMap<string, { readonly name: string; readonly text: string; readonly hash: string }>;
}

/**
 * The configuration of a tenant as skein.yaml would have it, by the same reader. What one tenant may not say is a
 * mistake like any other: variables and files of the machine are the operator's.
 */
export async function readTenantConfiguration(
  { tenant, state, secrets, documents }: TenantContent,
  { gateway, env, documentsFolder }: TenantSurroundings,
): Promise<ConfigReading> {
  const problems: Problem[] = [];
  const sections: Record<string, Record<string, unknown>> = {};
  for (const [kind, entries] of Object.entries(state))
    for (const [name, { options, document }] of Object.entries(entries)) {
      const kept = document === undefined ? undefined : documents.get(document);
      const refused = tenant.trusted ? [] : machineNames(kind, name, options, kept?.name);
      problems.push(...refused);
      // The reader looks for files, and tells whether they are there.
      if (refused.length > 0) continue;
      const place = kept === undefined ? undefined : await placeDocument(kept, documentsFolder);
      const placed = kept === undefined ? options : withPlace(options, kept.name, place ?? '');
      sections[kind] ??= {};
      sections[kind][name] = CONNECTING.has(kind) && tenant.network === 'public' ? keptPublic(placed) : placed;
    }
  const values = tenant.trusted ? withoutOwnSecrets(env) : {};
  for (const [name, value] of secrets) values[`secrets.${name}`] = value;
  const reading = await readConfigData(sections, gateway.file, values);
  const { keys, auth, cors, limits, rates, reload, cache, usage } = gateway;
  return {
    ...reading,
    config: { ...reading.config, keys, auth, cors, limits, rates, reload, cache, usage },
    problems: [...problems, ...reading.problems.map((problem) => forTenants(problem, tenant))],
  };
}

/** The reader tells whoever runs the gateway to set variables: nobody can do that here. */
function forTenants(problem: Problem, { trusted }: Tenant): Problem {
  const [, place, name = ''] =
    /^(.*) takes the environment variable (\w+), which is not set\.$/.exec(problem.message) ?? [];
  if (place === undefined || (trusted && !SECRET_VARIABLES.has(name))) return problem;
  const why = trusted ? 'opens the gateway itself' : 'is of the machine, and not for tenants';
  return {
    ...problem,
    message: `${place} takes the environment variable ${name}, which ${why}.`,
    suggestion: 'Keep the value as a secret, and write secrets. and its name between the braces.',
  };
}

/** What opens the gateway itself is for nobody who configures a tenant, so that no developer of one can send it anywhere. */
function withoutOwnSecrets(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET_VARIABLES.has(name)));
}

/** Documents never change, so that one that is there is as it should be. The time of its folder says when it was used. */
async function placeDocument(
  { name, text, hash }: { readonly name: string; readonly text: string; readonly hash: string },
  folder: string,
): Promise<string> {
  const place = resolve(join(folder, hash));
  await mkdir(place, { recursive: true, mode: 0o700 });
  const file = join(place, name);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeWhole(file, text);
  const now = new Date();
  await utimes(place, now, now);
  return file;
}

/** Whoever finds the file finds all of it: others may look for it at the same time, and a disk may be full. */
async function writeWhole(file: string, text: string): Promise<void> {
  const aside = join(dirname(file), `.${randomUUID()}`);
  try {
    await writeFile(aside, text, { flag: 'wx', mode: 0o600 });
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** Kinds that the gateway connects for. */
const CONNECTING: ReadonlySet<string> = new Set(['sources', 'providers']);
const DOCUMENT_OPTIONS = ['document', 'supergraph'] as const;

function withPlace(options: unknown, name: string, place: string): unknown {
  if (!isMap(options)) return options;
  const given = DOCUMENT_OPTIONS.filter((option) => options[option] === name);
  // A source that names none means the one it came with.
  const named =
    given.length > 0 ? given : options.document === undefined && options.supergraph === undefined ? ['document'] : [];
  return { ...options, ...Object.fromEntries(named.map((option) => [option, place])) };
}

/** What is the machine's, and a tenant has named: files, and code that is installed on it. */
function machineNames(kind: string, name: string, options: unknown, kept: string | undefined): Problem[] {
  if (!isMap(options) || !CONNECTING.has(kind)) return [];
  const problems: Problem[] = [];
  const refuse = (path: readonly string[], what: string, suggestion: string) =>
    problems.push({ path: [kind, name, ...path], message: `${[kind, name, ...path].join('.')} ${what}.`, suggestion });
  for (const option of DOCUMENT_OPTIONS) {
    const given = options[option];
    if (typeof given === 'string' && given !== kept && !/^https?:\/\//i.test(given))
      refuse([option], 'is no URL and no document that is kept with it', 'Give the document with the source.');
  }
  if (Array.isArray(options.includeDirs) && options.includeDirs.length > 0)
    refuse(
      ['includeDirs'],
      'names folders of the machine',
      'Give a descriptor set with the source, or use reflection.',
    );
  if (kind === 'providers' && runsPackage(name, options))
    refuse([], 'is spoken with by a package, whose code would run in the gateway', 'Ask the operator of the gateway.');
  for (const secured of ['tls', 'documentTls']) {
    const tls = options[secured];
    if (!isMap(tls)) continue;
    for (const option of ['ca', 'certificate', 'key'])
      if (tls[option] !== undefined)
        refuse([secured, option], 'names a file of the machine', 'Ask the operator of the gateway.');
  }
  return problems;
}

function keptPublic(options: unknown): unknown {
  if (!isMap(options)) return options;
  return { ...options, upstream: { ...(isMap(options.upstream) ? options.upstream : {}), network: 'public' } };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
