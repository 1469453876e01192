import type { Arguments, CallContext, CallEstimate, Source, SourceCall, SourceDeps } from '../source.ts';
import { CAPABILITY_VALUES, CHAT_ROLES, EFFORTS, FINISH_REASONS, TOOL_CHOICES } from './ai-sdl.ts';
import { CAPABILITIES } from './capabilities.ts';
import { chatEvents, keptAs } from './chat-events.ts';
import { type ChatInput, type EmbedInput, readChatInput, readEmbedInput } from './chat-input.ts';
import { SDL } from './chat-sdl.ts';
import { type Price, usdOf } from './cost.ts';
import { isObject } from './dialects/read.ts';
import { estimateCallCost, estimateQuestionTokens } from './estimate-cost.ts';
import type { AnswerPart, Signature } from './model.ts';
import { DEFAULT_ROUTE, type ModelInfo, type Models } from './model-client.ts';
import { writeSignature } from './signatures.ts';

/** Answers that anybody has asked for are shorter; sums of what they cost must stay numbers. */
const MOST_TOKENS = 1_000_000_000;

/** Who makes vectors where nobody names a model. */
export const EMBED_ROUTE = 'embed';

/**
 * The models themselves in the graph: `Query.models`, `Mutation.chat`, `Mutation.embed`, `Subscription.chatStream`. Owns
 * `models`.
 */
export function createAiSource(models: Models, deps: SourceDeps): Source {
  if (!models.names().includes(DEFAULT_ROUTE)) {
    deps.log.warn({ route: DEFAULT_ROUTE }, 'No default route is available: every chat must name its model.');
  }
  const calls: Record<string, SourceCall> = {
    'Query.models': { type: 'unary', operation: 'models', invoke: async () => models.list().map(showModel) },
    'Mutation.chat': { type: 'unary', operation: 'chat', invoke: (args, context) => chat(models, args, context) },
    'Mutation.embed': { type: 'unary', operation: 'embed', invoke: (args, context) => embed(models, args, context) },
    'Subscription.chatStream': {
      type: 'stream',
      operation: 'chatStream',
      open: (args, context) => {
        const input = chatInput(args);
        const request = readChatInput(input);
        const route = models.route(input.model ?? undefined);
        return chatEvents(models.stream(route, request, context), { name: route.name, provider: '' });
      },
    },
  };
  return {
    name: 'ai',
    kind: 'ai',
    model: {
      sdl: SDL,
      calls: new Map(Object.entries(calls)),
      enumValues: new Map<string, Readonly<Record<string, unknown>>>([
        ['ChatRole', CHAT_ROLES],
        ['ChatToolChoice', TOOL_CHOICES],
        ['ChatReasoningEffort', EFFORTS],
        ['ModelCapability', CAPABILITY_VALUES],
        ['FinishReason', FINISH_REASONS],
      ]),
    },
    estimate: (coordinate) => estimateOf(coordinate, models),
    probe: (signal) => models.probe(signal),
    dispose: () => models.dispose(),
  };
}

async function chat(models: Models, args: Arguments, context: CallContext): Promise<unknown> {
  const input = chatInput(args);
  const request = readChatInput(input);
  const answer = await models.generate(models.route(input.model ?? undefined), request, context);
  const { id, text, finishReason, usage, content = [], logprobs, made } = answer;
  return {
    id,
    text,
    finishReason,
    usage,
    logprobs,
    ...made,
    ...keptAs(made),
    reasoning: content.flatMap((part) => (part.type === 'reasoning' ? [{ text: part.text, ...signed(part) }] : [])),
    toolCalls: content.flatMap((part) =>
      part.type === 'tool-call' ? [{ id: part.id, name: part.name, arguments: part.arguments, ...signed(part) }] : [],
    ),
    ...textSignature(content),
  };
}

async function embed(models: Models, args: Arguments, context: CallContext): Promise<unknown> {
  const input = args.input as EmbedInput;
  const request = readEmbedInput(input);
  const { embeddings, usage, made } = await models.embed(models.route(input.model ?? EMBED_ROUTE), request, context);
  return { embeddings, usage, ...made };
}

/** By what is asked, whether or not it fits: what does not is refused, and costs nothing. */
function estimateOf(coordinate: string, models: Models): CallEstimate | undefined {
  const embeds = coordinate === 'Mutation.embed';
  if (!embeds && coordinate !== 'Mutation.chat' && coordinate !== 'Subscription.chatStream') return undefined;
  const needs = [{ capability: embeds ? 'embeddings' : 'chat', parameter: 'model' }] as const;
  return ({ input }) => {
    const { model, maxTokens, ...asked } = isObject(input) ? input : {};
    const name = typeof model === 'string' ? model : embeds ? EMBED_ROUTE : DEFAULT_ROUTE;
    if (!models.names().includes(name)) return 0n;
    const isSaid = typeof maxTokens === 'number' && maxTokens >= 1;
    const said = isSaid ? Math.ceil(Math.min(maxTokens, MOST_TOKENS)) : undefined;
    const call = { needs, inputTokens: estimateQuestionTokens(asked), maxTokens: embeds ? 0 : said };
    return estimateCallCost(models.route(name), call);
  };
}

function signed({ signature }: { readonly signature?: Signature | undefined }): { readonly signature?: string } {
  return signature === undefined ? {} : { signature: writeSignature(signature) };
}

/** The last word on the text: it goes back as one piece. */
function textSignature(content: readonly AnswerPart[]): { readonly signature?: string } {
  const last = content.findLast((part) => part.type === 'text' && part.signature !== undefined);
  return last === undefined ? {} : signed(last);
}

function showModel({ name, provider, capabilities, contextTokens, price }: ModelInfo): unknown {
  return {
    name,
    provider,
    capabilities: capabilities && CAPABILITIES.filter((capability) => capabilities[capability]),
    contextTokens,
    price: price && showPrice(price),
  };
}

function showPrice(price: Price): unknown {
  return Object.fromEntries(
    Object.entries(price).flatMap(([name, nanoUsd]) => (nanoUsd === undefined ? [] : [[name, usdOf(nanoUsd)]])),
  );
}

/** The SDL says what is in there, and GraphQL has seen to it. */
function chatInput(args: Arguments): ChatInput {
  return args.input as ChatInput;
}
