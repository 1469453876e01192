import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from '@ai-sdk/provider';
import { onTestFinished } from 'vitest';
import { createAiSdkProvider } from '../../sources/ai/ai-sdk/provider.ts';
import type { ModelPart, ModelRequest } from '../../sources/ai/model.ts';
import { providerOptions } from '../../sources/ai/options.ts';
import type { ModelTarget } from '../../sources/ai/provider.ts';
import { createCallContext } from './call-context.ts';

export const SDK_USAGE: LanguageModelV3Usage = {
  inputTokens: { total: 10, noCache: 5, cacheRead: 4, cacheWrite: 1 },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
  raw: { told: 'as it came' },
};
export const SDK_STOP = { unified: 'stop', raw: 'end' } as const;
export const SDK_FINISH = { type: 'finish', finishReason: SDK_STOP, usage: SDK_USAGE } as const;
export const SDK_TARGET: ModelTarget = { name: 'mine', provider: 'at-hand', modelId: 'hand-1', maxTokens: 100 };
export const SDK_CALL: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };

export interface HandMade {
  readonly generate?: (options: LanguageModelV3CallOptions) => Partial<LanguageModelV3GenerateResult> | Promise<never>;
  /** The parts; or the stream itself. */
  readonly stream?: (
    options: LanguageModelV3CallOptions,
  ) => readonly LanguageModelV3StreamPart[] | ReadableStream<LanguageModelV3StreamPart> | Promise<never>;
  readonly supportedUrls?: Record<string, RegExp[]>;
}

/** A model as a package would make it, in a few lines, that notes what it was asked. */
export function handMadeModel({ generate, stream, supportedUrls = {} }: HandMade) {
  const asked: LanguageModelV3CallOptions[] = [];
  const model: LanguageModelV3 = {
    specificationVersion: 'v3',
    provider: 'hand-made',
    modelId: 'hand-1',
    supportedUrls: Promise.resolve(supportedUrls),
    async doGenerate(options) {
      asked.push(options);
      const made = await generate?.(options);
      return { content: [], finishReason: SDK_STOP, usage: SDK_USAGE, warnings: [], ...made };
    },
    async doStream(options) {
      asked.push(options);
      const made = (await stream?.(options)) ?? [SDK_FINISH];
      return { stream: made instanceof ReadableStream ? made : streamOf(made) };
    },
  };
  return { model, asked };
}

export function streamOf(parts: readonly LanguageModelV3StreamPart[]): ReadableStream<LanguageModelV3StreamPart> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

/** A provider of the adapter with the hand-made model in it. */
export function setUpSdk(made: HandMade, options: object = {}) {
  const { model, asked } = handMadeModel(made);
  const settings: Record<string, unknown>[] = [];
  const parsed = providerOptions.parse({ dialect: 'ai-sdk', package: 'at-hand', timeoutMs: 5_000, ...options });
  const { context, log, abort } = createCallContext();
  const provider = createAiSdkProvider('at-hand', parsed, {
    log,
    load: () => (given) => {
      settings.push({ ...given });
      return { languageModel: () => model };
    },
  });
  onTestFinished(() => provider.dispose());
  const generate = (call: Partial<ModelRequest> = {}) =>
    provider.generate(SDK_TARGET, { ...SDK_CALL, ...call }, context);
  const stream = (call: Partial<ModelRequest> = {}) => provider.stream(SDK_TARGET, { ...SDK_CALL, ...call }, context);
  const collect = async (call: Partial<ModelRequest> = {}) => {
    const parts: ModelPart[] = [];
    try {
      for await (const part of stream(call)) parts.push(part);
    } catch (error) {
      return { parts, error };
    }
    return { parts, error: undefined };
  };
  return { provider, asked, settings, context, log, abort, generate, stream, collect };
}
