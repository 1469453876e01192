import { hash } from 'node:crypto';
import { SkeinError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { CallContext } from '../source.ts';
import type { PromptOptions, PromptShare } from './options.ts';

/** What a release may know of who calls; whatever is not told fits no rule. */
export interface CallerIds {
  /** Of whoever calls without a key of its own: `config:web` for a key of the configuration. */
  readonly id?: string | undefined;
  readonly tenant?: string | undefined;
  readonly app?: string | undefined;
  readonly key?: string | undefined;
}

/** A call with its caller, where somebody tells. */
type CallOfCaller = Pick<CallContext, 'headers' | 'callerScope' | 'requestId'> & {
  readonly caller?: CallerIds | undefined;
};

/** The name of the version that a call gets. @throws SkeinError BAD_USER_INPUT for a header that names none. */
export type Release = (call: CallOfCaller) => string;

const KINDS = ['keys', 'apps', 'tenants'] as const;
type Rules = Readonly<Record<(typeof KINDS)[number], Map<string, string>>>;

/** The release of a prompt, checked; `undefined` if there was a mistake. */
export function readRelease(
  prompt: string,
  options: PromptOptions,
  names: readonly string[],
  tell: (problem: Problem) => void,
): Release | undefined {
  const [only] = names;
  if (options.release === undefined) {
    if (only !== undefined && names.length === 1) return createRelease(prompt, [{ version: only, weight: 1 }], options);
    if (names.length > 1) {
      tell({
        path: ['release'],
        message: 'The prompt has several versions, and nothing says which of them answers.',
        suggestion: `Write \`release: [{ version: ${names.at(-1)} }]\`.`,
      });
    }
    return undefined;
  }
  // Without versions the release itself is the mistake, and that is told.
  if (options.versions === undefined) return undefined;
  const found = checkShares(options.release, names);
  for (const problem of found) tell(problem);
  return found.length > 0 ? undefined : createRelease(prompt, options.release, options);
}

function checkShares(shares: readonly PromptShare[], names: readonly string[]): Problem[] {
  const found: Problem[] = [];
  const seen = new Set<string>();
  const ruled = new Set<string>();
  for (const [index, { version, callers }] of shares.entries()) {
    const path = ['release', index];
    if (!names.includes(version))
      found.push({
        path: [...path, 'version'],
        message: `There is no version "${version}".${didYouMean(version, names)}`,
      });
    else if (seen.has(version))
      found.push({
        path: [...path, 'version'],
        message: `The version "${version}" is released twice.`,
        suggestion: 'Make one of it, with the weight of both.',
      });
    seen.add(version);
    for (const kind of KINDS) {
      for (const id of callers?.[kind] ?? []) {
        const rule = JSON.stringify([kind, id]);
        if (ruled.has(rule))
          found.push({ path: [...path, 'callers', kind], message: `The caller "${id}" is given two versions.` });
        ruled.add(rule);
      }
    }
  }
  if (shares.every(({ weight }) => weight === 0))
    found.push({
      path: ['release'],
      message: 'No version has a weight: callers that no rule names would get none.',
      suggestion: 'Give one of them a weight of at least 1.',
    });
  return found;
}

function createRelease(
  prompt: string,
  shares: readonly PromptShare[],
  { header: headerName, sticky }: Pick<PromptOptions, 'header' | 'sticky'>,
): Release {
  const header = headerName?.toLowerCase();
  const released = new Set(shares.map(({ version }) => version));
  const weighted = shares.filter(({ weight }) => weight > 0);
  const [first] = weighted;
  const rules: Rules = { keys: new Map(), apps: new Map(), tenants: new Map() };
  for (const { version, callers } of shares) {
    for (const kind of KINDS) for (const id of callers?.[kind] ?? []) rules[kind].set(id, version);
  }
  const hasRules = KINDS.some((kind) => rules[kind].size > 0);

  return (call) => {
    const named = header === undefined ? undefined : call.headers[header];
    if (named !== undefined && named !== '') {
      if (released.has(named)) return named;
      const known = [...released].map((name) => `"${name}"`).join(', ');
      const message = `The header "${header}" names a version of ${prompt}: it must be one of ${known}.`;
      throw new SkeinError('BAD_USER_INPUT', message, { details: { source: 'prompts', operation: prompt } });
    }
    const ruled = hasRules ? ruledVersion(rules, call) : undefined;
    if (ruled !== undefined) return ruled;
    if (first === undefined) throw new SkeinError('INTERNAL_SERVER_ERROR');
    if (weighted.length === 1) return first.version;
    const scope = sticky === 'caller' && call.callerScope !== '' ? call.callerScope : call.requestId;
    return drawVersion(prompt, weighted, scope);
  };
}

/** The most particular rule wins. */
function ruledVersion(rules: Rules, { caller }: CallOfCaller): string | undefined {
  if (caller === undefined) return undefined;
  const { id = '', key = id, app = '', tenant = '' } = caller;
  return rules.keys.get(key) ?? rules.apps.get(app) ?? rules.tenants.get(tenant);
}

/**
 * Weighted rendezvous hashing: each version draws a number for the scope, and the luckiest by its weight wins. Shares are
 * exact in expectation, the order of versions does not matter, and a change of weights moves no more callers than it must.
 */
function drawVersion(prompt: string, shares: readonly PromptShare[], scope: string): string {
  let winner = '';
  let least = Number.POSITIVE_INFINITY;
  for (const { version, weight } of shares) {
    const digest = hash('sha256', JSON.stringify([prompt, version, scope]), 'hex');
    const chance = (Number.parseInt(digest.slice(0, 12), 16) + 0.5) / 2 ** 48;
    const score = -Math.log(chance) / weight;
    if (score >= least) continue;
    least = score;
    winner = version;
  }
  return winner;
}
