import type { LanguageModelV3, LanguageModelV3CallOptions } from '@ai-sdk/provider';
import { SkeinError } from '../../../kernel/errors.ts';
import { type Clock, type Log, systemClock } from '../../../kernel/ports.ts';
import { ProblemsError } from '../../../kernel/problem.ts';
import type { CallContext } from '../../source.ts';
import { isHeader } from '../../upstream/client-headers.ts';
import { ChildContext } from '../../upstream/resilience/child-context.ts';
import type { Tls } from '../../upstream/tls-files.ts';
import { AI_SDK } from '../dialects/index.ts';
import { textOf } from '../dialects/read.ts';
import { createKeyedCalls } from '../keyed-calls.ts';
import type { JsonObject, ModelRequest } from '../model.ts';
import type { ProviderOptions } from '../options.ts';
import { PartStream } from '../part-stream.ts';
import type { ModelTarget, Provider } from '../provider.ts';
import { billed, createRedactor } from '../provider-errors.ts';
import { apiKeysOf } from '../settle-provider.ts';
import { answerOf } from './answer.ts';
import { callOptionsOf } from './call-options.ts';
import { SdkDecoder } from './decoder.ts';
import { toSdkFailure } from './errors.ts';
import { loadFactory, type PackageOptions, problem, type SdkFactory } from './load-package.ts';
import { PartReader, within } from './part-reader.ts';
import { createSdkModels } from './sdk-models.ts';
import { createUpstreamFetch } from './upstream-fetch.ts';
import { usageOf } from './usage.ts';
import { LeftOut } from './warnings.ts';

/** A provider's options, with the package that its preset has. */
export type AiSdkOptions = ProviderOptions & { readonly package?: string | undefined };

export interface AiSdkDeps {
  readonly log?: Log | undefined;
  readonly tls?: Tls | undefined;
  readonly clock?: Clock | undefined;
  /** Gives what makes the package's provider. */
  readonly load?: ((options: PackageOptions) => SdkFactory) | undefined;
}

/**
 * A provider that a package of the AI SDK speaks with: `LanguageModelV3` on our connections. The package's code runs in
 * this process.
 * @throws ProblemsError with paths below the provider's options.
 */
export function createAiSdkProvider(
  name: string,
  options: AiSdkOptions,
  { log, tls, clock = systemClock, load = loadFactory }: AiSdkDeps = {},
): Provider {
  checkOptions(options);
  const { timeoutMs, settings = {}, headers } = options;
  const apiKeys = apiKeysOf(options);
  const redact = createRedactor([...apiKeys, ...Object.values(headers), ...texts(settings)]);
  const calls = createKeyedCalls({ name, apiKeys, redact, clock });
  const upstream = createUpstreamFetch({
    timeoutMs,
    upstream: options.upstream,
    tls,
    log,
    repeatable: apiKeys.length > 1 ? 'unsent' : 'unprocessed',
  });
  const address = options.endpoint ?? textOf(settings.baseURL);
  if (address !== undefined && URL.canParse(address)) upstream.open(address);
  const models = createSdkModels(options, apiKeys, { fetch: upstream.fetch, redact, load });
  const leftOut = new Map<string, LeftOut>();
  const packageName = options.package ?? '';

  function leftOutBy(modelId: string): LeftOut {
    const note = (told: string) =>
      log?.warn({ provider: name, model: modelId, note: redact(told) }, 'A package has a note on a question.');
    const known = leftOut.get(modelId) ?? new LeftOut(note);
    leftOut.set(modelId, known);
    return known;
  }

  /** The question as the model takes it, bound to the call that it is asked in. */
  async function ask<T>(
    { name: operation, modelId }: ModelTarget,
    call: ModelRequest,
    { context, apiKey, isStream }: { context: CallContext; apiKey: string | undefined; isStream: boolean },
    send: (model: LanguageModelV3, asked: LanguageModelV3CallOptions) => PromiseLike<T>,
  ): Promise<{ readonly model: LanguageModelV3; readonly answer: T }> {
    const refusal = call.native?.refusal(AI_SDK);
    if (refusal !== undefined) throw refusal;
    const model = models.of(modelId, apiKey);
    const { provider } = model;
    const supportedUrls = await model.supportedUrls;
    const { providerOptions = {} } = options;
    const target = { provider, supportedUrls, packageName, modelId, providerOptions: providerOptions as JsonObject };
    const asked = callOptionsOf(call, target);
    leftOutBy(modelId).check(asked);
    const abortSignal = context.cancellation.signal;
    upstream.bind(abortSignal, { context, operation, isStream });
    try {
      return { model, answer: await send(model, { ...asked, abortSignal }) };
    } catch (error) {
      throw toSdkFailure(error);
    }
  }

  return {
    async generate(target, call, context) {
      // The signal is this call's own: by it what the package sends is known.
      const own = new ChildContext(context);
      own.choose();
      const patience = { context: own.context, operation: target.name, timeoutMs };
      try {
        return await calls.withKey(own.context, async (apiKey) => {
          const asking = ask(target, call, { context: own.context, apiKey, isStream: false }, (model, asked) =>
            model.doGenerate(asked),
          );
          const { model, answer } = await within(asking, patience);
          try {
            leftOutBy(target.modelId).judge(answer.warnings);
            return answerOf(answer, model.provider);
          } catch (error) {
            throw billed(error, usageOf(answer.usage, answer.providerMetadata));
          }
        });
      } catch (error) {
        throw calls.failure(error, target, context);
      } finally {
        own.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
        own.end();
      }
    },
    stream: (target, call, context) =>
      new PartStream({
        context,
        decoder: new SdkDecoder(() => models.of(target.modelId, apiKeys[0]).provider, leftOutBy(target.modelId)),
        open: (streamContext) =>
          calls.withKey(streamContext, async (apiKey) => {
            const own = new ChildContext(streamContext);
            own.choose();
            const patience = { context: own.context, operation: target.name, timeoutMs };
            const asking = ask(target, call, { context: own.context, apiKey, isStream: true }, (model, asked) =>
              model.doStream(asked),
            );
            try {
              const { answer } = await within(asking, patience);
              return { body: new PartReader(answer.stream, patience) };
            } catch (error) {
              own.cancel(new SkeinError('UPSTREAM_TIMEOUT'));
              // Nobody is there any more to take a stream that comes late.
              asking.then(({ answer }) => answer.stream.cancel()).catch(() => {});
              throw error;
            }
          }),
        toError: (error) => calls.failure(error, target, context),
      }),
    async embed(target, _call, context) {
      throw calls.failure(new SkeinError('BAD_USER_INPUT'), target, context);
    },
    check(modelId) {
      try {
        models.of(modelId, apiKeys[0]);
        return [];
      } catch (error) {
        if (error instanceof ProblemsError) return error.problems;
        throw error;
      }
    },
    probe: (signal) => upstream.probe(signal),
    state: () => upstream.state(),
    dispose: () => upstream.dispose(),
  };
}

function checkOptions({ upstream, headers }: ProviderOptions): void {
  if ((upstream?.endpoints.length ?? 0) > 0)
    throw problem(
      'upstream',
      'A package says itself whom it calls: other endpoints cannot be given.',
      'Leave them out.',
    );
  for (const [name, value] of Object.entries(headers))
    if (!isHeader(name, value))
      throw problem(
        'headers',
        `The header "${name}" cannot be sent: its name or value has characters that headers must not have.`,
        'Look for line breaks at the ends of the value.',
      );
}

/** All texts in the settings: any of them may be a secret. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}
