import { digestOf, keyText } from '../../cache/keys.ts';
import type { CallContext } from '../../source.ts';
import type { ModelRequest } from '../model.ts';
import type { ModelRoute } from '../routes/route.ts';
import type { AnswerCacheOptions } from './options.ts';

/** What a context knows of who calls. */
interface CallerFacts {
  readonly tenant?: string;
  readonly grants?: ReadonlyMap<string, { readonly id: string }>;
  readonly products?: ReadonlySet<string> | undefined;
}

/**
 * Under what an answer is kept: who may be given it, whom it was asked of, and the whole question. Undefined for what can
 * not be written down, and for the one caller's own where nobody says who calls.
 */
export function answerKey(
  route: ModelRoute,
  request: ModelRequest,
  context: CallContext,
  { scope }: Pick<AnswerCacheOptions, 'scope'>,
): string | undefined {
  const { prompt } = context;
  if (scope === 'caller' && context.callerScope === '') return undefined;
  const { native: _, ...asked } = request;
  const text = keyText({
    for: partitionOf(route, context, scope),
    prompt: prompt && [prompt.name, prompt.version, prompt.hash],
    route: [
      route.name,
      route.strategy,
      ...route.targets.map(({ deployment: { target, identity } }) => ({ ...target, identity })),
    ],
    asked,
  });
  return text === undefined ? undefined : `answer:${digestOf(text)}`;
}

/** Who shares answers. */
function partitionOf(route: ModelRoute, context: CallContext, scope: AnswerCacheOptions['scope']): unknown {
  const { caller } = context as CallContext & { readonly caller?: CallerFacts | undefined };
  // A conditional route may lead this caller to another model than the others of its tenant.
  const isOwn = scope === 'caller' || route.strategy === 'conditional';
  // Without a caller, its scope is all that tells it from others.
  if (isOwn || caller === undefined) return { caller: context.callerScope };
  const { tenant = '', grants = new Map<string, { readonly id: string }>(), products } = caller;
  return {
    tenant,
    grants: [...grants].map(([product, { id }]) => `${product} ${id}`).sort(),
    products: products && [...products].sort(),
  };
}
