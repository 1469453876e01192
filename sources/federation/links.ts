import { type DirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Findings } from './findings.ts';
import { FEDERATION_DIRECTIVES, NEWEST_MINOR, SPECS, V1_DIRECTIVES } from './spec.ts';

/** One `@link` or `@core` on the schema. https://specs.apollo.dev/link/v1.0 */
export interface Link {
  /** The address without its version. */
  readonly identity: string;
  readonly name: string;
  readonly version: string | undefined;
  /** What names of the specification begin with here if they are not imported. */
  readonly namespace: string;
  /** Name at the specification → name here; directives with `@`. */
  readonly imports: ReadonlyMap<string, string>;
  readonly node: DirectiveNode;
}

/** What a subgraph's document says of federation. */
export interface FederationLinks {
  /** `v2.3`; undefined for federation 1. */
  readonly version: string | undefined;
  /** Directive as it is called in the document → federation's name for it. */
  readonly directives: ReadonlyMap<string, string>;
  /** Links to anything but Apollo's specifications. */
  readonly custom: readonly Link[];
  /** Whether a definition of this name (directives without `@`) comes from a linked specification. */
  isOfSpec(name: string, kind: 'directive' | 'type'): boolean;
}

/** Specifications that define a directive that federation has too. */
const SPEC_OF_DIRECTIVE: Readonly<Record<string, readonly string[]>> = {
  tag: ['tag'],
  inaccessible: ['inaccessible'],
  authenticated: ['authenticated'],
  requiresScopes: ['requiresScopes'],
  policy: ['policy'],
  cost: ['cost', 'listSize'],
  context: ['context', 'fromContext'],
};

export function readFederationLinks(document: DocumentNode, findings: Findings): FederationLinks {
  const links = readLinks(document, findings);
  const federation = links.find(({ identity }) => identity === `${SPECS}federation`);
  const directives = new Map<string, string>();
  const version = federation === undefined ? undefined : readVersion(federation, findings);
  if (federation === undefined) for (const name of V1_DIRECTIVES) directives.set(name, name);
  else {
    checkImports(federation, findings);
    for (const name of FEDERATION_DIRECTIVES.keys()) {
      directives.set(`${federation.namespace}__${name}`, name);
      directives.set(nameHere(federation, name), name);
    }
  }
  for (const [own, plain] of specDirectives(links)) directives.set(own, plain);
  return {
    version,
    directives,
    custom: links.filter(({ identity }) => !identity.startsWith(SPECS)),
    isOfSpec: specNames(links, directives),
  };
}

/** Directives of the specifications beside federation's: of a supergraph all of them. */
export function specDirectives(links: readonly Link[]): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const link of links) {
    if (!link.identity.startsWith(SPECS) || !Object.hasOwn(SPEC_OF_DIRECTIVE, link.name)) continue;
    for (const name of SPEC_OF_DIRECTIVE[link.name] ?? []) directives.set(nameHere(link, name), name);
  }
  return directives;
}

/** `key` of federation, as `federation__key` here, or as it was imported. */
export function nameHere(link: Link, directive: string): string {
  const imported = link.imports.get(`@${directive}`);
  if (imported !== undefined) return imported.slice(1);
  return directive === link.name ? link.namespace : `${link.namespace}__${directive}`;
}

function specNames(links: readonly Link[], directives: ReadonlyMap<string, string>): FederationLinks['isOfSpec'] {
  const prefixes = ['federation__', 'link__', 'core__'];
  const types = new Set<string>();
  const names = new Set(['link', 'core', ...directives.keys()]);
  for (const { identity, namespace, imports } of links) {
    if (!identity.startsWith(SPECS)) continue;
    prefixes.push(`${namespace}__`);
    names.add(namespace);
    for (const name of imports.values()) if (!name.startsWith('@')) types.add(name);
  }
  return (name, kind) =>
    prefixes.some((prefix) => name.startsWith(prefix)) || (kind === 'type' ? types : names).has(name);
}

/** All links of a document. What cannot be read as a link is a problem. */
export function readLinks(document: DocumentNode, findings: Findings): Link[] {
  const found: DirectiveNode[] = [];
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    found.push(...(node.directives ?? []));
  }
  const [link, core] = [linkName(found, 'link'), linkName(found, 'core')];
  const byIdentity = new Map<string, Link>();
  for (const node of found) {
    if (node.name.value !== link && node.name.value !== core) continue;
    const read = readLink(node, findings);
    if (read === undefined) continue;
    if (byIdentity.has(read.identity)) findings.problem(node, `"${read.identity}" is linked twice.`);
    else byIdentity.set(read.identity, read);
  }
  return [...byIdentity.values()];
}

/** The name of `@link` itself, which may be changed by the link to its own specification. */
function linkName(directives: readonly DirectiveNode[], spec: 'link' | 'core'): string {
  for (const node of directives) {
    const { url, feature, as } = argumentsOf(node);
    const address = url ?? feature;
    if (typeof address === 'string' && address.startsWith(`${SPECS}${spec}/`) && typeof as === 'string') return as;
  }
  return spec;
}

function readLink(node: DirectiveNode, findings: Findings): Link | undefined {
  const { url, feature, as, import: imports } = argumentsOf(node);
  const address = url ?? feature;
  if (typeof address !== 'string' || !URL.canParse(address)) {
    findings.problem(node, `@${node.name.value} has no address that can be read as a URL.`);
    return undefined;
  }
  const parts = address
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .split('/');
  const version = /^v\d+\.\d+$/.test(parts.at(-1) ?? '') ? parts.pop() : undefined;
  const name = parts.at(-1) ?? '';
  return {
    identity: parts.join('/'),
    name,
    version,
    namespace: typeof as === 'string' ? as : name,
    imports: readImports(node, imports, findings),
    node,
  };
}

function readImports(node: DirectiveNode, imports: unknown, findings: Findings): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  if (imports === undefined || imports === null) return read;
  for (const item of Array.isArray(imports) ? imports : [imports]) {
    const { name, as = name } = typeof item === 'object' && item !== null ? item : { name: item };
    if (typeof name === 'string' && typeof as === 'string' && name.startsWith('@') === as.startsWith('@'))
      read.set(name, as);
    else findings.problem(node, `@${node.name.value} imports something that is neither a name nor { name, as }.`);
  }
  return read;
}

export function argumentsOf(node: DirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (node.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value) as unknown]),
  );
}

function readVersion(link: Link, findings: Findings): string | undefined {
  const [, major, minor] = /^v(\d{1,4})\.(\d{1,4})$/.exec(link.version ?? '') ?? [];
  if (major !== '2' || minor === undefined) {
    const told = link.version === undefined ? 'without a version' : `in version ${link.version}`;
    findings.problem(link.node, `The subgraph links federation ${told}, which is not known.`, {
      suggestion: `Known are v2.0 to v2.${NEWEST_MINOR}, and documents without a link, which are federation 1.`,
    });
    return undefined;
  }
  if (Number(minor) <= NEWEST_MINOR) return link.version;
  findings.notice(link.node, `The subgraph links federation ${link.version}, which is read as v2.${NEWEST_MINOR}.`);
  return `v2.${NEWEST_MINOR}`;
}

function checkImports(link: Link, findings: Findings): void {
  const known = [...FEDERATION_DIRECTIVES.keys()].map((name) => `@${name}`);
  for (const name of link.imports.keys()) {
    if (!name.startsWith('@') || known.includes(name)) continue;
    const suggestion = didYouMean(name, known).trim();
    findings.problem(
      link.node,
      `Federation has no ${name} that could be imported.`,
      suggestion === '' ? {} : { suggestion },
    );
  }
}
