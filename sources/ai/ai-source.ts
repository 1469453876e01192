import type { Arguments, CallContext, Source, SourceCall, SourceDeps } from '../source.ts';
import { CHAT_ROLES, FINISH_REASONS, SDL } from './ai-sdl.ts';
import { type ChatInput, readChatInput } from './chat-input.ts';
import { DEFAULT_ROUTE, type Models } from './model-client.ts';
import { textEvents } from './text-events.ts';

/** The models themselves in the graph: `Query.models`, `Mutation.chat`, `Subscription.chatStream`. Owns `models`. */
export function createAiSource(models: Models, deps: SourceDeps): Source {
  if (!models.names().includes(DEFAULT_ROUTE)) {
    deps.log.warn({ route: DEFAULT_ROUTE }, 'No default route is available: every chat must name its model.');
  }
  const calls: Record<string, SourceCall> = {
    'Query.models': { type: 'unary', operation: 'models', invoke: async () => models.list() },
    'Mutation.chat': { type: 'unary', operation: 'chat', invoke: (args, context) => chat(models, args, context) },
    'Subscription.chatStream': {
      type: 'stream',
      operation: 'chatStream',
      open: (args, context) => {
        const input = chatInput(args);
        const request = readChatInput(input);
        const target = models.resolve(input.model ?? undefined);
        return textEvents(models.stream(target, request, context), target.name);
      },
    },
  };
  return {
    name: 'ai',
    kind: 'ai',
    model: {
      sdl: SDL,
      calls: new Map(Object.entries(calls)),
      enumValues: new Map(Object.entries({ ChatRole: CHAT_ROLES, FinishReason: FINISH_REASONS })),
    },
    probe: (signal) => models.probe(signal),
    dispose: () => models.dispose(),
  };
}

async function chat(models: Models, args: Arguments, context: CallContext): Promise<unknown> {
  const input = chatInput(args);
  const request = readChatInput(input);
  const target = models.resolve(input.model ?? undefined);
  const { id, text, finishReason, usage } = await models.generate(target, request, context);
  return { id, model: target.name, text, finishReason, usage };
}

/** The SDL says what is in there, and GraphQL has seen to it. */
function chatInput(args: Arguments): ChatInput {
  return args.input as ChatInput;
}
