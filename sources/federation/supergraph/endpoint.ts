import { BlockList, isIP } from 'node:net';
import { didYouMean, nearest } from '../../../kernel/suggest.ts';
import type { Findings } from '../findings.ts';
import type { JoinGraph } from './join.ts';

/** Where clouds answer machines about themselves, with credentials: no subgraph is there. */
const METADATA_HOSTS: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata']);

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16);
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL.addAddress('100.100.100.200');
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');

/**
 * The address of a subgraph: of the options, or else of the file, which may come from others and is not trusted with
 * addresses that no service has. Undefined with a problem.
 */
export function subgraphEndpoint(
  { name, url, node }: JoinGraph,
  endpoints: Readonly<Record<string, string>>,
  findings: Findings,
  misspelt: ReadonlySet<string>,
): string | undefined {
  if (Object.hasOwn(endpoints, name)) return endpoints[name];
  const problem = addressProblem(url);
  if (problem === undefined) return url;
  if (misspelt.has(name)) return undefined;
  findings.problem(node, `The supergraph ${problem} for the subgraph "${name}".`, {
    suggestion: `Set its address: endpoints: { ${JSON.stringify(name)}: "https://…" }`,
  });
  return undefined;
}

function addressProblem(text: string): string | undefined {
  if (text === '') return 'has no address';
  if (!URL.canParse(text)) return `has "${text.slice(0, 200)}", which is no address,`;
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return `has an address that is neither http:// nor https://`;
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const family = isIP(host);
  const isMachine = family === 0 ? METADATA_HOSTS.has(host) : LINK_LOCAL.check(host, family === 6 ? 'ipv6' : 'ipv4');
  return isMachine ? `has a link-local address` : undefined;
}

/** Tells addresses in the options for subgraphs that are not there, and gives the subgraphs that they may be meant for. */
export function checkEndpoints(
  endpoints: Readonly<Record<string, string>>,
  graphs: Iterable<JoinGraph>,
  report: (name: string, message: string, suggestion: string) => void,
): ReadonlySet<string> {
  const meant = new Set<string>();
  const names = new Set([...graphs].map(({ name }) => name));
  for (const name of Object.keys(endpoints)) {
    if (names.has(name)) continue;
    const near = nearest(name, names);
    if (near !== undefined) meant.add(near);
    report(name, `The supergraph has no subgraph "${name}".`, didYouMean(name, names).trim());
  }
  return meant;
}
