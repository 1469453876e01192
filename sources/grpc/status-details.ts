import type { Metadata } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { ErrorRules } from './status.ts';

/** What a failed call carries beside its status. */
export interface StatusDetails {
  /** The google.rpc.Status as JSON: `{ code, message, details: [{ "@type": … }] }`. */
  readonly body?: unknown;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const PUSHBACK = 'grpc-retry-pushback-ms';
const RETRY_INFO = 'google.rpc.RetryInfo';

/** google/rpc/status.proto and error_details.proto, the richer error model. https://grpc.io/docs/guides/error/ */
const { root } = protobuf.parse(
  `syntax = "proto3";
  package google.rpc;
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { Duration retry_delay = 1; }
  message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
  message QuotaFailure {
    message Violation { string subject = 1; string description = 2; }
    repeated Violation violations = 1;
  }
  message PreconditionFailure {
    message Violation { string type = 1; string subject = 2; string description = 3; }
    repeated Violation violations = 1;
  }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; string reason = 3; }
    repeated FieldViolation field_violations = 1;
  }
  message RequestInfo { string request_id = 1; string serving_data = 2; }
  message ResourceInfo { string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4; }
  message Help {
    message Link { string description = 1; string url = 2; }
    repeated Link links = 1;
  }
  message LocalizedMessage { string locale = 1; string message = 2; }`,
  { keepCase: false },
);
const STATUS = root.lookupType('google.rpc.Status');

interface DecodedStatus extends protobuf.Message {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly typeUrl: string; readonly value: Uint8Array }[];
}

/** Details that cannot be read are left out: the status stands without them. */
export function readStatusDetails(metadata: Metadata | undefined, rules: ErrorRules): StatusDetails {
  const pushback = milliseconds(metadata?.get(PUSHBACK)[0]);
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Uint8Array)) return { retryAfterMs: pushback };
  try {
    const { code, message, details } = STATUS.decode(bytes) as DecodedStatus;
    const retry = details.find(({ typeUrl }) => nameIn(typeUrl) === RETRY_INFO);
    const retryAfterMs = pushback ?? (retry === undefined ? undefined : retryDelay(retry.value));
    if (rules.exposure !== 'body') return { retryAfterMs };
    const body = { code, message, details: details.map((detail) => describe(detail, rules)) };
    return { body, retryAfterMs };
  } catch {
    return { retryAfterMs: pushback };
  }
}

/**
 * Whether the server asks that a call is not sent again: by a pushback that is negative, or no number.
 * https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback
 */
export function refusesRepetition(metadata: Metadata | undefined): boolean {
  const [pushback] = metadata?.get(PUSHBACK) ?? [];
  return pushback !== undefined && milliseconds(pushback) === undefined;
}

function describe({ typeUrl, value }: DecodedStatus['details'][number], rules: ErrorRules): unknown {
  const name = nameIn(typeUrl);
  const known = name.startsWith('google.rpc.') ? root.lookup(name, [protobuf.Type]) : null;
  try {
    if (name === RETRY_INFO) {
      return { '@type': typeUrl, retryDelay: `${(retryDelay(value) ?? 0) / 1000}s` };
    }
    if (known instanceof protobuf.Type) {
      const content = known.toObject(known.decode(value), { longs: String, arrays: true });
      return { '@type': typeUrl, ...content };
    }
    const content = rules.packable(name)?.decode(value);
    if (typeof content === 'object' && content !== null) return { '@type': typeUrl, ...content };
    if (content !== undefined) return { '@type': typeUrl, value: content };
  } catch {
    // It is shown as the bytes it is.
  }
  return { '@type': typeUrl, value: Buffer.from(value).toString('base64') };
}

function retryDelay(value: Uint8Array): number | undefined {
  const type = root.lookupType(RETRY_INFO);
  const { retryDelay: delay } = type.toObject(type.decode(value), { longs: Number });
  if (delay === undefined || delay === null) return undefined;
  return bounded(Number(delay.seconds ?? 0) * 1000 + Number(delay.nanos ?? 0) / 1e6);
}

function milliseconds(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? bounded(Number(value)) : undefined;
}

/** A day at most, as over HTTP. */
function bounded(waitMs: number): number | undefined {
  return waitMs >= 0 ? Math.min(Math.ceil(waitMs), MAX_RETRY_AFTER_MS) : undefined;
}

function nameIn(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}
