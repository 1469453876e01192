import type { ASTNode } from 'graphql';
import type { Findings } from './findings.ts';

/** Notices about a subgraph, one for each kind of thing and not for each place. */
export interface Remarks {
  /** A directive of federation's, on something in this type. */
  uses(directive: string, typeName: string, node: ASTNode): void;
  leavesOut(directive: string, node: ASTNode): void;
  leavesOutField(coordinate: string, node: ASTNode): void;
  /** Adds what was gathered to the findings. */
  tell(): void;
}

interface Places {
  readonly first: ASTNode;
  readonly names: Set<string>;
}

const MAX_NAMES = 5;

export function createRemarks(findings: Findings): Remarks {
  const used = new Map<string, Places>();
  const leftOut = new Map<string, Places>();
  const fields = new Map<string, Places>();
  const add = (to: Map<string, Places>, key: string, name: string, node: ASTNode) => {
    const places = to.get(key);
    if (places === undefined) to.set(key, { first: node, names: new Set([name]) });
    else places.names.add(name);
  };
  return {
    uses: (directive, typeName, node) => {
      if (NOT_DONE[directive] !== undefined) add(used, directive, typeName, node);
    },
    leavesOut: (directive, node) => add(leftOut, directive, directive, node),
    leavesOutField: (coordinate, node) => add(fields, 'context', coordinate, node),
    tell: () => {
      for (const [directive, { first, names }] of used) {
        findings.notice(
          first,
          `@${directive} ${NOT_DONE[directive]} It is used in ${list(names)}.`,
          WAY_OUT[directive],
        );
      }
      if (leftOut.size > 0) {
        const [{ first }] = [...leftOut.values()] as [Places];
        const names = new Set([...leftOut.keys()].map((name) => `@${name}`));
        findings.notice(
          first,
          `Directives of the subgraph's own say nothing to the graph and are left out: ${list(names)}.`,
        );
      }
      for (const { first, names } of fields.values()) {
        findings.notice(
          first,
          `Fields with an argument from a context cannot be asked for and are left out: ${list(names)}.`,
          {
            suggestion: 'Let the subgraph get the value by @requires.',
          },
        );
      }
    },
  };
}

const NOT_DONE: Readonly<Record<string, string | undefined>> = {
  authenticated: 'is not enforced by the gateway.',
  requiresScopes: 'is not enforced by the gateway.',
  policy: 'is not enforced by the gateway.',
  cost: 'does not count for the limits of queries.',
  listSize: 'does not count for the limits of queries.',
};

const PROTECT = { suggestion: 'Let the subgraph refuse such calls itself; `forwardHeaders` tells it who calls.' };
const WAY_OUT: Readonly<Record<string, { readonly suggestion: string } | undefined>> = {
  authenticated: PROTECT,
  requiresScopes: PROTECT,
  policy: PROTECT,
};

function list(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, MAX_NAMES).join(', ');
  return names.size > MAX_NAMES ? `${shown} and ${names.size - MAX_NAMES} more` : shown;
}
